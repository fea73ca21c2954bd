/**
 * Common subexpressions: an op that repeats an earlier one of the same block (same name, operands and attributes) is
 * replaced by its results. Region ops are not compared; blocks of loops are worked on by themselves.
 */
import { equalAttrs } from "../../src/ir/equal.ts";
import type { Builder } from "../../src/ir/builder.ts";
import type { Func, Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";

export function mergeEqual(func: Func, ops: OpTable): Func {
  const numbers = new Map<Value, number>();
  const numberOf = (value: Value | null): number => {
    if (value === null) return -1;
    const known = numbers.get(value) ?? numbers.size;
    numbers.set(value, known);
    return known;
  };
  const emitted = new Map<Builder, Map<string, Op[]>>();
  return rewriteFunc(func, ops, (op, operands, b, rewriter) => {
    if (op.name !== "param" && !hasTrait(ops.get(op.name), "pure")) return undefined;
    const known = emitted.get(b) ?? new Map<string, Op[]>();
    emitted.set(b, known);
    const key = `${op.name}(${operands.map(numberOf).join(",")})`;
    const bucket = known.get(key) ?? [];
    const twin = bucket.find((other) => equalAttrs(other.attrs, op.attrs));
    if (twin !== undefined) return twin.results;
    const results = rewriter.copy(op, operands, b);
    known.set(key, [...bucket, { ...op, results }]);
    return results;
  });
}
