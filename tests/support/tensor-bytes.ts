/** Tensors as the bytes of a buffer and back: halves as bits, bools as words. */
import type { DType, Tensor } from "../../src/ir/index.ts";
import { fromBf16, fromF16, toBf16, toF16 } from "../../src/kernel/half.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Element } from "../../src/kernel/ir.ts";
import type { ParamRows } from "../../src/ir/param-rows.ts";
import type { PlanBuffer } from "../../src/plan/ir.ts";
import { packElements } from "../../src/runtime/weight-layout.ts";
import { countOf } from "./random-tensor.ts";

/** The element type that a buffer of this dtype has. */
export function elementOf(dtype: DType): Element {
  if (dtype === "f64") throw new Error("f64 lies in no buffer");
  return dtype === "bool" ? "u32" : dtype;
}

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, f16: Uint16Array, bf16: Uint16Array };

/** A view of `count` elements from `offset` bytes on. */
export function viewOf(block: ArrayBuffer, offset: number, count: number, element: Element): Bytes {
  return new ARRAYS[element](block, offset, count);
}

export function encoded(x: number, dtype: DType): number {
  return dtype === "f16" ? toF16(x) : dtype === "bf16" ? toBf16(x) : x;
}

export function decoded(x: number, dtype: DType): number {
  return dtype === "f16" ? fromF16(x) : dtype === "bf16" ? fromBf16(x) : x;
}

/** The bytes of a tensor, row-major. */
export function bytesFromTensor({ dtype, data }: Tensor): Uint8Array {
  const array = new ARRAYS[elementOf(dtype)](data.length);
  data.forEach((x, i) => (array[i] = encoded(x, dtype)));
  return new Uint8Array(array.buffer);
}

/** One row after the other by its index, however the ranges lie. */
function rowsOf({ dtype, dims, data }: Tensor, rows: ParamRows): Tensor {
  const sizes = dims.map((size, axis) => (rows[axis] === undefined ? size : rows[axis].to - rows[axis].from));
  const found = Array.from({ length: sizes.reduce((product, size) => product * size, 1) }, (_, i) => {
    let rest = i;
    let [place, stride] = [0, 1];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      place += ((rest % sizes[axis]!) + (rows[axis]?.from ?? 0)) * stride;
      rest = Math.floor(rest / sizes[axis]!);
      stride *= dims[axis]!;
    }
    return data[place]!;
  });
  return { dtype, dims: sizes, data: Float64Array.from(found) };
}

/** The elements of a weight as a buffer with these rows of it and this layout has them. */
export function inLayout(weight: Tensor, { layout, rows }: Pick<PlanBuffer, "layout" | "rows">): Tensor {
  const tensor = rows === undefined ? weight : rowsOf(weight, rows);
  if (layout === undefined) return tensor;
  const { dtype, dims } = tensor;
  const bytesEach = dtype === "f16" || dtype === "bf16" ? 2 : 4;
  return tensorFromBytes(packElements(bytesFromTensor(tensor), dims, layout, bytesEach), dtype, dims);
}

/** The tensor at the front of `bytes`. */
export function tensorFromBytes(bytes: Uint8Array, dtype: DType, dims: readonly number[]): Tensor {
  const count = countOf(dims);
  const array = viewOf(bytes.slice().buffer, 0, count, elementOf(dtype));
  return { dtype, dims, data: Float64Array.from(array, (x: number) => decoded(x, dtype)) };
}
