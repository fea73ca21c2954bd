/**
 * Shape rules shared by `infer` functions, and the sentences of their diagnostics. A sentence names the operands and
 * their types; a code, a place and a way out are added by the caller.
 */
import { Dim } from "../../support/dim.ts";
import type { Dims, DType, TensorType } from "../../ir/type.ts";
import { typeText } from "../../ir/type.ts";

/** An axis counted from the front; negative ones count from the back. Undefined where there is no such axis. */
export function findAxis(axis: number, rank: number): number | undefined {
  const positive = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && positive >= 0 && positive < rank ? positive : undefined;
}

export function noAxis(axis: number, name: string, type: TensorType): string {
  return `there is no axis ${axis}: ${name} is ${typeText(type)}`;
}

/** NumPy's rule with exact equality of sizes: aligned at the right, a size of 1 stretches. */
export function broadcastDims(a: Dims, b: Dims): Dims | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? Dim.of(1);
    const y = b[axis - rank + b.length] ?? Dim.of(1);
    if (x.equals(y) || y.equals(1)) dims.push(x);
    else if (x.equals(1)) dims.push(y);
    else return undefined;
  }
  return dims;
}

/** Two operands side by side: `x is f32[B, T, 48] but weight is f32[64]`. */
export function butText(aName: string, a: TensorType, bName: string, b: TensorType): string {
  return `${aName} is ${typeText(a)} but ${bName} is ${typeText(b)}`;
}

/** A sentence unless the operand's element type is one of `allowed`. */
export function wrongDType(name: string, type: TensorType, allowed: readonly DType[]): string | undefined {
  if (allowed.includes(type.dtype)) return undefined;
  const list = allowed.length === 1 ? `${allowed[0]}` : `${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}`;
  return `${name} is ${typeText(type)}, and its element type must be ${list}`;
}

/** A sentence unless the operand has `rank` axes; `layout` shows them: `[B, H, T, D]`. */
export function wrongRank(name: string, type: TensorType, rank: number, layout: string): string | undefined {
  if (type.dims.length === rank) return undefined;
  const count = type.dims.length === 1 ? "1 axis" : `${type.dims.length} axes`;
  return `${name} is ${typeText(type)}, with ${count}, and it must be ${layout}`;
}

export const FLOATS: readonly DType[] = ["f32", "f16", "bf16", "f64"];
export const NUMBERS: readonly DType[] = [...FLOATS, "i32", "u32"];
export const ANY_DTYPE: readonly DType[] = [...NUMBERS, "bool"];

/** The last size; the caller has checked that there is one. */
export function lastDim(type: TensorType): Dim {
  return type.dims.at(-1) ?? Dim.of(1);
}
