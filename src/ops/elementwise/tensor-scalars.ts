/**
 * The scalar operations as tensor ops: an elementwise function written once over `ScalarBuilder` is then also the
 * `decompose` of its composite. Constants become scalars, which broadcast.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import type { BinaryScalar, ScalarBuilder } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import { scalarConstant } from "../support/emit.ts";

/** Where the tensor op is called otherwise than the scalar operation: on integers, `and` and `or` are those of bits. */
function opName(op: BinaryScalar, dtype: DType): string {
  switch (op) {
    case "xor":
      return "bit_xor";
    case "shl":
      return "shift_left";
    case "shr":
      return "shift_right";
    case "and":
    case "or":
      return dtype === "bool" ? op : `bit_${op}`;
    default:
      return op;
  }
}

/** Emits into `b`. */
export function tensorScalars(b: Builder): ScalarBuilder<Value> {
  return {
    constant: (x, dtype) => scalarConstant(b, dtype, x),
    unary: (op, x) => b.emit(op === "not" && x.type.dtype !== "bool" ? "bit_not" : op, [x]),
    binary: (op, x, y) => b.emit(opName(op, x.type.dtype), [x, y]),
    compare: (op, x, y) => b.emit(op, [x, y]),
    select: (condition, whenTrue, whenFalse) => b.emit("select", [condition, whenTrue, whenFalse]),
    cast: (x, to) => b.emit("cast", [x], { dtype: to }),
  };
}
