/** What a number becomes when it is stored as a type: the last step of each result in the interpreter. */
import { assertNever } from "../support/errors.ts";
import { roundBf16, roundF16, roundF32 } from "../support/float-formats.ts";
import type { DType } from "../ir/type.ts";

/** `exact`: floats stay f64. `rounded`: each is rounded to its type. Integers wrap in both. */
export type Mode = "exact" | "rounded";

export type Round = (x: number, dtype: DType) => number;

export function rounding(mode: Mode): Round {
  return mode === "exact" ? storeExact : storeRounded;
}

function storeExact(x: number, dtype: DType): number {
  switch (dtype) {
    case "f64":
    case "f32":
    case "f16":
    case "bf16":
      return x;
    case "i32":
      return x | 0;
    case "u32":
      return x >>> 0;
    case "bool":
      return x === 0 ? 0 : 1;
    default:
      return assertNever(dtype, "element type");
  }
}

function storeRounded(x: number, dtype: DType): number {
  if (dtype === "f32") return roundF32(x);
  if (dtype === "f16") return roundF16(x);
  if (dtype === "bf16") return roundBf16(x);
  return storeExact(x, dtype);
}
