/**
 * The scalar operations as tensor ops: an elementwise function written once over `ScalarBuilder` is then also the
 * `decompose` of its composite. Constants become scalars, which broadcast.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import type { ScalarBuilder } from "../../ir/op-def.ts";
import { scalarConstant } from "../support/emit.ts";

/** Emits into `b`. `rem`, `xor`, `shl` and `shr` are no tensor ops: a composite that uses them throws there. */
export function tensorScalars(b: Builder): ScalarBuilder<Value> {
  return {
    constant: (x, dtype) => scalarConstant(b, dtype, x),
    unary: (op, x) => b.emit(op, [x]),
    binary: (op, x, y) => b.emit(op, [x, y]),
    compare: (op, x, y) => b.emit(op, [x, y]),
    select: (condition, whenTrue, whenFalse) => b.emit("select", [condition, whenTrue, whenFalse]),
    cast: (x, to) => b.emit("cast", [x], { dtype: to }),
  };
}
