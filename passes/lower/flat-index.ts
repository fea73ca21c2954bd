/** From the index of an element to its place in memory and back: row-major, or in the layout of a weight. */
import type { WeightLayout } from "../../src/plan/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { LinearIndex } from "./linear-index.ts";

/** The row-major position of an element of a tensor with these sizes. */
export function flatten(index: readonly LinearIndex[], dims: readonly Dim[]): LinearIndex {
  let flat = LinearIndex.of(0);
  dims.forEach((dim, axis) => {
    flat = flat.scale(dim).add(index[axis] ?? 0);
  });
  return flat;
}

/** The position of an element in memory: row-major, or in the order of a layout whose tile divides the sizes. */
export function placeIn(index: readonly LinearIndex[], dims: readonly Dim[], layout?: WeightLayout): LinearIndex {
  if (layout === undefined) return flatten(index, dims);
  const { tile, order } = layout;
  const tiles = dims.map((dim, axis) => dim.div(tile[axis] ?? 1) ?? dim);
  const part = (axis: number): LinearIndex => index[axis] ?? LinearIndex.of(0);
  const size = (axis: number): Dim => Dim.of(tile[axis] ?? 1);
  return flatten(
    [...order.map((axis) => part(axis).quotient(size(axis))), ...order.map((axis) => part(axis).remainder(size(axis)))],
    [...order.map((axis) => tiles[axis] ?? Dim.of(1)), ...order.map(size)],
  );
}

/** The inverse of `flatten`. Axes of size 1 get the index 0. */
export function unflatten(flat: LinearIndex, dims: readonly Dim[]): readonly LinearIndex[] {
  const index: LinearIndex[] = [];
  let rest = flat;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] ?? Dim.of(1);
    if (axis === 0) index.unshift(dim.equals(1) ? LinearIndex.of(0) : rest);
    else {
      index.unshift(rest.remainder(dim));
      rest = rest.quotient(dim);
    }
  }
  return index;
}
