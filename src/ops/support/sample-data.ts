/** Tensors for samples: seeded numbers of a range, lists of chosen values, types with symbols. */
import type { Tensor } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import type { Rng } from "../../support/random.ts";
import { sizeOf, tensorOf } from "./tensor.ts";

/** Numbers that f32 holds exactly, so that all executors see the same operands. */
export function uniform(rng: Rng, dims: readonly number[], low = -2, high = 2, dtype: DType = "f32"): Tensor {
  return filled(dtype, dims, () => Math.fround(low + (high - low) * rng.uniform()));
}

/** Standard normal numbers that f32 holds exactly. */
export function normal(rng: Rng, dims: readonly number[], scale = 1, dtype: DType = "f32"): Tensor {
  return filled(dtype, dims, () => Math.fround(scale * rng.normal()));
}

/** Integers in [low, high). */
export function integers(rng: Rng, dims: readonly number[], low: number, high: number, dtype: DType = "i32"): Tensor {
  return filled(dtype, dims, () => rng.int(low, high));
}

export function filled(dtype: DType, dims: readonly number[], next: (position: number) => number): Tensor {
  return tensorOf(
    dtype,
    dims,
    Array.from({ length: sizeOf(dims) }, (_, position) => next(position)),
  );
}

export function scalar(dtype: DType, x: number): Tensor {
  return tensorOf(dtype, [], [x]);
}

export function vector(dtype: DType, data: readonly number[]): Tensor {
  return tensorOf(dtype, [data.length], data);
}

/** A matrix from its rows. */
export function tensorOfRows(dtype: DType, rows: readonly (readonly number[])[]): Tensor {
  return tensorOf(dtype, [rows.length, rows[0]?.length ?? 0], rows.flat());
}

/** The values at which floating-point code goes wrong. */
export const SPECIAL: readonly number[] = [0, -0, 1, -1, Infinity, -Infinity, NaN];
