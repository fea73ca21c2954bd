/**
 * The parts of a product kernel: products that are combined with each other, and what is computed from them. Parts
 * share the left operand and nothing else, so a kernel deals its columns out part by part (query, key and value).
 *
 * Behind its products a part holds points of their shape; reshapes and transposes that keep neighbours of the last axis
 * together (a split into heads); the two halves of the last axis and their join (rotary embedding), where the results at
 * columns c and c + `pair` need the products at both; and at the end a write into a cache. fuse asks whether ops have
 * such parts, the schedule `matvec` computes them.
 */
import { equalAttrs } from "../../src/ir/equal.ts";
import type { Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { Dim, sameDims } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { axisAttr } from "./attrs.ts";

export interface ProductPart {
  /** Of one shape. */
  readonly products: readonly Op[];
  readonly results: readonly PartResult[];
  /** Columns c and c + pair belong together, for c in the first half of each stretch of 2 pair columns. */
  readonly pair?: number;
}

export interface PartResult {
  /** What the kernel yields. */
  readonly value: Value;
  /** Reshapes and transposes that lead from an element of the product to the element of the same number here. */
  readonly views: readonly Op[];
  /** The write at the end; the element is one of its new keys or values. */
  readonly write?: Op;
}

/** A value that is computed from products, and how its elements lie to theirs. */
interface Seen {
  readonly products: ReadonlySet<Op>;
  readonly views: readonly Op[];
  /** One half of each head: an element stands for two columns. */
  readonly isHalf: boolean;
  /** Columns between the halves. */
  readonly pair?: number;
  readonly write?: Op;
}

/** The parts of a body that holds products, or undefined where it computes something else behind one. */
export function productParts(
  ops: readonly Op[],
  yields: readonly Value[],
  table: OpTable,
): readonly ProductPart[] | undefined {
  const seen = new Map<Value, Seen>();
  for (const op of ops) {
    const isProduct = op.name === "matmul";
    const used = op.operands.filter((operand): operand is Value => operand !== null && seen.has(operand));
    if (used.length === 0 && !isProduct) continue;
    const made = isProduct ? (used.length === 0 ? productItself(op) : undefined) : behind(op, used, seen, table);
    if (made === undefined) return undefined;
    seen.set(result(op), made);
  }
  if (yields.some((value) => seen.get(value)?.isHalf !== false)) return undefined;
  return partsOf([...seen.values()], yields, seen);
}

/** A part that any product schedule takes: one grid, and points of its shape behind it. */
export function isPlainPart({ pair, results }: ProductPart): boolean {
  return pair === undefined && results.every(({ views, write }) => views.length === 0 && write === undefined);
}

function productItself(op: Op): Seen {
  return { products: new Set([op]), views: [], isHalf: false };
}

/** How the result of an op lies to the products that its operands `used` come from; undefined where no part holds it. */
function behind(op: Op, used: readonly Value[], seen: ReadonlyMap<Value, Seen>, table: OpTable): Seen | undefined {
  const [first, ...others] = used.map((value) => defined(seen.get(value), "a value that has been seen"));
  if (first === undefined || [first, ...others].some(({ write }) => write !== undefined)) return undefined;
  const { dims } = result(op).type;
  const isPoint = hasTrait(table.get(op.name), "elementwise");
  const areAlike = others.every((other) => sameViews(other.views, first.views) && other.isHalf === first.isHalf);
  const pairs = new Set([first, ...others].flatMap(({ pair }) => (pair === undefined ? [] : [pair])));
  if (!areAlike || pairs.size > 1) return undefined;
  const [pair] = pairs;
  const products = new Set([first, ...others].flatMap((each) => [...each.products]));
  const together: Seen = {
    products,
    views: first.views,
    isHalf: first.isHalf,
    ...(pair === undefined ? {} : { pair }),
  };
  if (isPoint) return used.every((value) => sameDims(value.type.dims, dims)) ? together : undefined;
  const [source] = used;
  if (source === undefined) return undefined;
  switch (op.name) {
    case "reshape":
    case "transpose":
      return first.isHalf || !keepsNeighbours(op, source) ? undefined : { ...together, views: [...first.views, op] };
    case "slice": {
      const half = first.isHalf ? undefined : halfOf(op, source);
      return half === undefined || (pair ?? half) !== half ? undefined : { ...together, isHalf: true, pair: half };
    }
    case "concat": {
      const isJoin = op.operands.length === 2 && axisAttr(op, dims.length) === dims.length - 1;
      return isJoin && first.isHalf && op.operands.every((operand) => operand !== null && seen.has(operand))
        ? { ...together, isHalf: false }
        : undefined;
    }
    case "cache_write": {
      const isOnlyNew = op.operands.every((operand, which) => (which === 1) === (operand === source));
      return isOnlyNew && !first.isHalf ? { ...together, write: op } : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether elements that lie side by side along the last axis of the result do so in the operand. */
function keepsNeighbours(op: Op, source: Value): boolean {
  const [from, to] = [source.type.dims, result(op).type.dims];
  if (op.name === "transpose") {
    const perm = op.attrs["perm"];
    return Array.isArray(perm) && perm.at(-1) === to.length - 1;
  }
  const [wide, narrow] = [from.at(-1), to.at(-1)];
  return wide !== undefined && narrow !== undefined && wide.div(narrow) !== undefined;
}

/** Half the last axis, in columns, where that is what the slice takes. */
function halfOf(op: Op, source: Value): number | undefined {
  const { dims } = source.type;
  const size = dims.at(-1)?.asNumber();
  if (axisAttr(op, dims.length) !== dims.length - 1 || size === undefined || size % 2 !== 0) return undefined;
  const [start, end] = [op.attrs["start"], op.attrs["end"]].map((at) => (at instanceof Dim ? at.asNumber() : at));
  return (start === 0 && end === size / 2) || (start === size / 2 && end === size) ? size / 2 : undefined;
}

function sameViews(a: readonly Op[], b: readonly Op[]): boolean {
  return (
    a.length === b.length &&
    a.every((op, i) => {
      const other = defined(b[i], "a view of the same list");
      return op === other || (op.name === other.name && equalAttrs(op.attrs, other.attrs) && sameDims(result(op).type.dims, result(other).type.dims)); // prettier-ignore
    })
  );
}

/** Products that a value is computed from together are one part; undefined where shapes or pairs of a part differ. */
function partsOf(
  all: readonly Seen[],
  yields: readonly Value[],
  seen: ReadonlyMap<Value, Seen>,
): readonly ProductPart[] | undefined {
  const groups: Set<Op>[] = [];
  for (const { products } of all) {
    const touched = groups.filter((group) => [...products].some((product) => group.has(product)));
    const joined = new Set([...touched.flatMap((group) => [...group]), ...products]);
    for (const group of touched) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  }
  const parts = groups.map((group): ProductPart | undefined => {
    const isOwn = ({ products }: Seen): boolean => [...products].every((product) => group.has(product));
    const pairs = new Set(all.filter(isOwn).flatMap(({ pair }) => (pair === undefined ? [] : [pair])));
    const products = [...group];
    const { dims } = result(defined(products[0], "a part holds a product")).type;
    if (pairs.size > 1 || products.some((product) => !sameDims(result(product).type.dims, dims))) return undefined;
    const results = yields.flatMap((value): PartResult[] => {
      const { views, write, ...from } = defined(seen.get(value), "a result that is computed from a product");
      return isOwn({ ...from, views }) ? [{ value, views, ...(write === undefined ? {} : { write }) }] : [];
    });
    const [pair] = pairs;
    return { products, results, ...(pair === undefined ? {} : { pair }) };
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}
