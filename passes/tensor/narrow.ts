/** Values that have been brought from a narrower type: all their elements are numbers of that type. */
import type { Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import type { DType } from "../../src/ir/type.ts";

/** Whether the value has been moved and cast from one of the type. `producers` are the ops that make values. */
export function isNarrow(
  value: Value | null | undefined,
  type: DType,
  producers: ReadonlyMap<Value, Op>,
  ops: OpTable,
): boolean {
  const op = value ? producers.get(value) : undefined;
  const source = op?.operands[0];
  if (op === undefined || !source) return false;
  if (op.name === "cast") return source.type.dtype === type || isNarrow(source, type, producers, ops);
  return hasTrait(ops.get(op.name), "move") && op.operands.length === 1 && isNarrow(source, type, producers, ops);
}
