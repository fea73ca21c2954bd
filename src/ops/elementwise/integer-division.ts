/** Division of 32-bit integers where C++ and WebAssembly trap or promise nothing: by 0, and the smallest by -1. */
import type { Sample, ScalarBuilder } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import { vector } from "../support/sample-data.ts";

const SMALLEST = -(2 ** 31);

/**
 * The divisor that `x / y` and `x % y` may use on every target: 1 for 0, and 1 for -1 under the smallest i32. So
 * `x / 0 = x`, `x % 0 = 0`, and the quotient that i32 does not hold wraps to x (WGSL, section 8.7).
 */
export function safeDivisor<E>(s: ScalarBuilder<E>, x: E, y: E, dtype: DType): E {
  const constant = (value: number): E => s.constant(value, dtype);
  const isZero = s.compare("eq", y, constant(0));
  if (dtype === "u32") return s.select(isZero, constant(1), y);
  const isBeyond = s.binary("and", s.compare("eq", y, constant(-1)), s.compare("eq", x, constant(SMALLEST)));
  return s.select(s.binary("or", isZero, isBeyond), constant(1), y);
}

/** Those two cases, and both signs of both operands. */
export function divisionSamples(): readonly Sample[] {
  return [
    {
      label: "signs, zero and the smallest i32",
      operands: [
        vector("i32", [7, -7, 7, -7, 5, 0, SMALLEST, SMALLEST, SMALLEST, 2147483647]),
        vector("i32", [3, 3, -3, -3, 0, 0, -1, 0, 1, -1]),
      ],
      attrs: {},
    },
    {
      label: "zero and the largest u32",
      operands: [vector("u32", [7, 5, 0, 4294967295, 4294967295]), vector("u32", [3, 0, 0, 2, 4294967295])],
      attrs: {},
    },
  ];
}
