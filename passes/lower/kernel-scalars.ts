/**
 * The scalar operations of elementwise ops as kernel values, so that `OpDef.scalar` writes kernels. Values may be
 * scalars or vectors of four; an f16 or bf16 element is an f32 that was rounded when it was cast.
 */
import type { ScalarBuilder } from "../../src/ir/op-def.ts";
import { isHalf } from "../../src/ir/type.ts";
import type { DType } from "../../src/ir/type.ts";
import type { KValue, Element, Scalar } from "../../src/kernel/ir.ts";
import { InternalError } from "../../src/support/errors.ts";
import type { Emitter } from "./emitter.ts";

/** What a value of this element type is in a kernel. There are no 64-bit floats on the targets. */
export function scalarOf(dtype: DType): Scalar {
  switch (dtype) {
    case "f32":
    case "f16":
    case "bf16":
      return "f32";
    case "i32":
    case "u32":
    case "bool":
      return dtype;
    case "f64":
      throw new InternalError("f64 reaches a kernel: only load-time values and the interpreter compute in it");
  }
}

/** How it lies in memory: a bool is a word, 0 or 1. */
export function elementOf(dtype: DType): Element {
  if (dtype === "bool") return "u32";
  if (dtype === "f64") throw new InternalError("f64 reaches a kernel's buffer");
  return dtype;
}

/** A number as its type has it: in registers a half is an f32. */
export function rounded(emitter: Emitter, x: KValue, dtype: DType): KValue {
  return isHalf(dtype) ? emitter.unary(`round_${dtype}`, x) : x;
}

export function kernelScalars(emitter: Emitter): ScalarBuilder<KValue> {
  const constant = (x: number, dtype: DType): KValue => emitter.constant(x, { scalar: scalarOf(dtype), lanes: 1 });
  return {
    constant,
    unary: (op, x) => emitter.unary(op, x),
    binary: (op, x, y) => emitter.binary(op, x, y),
    compare: (op, x, y) => emitter.binary(op, x, y),
    select: (condition, x, y) => emitter.select(condition, x, y),
    cast: (x, to) => {
      const scalar = scalarOf(to);
      // Every number but zero is true, which a conversion of bits or a rounding would not give.
      if (scalar === "bool" && x.type.scalar !== "bool")
        return emitter.binary("ne", x, emitter.constant(0, { scalar: x.type.scalar, lanes: 1 }));
      return rounded(emitter, emitter.cast(x, scalar), to);
    },
  };
}
