/** Types of the tensor IR: an element type, sizes, and for a family of tensors (one per layer) how many there are. */
import { Dim, sameDims } from "../support/dim.ts";

export const DTYPES = ["f64", "f32", "f16", "bf16", "i32", "u32", "bool"] as const;
export type DType = (typeof DTYPES)[number];

export type Dims = readonly Dim[];

/** `f32[B, T, 576]`; with `family = 30` it is 30 separate tensors of that type, printed `30 x f32[B, T, 576]`. */
export interface TensorType {
  readonly dtype: DType;
  readonly dims: Dims;
  readonly family?: number;
}

export function tensorType(dtype: DType, dims: readonly (Dim | number)[], family?: number): TensorType {
  return { dtype, dims: dims.map(Dim.of), ...(family === undefined ? {} : { family }) };
}

export function isFloat(dtype: DType): boolean {
  return dtype === "f64" || dtype === "f32" || isHalf(dtype);
}

/** Two to a word of 32 bits. */
export function isHalf(dtype: DType): dtype is "f16" | "bf16" {
  return dtype === "f16" || dtype === "bf16";
}

export function isInteger(dtype: DType): boolean {
  return dtype === "i32" || dtype === "u32";
}

/** Bytes of one element in memory; a bool is a 32-bit word there. */
export function bytesOf(dtype: DType): number {
  return dtype === "f64" ? 8 : isHalf(dtype) ? 2 : 4;
}

export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && a.family === b.family && sameDims(a.dims, b.dims);
}

export function elementCount(type: TensorType): Dim {
  return Dim.product(type.dims);
}

export function typeText(type: TensorType): string {
  const family = type.family === undefined ? "" : `${type.family} x `;
  return `${family}${type.dtype}[${type.dims.map(String).join(", ")}]`;
}
