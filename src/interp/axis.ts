/** Cutting a tensor into its positions along one axis and putting it together again: what `scan` does with xs, ys. */
import { InternalError } from "../support/errors.ts";
import type { Tensor } from "../ir/op-def.ts";

/** The member at `position` along `axis`, which is removed. */
export function positionOf(tensor: Tensor, axis: number, position: number): Tensor {
  const { inner, outer, size } = split(tensor.dims, axis);
  const data = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    const start = (o * size + position) * inner;
    data.set(tensor.data.subarray(start, start + inner), o * inner);
  }
  return { dtype: tensor.dtype, dims: tensor.dims.filter((_, i) => i !== axis), data };
}

/** The inverse: tensors of one shape become the positions of a new axis. */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new InternalError("nothing to stack");
  const dims = [...first.dims.slice(0, axis), tensors.length, ...first.dims.slice(axis)];
  const { inner, outer, size } = split(dims, axis);
  const data = new Float64Array(outer * size * inner);
  tensors.forEach((tensor, position) => {
    for (let o = 0; o < outer; o++)
      data.set(tensor.data.subarray(o * inner, (o + 1) * inner), (o * size + position) * inner);
  });
  return { dtype: first.dtype, dims, data };
}

function split(dims: readonly number[], axis: number): { outer: number; size: number; inner: number } {
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  return { outer: product(dims.slice(0, axis)), size: dims[axis] ?? 1, inner: product(dims.slice(axis + 1)) };
}
