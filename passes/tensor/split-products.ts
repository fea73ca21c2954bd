/**
 * split-products: a product whose columns are only read in slices (query, key and value of one matrix, gate and up of one
 * matrix) becomes a product for each slice, by the columns of the weight that it needs: `slice(x @ w) = x @ slice(w)`, and
 * the same through points between the two. Each then is a part of one kernel with its own epilogue (`product-parts.ts`),
 * so this is done where products have few rows; products of many rows are tiled, and one wide product tiles better.
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Block, Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { result, walk } from "../../src/ir/ir.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { freeValues } from "../../src/ir/uses.ts";
import { Dim, sameDims } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { axisAttr } from "./attrs.ts";
import { hasFewRows } from "./few-rows.ts";
import { mapFuncs } from "./map-funcs.ts";

export const splitProducts: Pass<Module> = {
  name: "split-products",
  summary: "Splits a product of few rows that is read in slices of columns.",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (module, context) => mapFuncs(module, (func) => splitFunc(func, context)),
};

function splitFunc(func: Func, context: PassContext): Func {
  const plan = new Map<Op, readonly Op[]>();
  planBlock(func.body, context, plan);
  walk(func.body, (op) => op.regions.forEach((region) => planBlock(region, context, plan)));
  if (plan.size === 0) return func;
  const seen = new Map<Op, readonly (Value | null)[]>();
  const chained = new Set([...plan.values()].flat());
  return rewriteFunc(func, context.ops, (op, operands, b) => {
    if (chained.has(op)) seen.set(op, operands);
    const chain = plan.get(op);
    return chain === undefined ? undefined : [sliced(op, chain, seen, b)];
  });
}

/** Notes for each slice of a product's columns the ops that it is pulled through, the product first. */
function planBlock(block: Block, context: PassContext, plan: Map<Op, readonly Op[]>): void {
  const users = new Map<Value, (Op | "held")[]>();
  const use = (value: Value, user: Op | "held"): void => void users.set(value, [...(users.get(value) ?? []), user]);
  for (const op of block.ops) {
    for (const operand of op.operands) if (operand !== null) use(operand, op);
    for (const region of op.regions) for (const value of freeValues(region)) use(value, "held");
  }
  for (const value of block.yields) use(value, "held");
  for (const op of block.ops) {
    if (op.name !== "matmul" || !hasFewRows([op], context)) continue;
    const chain = [op];
    let made = result(op);
    for (;;) {
      const [only, ...others] = users.get(made) ?? [];
      if (only === undefined || only === "held" || others.length > 0 || !isPointOf(only, made, context)) break;
      chain.push(only);
      made = result(only);
    }
    const slices = users.get(made) ?? [];
    if (slices.length > 1 && slices.every((user): user is Op => user !== "held" && isColumnSlice(user, made)))
      if (areApart(slices)) for (const slice of slices) plan.set(slice, chain);
  }
}

/** Whether the op computes each element of its result from the same element of `value`. */
function isPointOf(op: Op, value: Value, { ops }: PassContext): boolean {
  const isPoint = hasTrait(ops.get(op.name), "elementwise") && op.results.length === 1;
  return isPoint && sameDims(result(op).type.dims, value.type.dims);
}

function isColumnSlice(op: Op, { type }: Value): boolean {
  return op.name === "slice" && axisAttr(op, type.dims.length) === type.dims.length - 1 && bounds(op) !== undefined;
}

function bounds({ attrs }: Op): readonly [number, number] | undefined {
  const [start, end] = [attrs["start"], attrs["end"]].map((at) => (at instanceof Dim ? at.asNumber() : at));
  return typeof start === "number" && typeof end === "number" ? [start, end] : undefined;
}

/** Whether no column is in two slices: it would be computed twice. */
function areApart(slices: readonly Op[]): boolean {
  const sorted = slices.map((slice) => bounds(slice) ?? [0, 0]).sort(([a = 0], [b = 0]) => a - b);
  return sorted.every(([start = 0], i) => i === 0 || start >= (sorted[i - 1]?.[1] ?? 0));
}

/** The chain again, for the columns of the slice. */
function sliced(slice: Op, chain: readonly Op[], seen: ReadonlyMap<Op, readonly (Value | null)[]>, b: Builder): Value {
  const [start, end] = defined(bounds(slice), "a slice with numbers");
  const size = defined(slice.operands[0], "slice of nothing").type.dims.at(-1);
  const cut = (x: Value, axis: number): Value => b.emit("slice", [x], { axis, start, end });
  let made: Value | undefined;
  for (const op of chain) {
    const operands = defined(seen.get(op), "an op that stands before its users");
    const before = chain[chain.indexOf(op) - 1];
    const inner = operands.map((operand, which): Value | null => {
      if (operand === null || (made !== undefined && before !== undefined && op.operands[which] === result(before))) return made ?? null; // prettier-ignore
      const { dims } = operand.type;
      if (op.name === "matmul") {
        const columns = dims.length - (op.attrs["transpose_b"] === true ? 2 : 1);
        return which === 1 ? cut(operand, columns) : operand;
      }
      return size !== undefined && dims.at(-1)?.equals(size) === true ? cut(operand, dims.length - 1) : operand;
    });
    made = b.emit(op.name, inner, op.attrs, result(op).name);
  }
  return defined(made, "a chain begins with a product");
}
