/** Row-major tensors of the interpreter: making them, walking their indices, broadcasting. Plain loops, no views. */
import { defined } from "../../support/errors.ts";
import type { EvaluateContext, Tensor } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

function zeros(dtype: DType, dims: readonly number[]): Tensor {
  return { dtype, dims, data: new Float64Array(sizeOf(dims)) };
}

/** A tensor from its elements in row-major order. */
export function tensorOf(dtype: DType, dims: readonly number[], data: ArrayLike<number>): Tensor {
  return { dtype, dims, data: Float64Array.from(data) };
}

/** Element `index`; an index outside is a bug of ours. */
export function at(data: ArrayLike<number>, index: number): number {
  return defined(data[index], "an index is outside its tensor");
}

/** Operand `index`, which must be there. */
export function operand<V>(operands: readonly (V | null)[], index: number): V {
  return defined(operands[index], `operand ${index} is missing`);
}

/** The declared result `index`, all elements 0. */
export function resultTensor(context: EvaluateContext, index = 0): Tensor {
  const type = defined(context.results[index], `result ${index} has no type`);
  return zeros(type.dtype, type.dims);
}

/** Elements to step over for one step along each axis. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--)
    strides[axis] = at(strides, axis + 1) * defined(dims[axis + 1], "axis");
  return strides;
}

/** Strides of a tensor `from` read as if it had the shape `to` (NumPy): 0 along axes that are repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : at(own, axis - missing)));
}

/**
 * Offsets into tensors with the given strides, for each index of `dims` in row-major order. Calls
 * `visit(position, offsets)`; `offsets` is reused between calls.
 */
export function forEachIndex(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (position: number, offsets: readonly number[]) => void,
): void {
  const total = sizeOf(dims);
  const index = new Array<number>(dims.length).fill(0);
  const offsets = new Array<number>(strides.length).fill(0);
  for (let position = 0; position < total; position++) {
    visit(position, offsets);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = at(index, axis) + 1;
      const isWrapped = next === dims[axis];
      index[axis] = isWrapped ? 0 : next;
      const steps = isWrapped ? 1 - next : 1;
      strides.forEach((own, which) => (offsets[which] = at(offsets, which) + steps * at(own, axis)));
      if (!isWrapped) break;
    }
  }
}

/** A shape cut at one axis: `outer * length * inner` elements, element (o, i, n) at `(o * length + i) * inner + n`. */
export interface AxisView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export function axisView(dims: readonly number[], axis: number): AxisView {
  return { outer: sizeOf(dims.slice(0, axis)), length: at(dims, axis), inner: sizeOf(dims.slice(axis + 1)) };
}
