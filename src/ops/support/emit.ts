/** Short ways to emit the ops that decompositions and surfaces are made of. */
import type { Builder } from "../../ir/builder.ts";
import type { Literal, Value } from "../../ir/ir.ts";
import type { DType } from "../../ir/type.ts";
import type { Dim } from "../../support/dim.ts";

export function scalarConstant(b: Builder, dtype: DType, x: number): Value {
  const value: Literal = { kind: "literal", dtype, dims: [], data: [x] };
  return b.emit("constant", [], { value });
}

export function reshape(b: Builder, x: Value, shape: readonly (Dim | number)[]): Value {
  return b.emit("reshape", [x], { shape });
}

/** Elements `start` to `end` (not included) of axis `axis`. */
export function slice(b: Builder, x: Value, axis: number, start: Dim | number, end: Dim | number): Value {
  return b.emit("slice", [x], { axis, start, end });
}

/** `0, 1, ...` along the only axis: i32[size]. */
export function iota(b: Builder, size: Dim | number): Value {
  return b.emit("iota", [], { shape: [size], axis: 0 });
}

/** Folds an axis and keeps it with size 1. */
export function reduceKept(b: Builder, op: "sum" | "mean" | "reduce_max", x: Value, axis: number): Value {
  return b.emit(op, [x], { axis, keep: true });
}

/** `out[..., i, ...] = x[..., index[..., i, ...], ...]` along `axis`; x and index have equal sizes on all other axes. */
export function takeAlong(b: Builder, x: Value, index: Value, axis: number): Value {
  const last = x.type.dims.length - 1;
  const from = axis < 0 ? axis + last + 1 : axis;
  if (from === last) return b.emit("take", [x, index], { axis: last, batch: last });
  // Exchanging two axes is its own inverse.
  const perm = x.type.dims.map((_, i) => (i === from ? last : i === last ? from : i));
  const exchanged = (value: Value): Value => b.emit("transpose", [value], { perm });
  return exchanged(takeAlong(b, exchanged(x), exchanged(index), last));
}
