/** Tensors with seeded random content for tests. Every element is a number of the tensor's type, also in f64 storage. */
import { rounding } from "../../src/interp/rounding.ts";
import type { Tensor } from "../../src/ir/op-def.ts";
import { isFloat } from "../../src/ir/type.ts";
import type { DType } from "../../src/ir/type.ts";
import type { Rng } from "../../src/support/random.ts";

/** Standard normal floats; integers in [-8, 8], [0, 16] for u32; booleans half and half. */
export function randomTensor(rng: Rng, dtype: DType, dims: readonly number[]): Tensor {
  const round = rounding("rounded");
  const data = Float64Array.from({ length: countOf(dims) }, () => {
    if (isFloat(dtype)) return round(rng.normal(), dtype);
    if (dtype === "i32") return rng.int(-8, 9);
    return dtype === "u32" ? rng.int(0, 17) : rng.int(0, 2);
  });
  return { dtype, dims, data };
}

/** A tensor of the given numbers: `tensorOf("f32", [2], [1, 2])`. */
export function tensorOf(dtype: DType, dims: readonly number[], data: readonly number[]): Tensor {
  if (data.length !== countOf(dims)) throw new RangeError(`${data.length} elements for [${dims.join(", ")}]`);
  return { dtype, dims, data: Float64Array.from(data) };
}

export function countOf(dims: readonly number[]): number {
  return dims.reduce((all, size) => all * size, 1);
}
