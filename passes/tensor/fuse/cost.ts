/**
 * What a merge costs and saves, in bytes moved. A value that stays inside a kernel saves its write and its read, and a
 * launch; a producer that is pulled more often than it has elements costs its inputs again (from a cache, which is
 * faster than memory) and its arithmetic (a transcendental function counts as the bytes one could move meanwhile).
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { regionInt } from "../../../src/ir/region-types.ts";
import { bytesOf, elementCount } from "../../../src/ir/type.ts";
import { Dim } from "../../../src/support/dim.ts";
import type { PassContext } from "../../manager/pass.ts";
import { numberAttr } from "../attrs.ts";

const TRANSCENDENTAL_BYTES = 16;
const POINT_BYTES = 1;
/** Reading from a cache what has just been read costs this part of reading it from memory. */
const CACHED = 1 / 4;
/** The size of a symbol without a declared capacity. */
const DEFAULT_CAPACITY = 1024;
const TRANSCENDENTAL: ReadonlySet<string> = new Set([
  ...["exp", "log", "sin", "cos", "tanh", "erf", "pow", "sigmoid", "silu", "gelu", "gelu_tanh", "sqrt", "rsqrt", "div"],
  ...["softplus", "quick_gelu", "random_bits", "random_uniform", "random_normal", "dropout"],
]);

/** A size under the capacities. */
export function sizeUnder(size: Dim, capacities: Readonly<Record<string, number>>): number {
  const missing = [...size.symbols()].filter((name) => capacities[name] === undefined);
  const sizes = Object.fromEntries(missing.map((name) => [name, DEFAULT_CAPACITY]));
  return size.evaluate({ ...sizes, ...capacities });
}

/** Elements of a value under the capacities. */
export function elementsOf(value: Value, capacities: Readonly<Record<string, number>>): number {
  return sizeUnder(elementCount(value.type), capacities);
}

/**
 * How often the kernel of `consumer` computes an element of `pulled`: as often as it computes elements of what is made
 * from it. `yields` are the results that the kernel stores. A reduction asks for each of its operand's elements once,
 * a write to a cache for each new element.
 */
export function pullsOf(
  pulled: Value,
  consumer: readonly Op[],
  yields: readonly Value[],
  table: OpTable,
  capacities: Readonly<Record<string, number>>,
): number {
  const known = new Map<Value, number>();
  const pulls = (value: Value): number => {
    const found = known.get(value) ?? Math.max(yields.includes(value) ? elementsOf(value, capacities) : 0, ...uses(value)); // prettier-ignore
    known.set(value, found);
    return found;
  };
  const uses = (value: Value): readonly number[] =>
    consumer.filter((op) => op.operands.includes(value)).map((op) => {
      if (hasTrait(table.get(op.name), "reduce")) return elementsOf(value, capacities) * passesOf(op);
      // Each invocation asks once for where it starts, and at each position for what it walks along.
      if (op.name === "scan") return Math.max(elementsOf(value, capacities), ...(op.operands.indexOf(value) < regionInt(op.attrs, "carries") ? [] : op.results.map((made) => elementsOf(made, capacities)))); // prettier-ignore
      const [made, fresh] = [op.results[0], op.operands[1]];
      if (op.name === "cache_write") return fresh ? elementsOf(fresh, capacities) : 0;
      return made === undefined ? 0 : pulls(made);
    }); // prettier-ignore
  return pulls(pulled);
}

/** How often a fold visits its operand: a selection once for each of the k that it finds. */
function passesOf(op: Op): number {
  return op.name === "topk_indices" ? numberAttr(op, "k") : 1;
}

/**
 * Whether pulling `producer` (points and moves that make `made`) into a kernel that asks for `pulls` elements is worth
 * it. Recomputing costs `pulls - elements` times the arithmetic and the bytes of the inputs.
 */
export function isWorthPulling(
  producer: readonly Op[],
  made: Value,
  inputs: readonly Value[],
  pulls: number,
  { ops, capacities, info }: PassContext,
): boolean {
  const elements = elementsOf(made, capacities);
  const extra = Math.max(0, pulls - elements) * (arithmeticOf(producer, ops) + readingOf(inputs));
  return extra <= 2 * elements * bytesOf(made.type.dtype) + info.launchBytes;
}

/**
 * Whether each workgroup of a matrix-vector product should compute the rows of its left operand for itself (`rows`: the
 * ops of a row kernel that make it) rather than wait for a kernel that does it once.
 */
export function isWorthRepeating(
  rows: readonly Op[],
  product: readonly Op[],
  { ops, capacities, info }: PassContext,
): boolean {
  const made = rows.flatMap((op) => op.results);
  const inside = new Set(made);
  const left = made.find((value) =>
    product.some((op) => op.operands[0] === value && hasTrait(ops.get(op.name), "contract")),
  );
  if (left === undefined) return false;
  const inputs = new Set(
    rows.flatMap((op) => op.operands).filter((used): used is Value => used !== null && !inside.has(used)),
  );
  const columns = product
    .filter((op) => hasTrait(ops.get(op.name), "contract"))
    .reduce((sum, op) => sum + sizeUnder(op.results[0]?.type.dims.at(-1) ?? Dim.of(1), capacities), 0);
  const times = Math.ceil(columns / info.tiles.matvec.columns);
  const elements = elementsOf(left, capacities);
  const extra = (times - 1) * elements * (arithmeticOf(rows, ops) + readingOf([...inputs]));
  return extra <= 2 * elements * bytesOf(left.type.dtype) + info.launchBytes;
}

function arithmeticOf(made: readonly Op[], ops: OpTable): number {
  const points = made.filter((op) => hasTrait(ops.get(op.name), "elementwise"));
  return points.reduce((sum, op) => sum + (TRANSCENDENTAL.has(op.name) ? TRANSCENDENTAL_BYTES : POINT_BYTES), 0);
}

function readingOf(inputs: readonly Value[]): number {
  return inputs.reduce((sum, input) => sum + bytesOf(input.type.dtype) * CACHED, 0);
}
