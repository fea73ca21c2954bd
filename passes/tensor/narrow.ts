/** Values that have been brought from a narrower type: all their elements are numbers of that type. */
import type { Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import type { DType } from "../../src/ir/type.ts";

/** Whether the value has been moved, looked up, joined and cast from ones of the type. `producers` are the ops that make
 * values. */
export function isNarrow(
  value: Value | null | undefined,
  type: DType,
  producers: ReadonlyMap<Value, Op>,
  ops: OpTable,
): boolean {
  const op = value ? producers.get(value) : undefined;
  const source = op?.operands[0];
  if (op === undefined || !source) return false;
  const isFrom = (operand: Value | null): boolean => isNarrow(operand, type, producers, ops);
  if (op.name === "cast") return source.type.dtype === type || isFrom(source);
  const def = ops.get(op.name);
  if (hasTrait(def, "gather")) return isFrom(source);
  // What a `pad` puts around is no number of the type.
  return hasTrait(def, "move") && op.name !== "pad" && op.operands.every(isFrom);
}
