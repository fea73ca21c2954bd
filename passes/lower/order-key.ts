/** Numbers as u32 of the same order: what sorting, selecting and sampling compare. */
import type { KValue } from "../../src/kernel/ir.ts";
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { Emitter } from "./emitter.ts";

/** The key of a scalar. -0 has the key of 0; NaN, which only its bits tell for certain, has key 0, below all numbers. */
export function orderKey(emitter: Emitter, x: KValue): KValue {
  const { scalar } = x.type;
  switch (scalar) {
    case "f32":
    case "f16":
      return floatKey(emitter, x);
    case "i32":
      return emitter.binary("xor", emitter.bitcast(x, "u32"), emitter.builder.u32(0x80000000));
    case "u32":
      return x;
    case "bool":
      throw new InternalError("conditions have no order");
    default:
      return assertNever(scalar, "scalar");
  }
}

/** A key of which the largest comes first in the order asked for: ascending ones are turned around. */
export function directedKey(emitter: Emitter, x: KValue, isDescending: boolean): KValue {
  const key = orderKey(emitter, x);
  return isDescending ? key : emitter.unary("not", key);
}

function floatKey(emitter: Emitter, x: KValue): KValue {
  const { builder } = emitter;
  const bits = emitter.bitcast(x, "u32");
  const magnitude = emitter.binary("and", bits, builder.u32(0x7fffffff));
  const isNegative = emitter.binary(
    "and",
    emitter.binary("ge", bits, builder.u32(0x80000000)),
    emitter.binary("gt", magnitude, builder.u32(0)),
  );
  const key = emitter.select(
    isNegative,
    emitter.unary("not", bits),
    emitter.binary("or", magnitude, builder.u32(0x80000000)),
  );
  return emitter.select(emitter.binary("gt", magnitude, builder.u32(0x7f800000)), builder.u32(0), key);
}

/** The f32 of a key that is not 0. */
export function floatOfKey(emitter: Emitter, key: KValue): KValue {
  const { builder } = emitter;
  const isPositive = emitter.binary("ge", key, builder.u32(0x80000000));
  const magnitude = emitter.binary("and", key, builder.u32(0x7fffffff));
  return emitter.bitcast(emitter.select(isPositive, magnitude, emitter.unary("not", key)), "f32");
}
