/** Where a weight that is larger than a binding of the device is cut: each piece is a stretch of its elements. */
import type { ParamRange } from "../../src/ir/param-rows.ts";
import type { TensorType } from "../../src/ir/type.ts";
import { bytesOf } from "../../src/ir/type.ts";
import type { Limits } from "../../src/kernel/target-info.ts";
import { defined } from "../../src/support/errors.ts";

/** A weight of more pieces would be more buffers than it is worth. */
const MOST_PIECES = 32;
/** Pieces of a matrix have whole tiles of rows, however a product packs them. */
const ROWS_TOGETHER = 8;

/**
 * The ranges along each of the first axes whose combinations are the pieces of a weight; undefined where it needs none, or
 * where more than `MOST_PIECES` would be needed. Only the last of these axes has ranges of more than one place: where a
 * single row of the first axis is too large (one of many matrices), rows of the next are cut.
 */
export function cutsOf(
  { dtype, dims }: TensorType,
  { maxBindingBytes, maxBufferBytes }: Limits,
): readonly (readonly ParamRange[])[] | undefined {
  const sizes = dims.map((dim) => dim.asNumber());
  if (!sizes.every((size) => size !== undefined)) return undefined;
  const limit = Math.min(maxBindingBytes, maxBufferBytes);
  const bytesBehind = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((all, size) => all * size, bytesOf(dtype)));
  if ((sizes[0] ?? 0) * (bytesBehind[0] ?? 0) <= limit) return undefined;
  const axis = bytesBehind.findIndex((bytes) => bytes <= limit);
  if (axis < 0) return undefined;
  const most = Math.floor(limit / defined(bytesBehind[axis], "bytes of a row"));
  const each = axis === sizes.length - 2 ? most - (most % ROWS_TOGETHER) : most;
  if (each === 0) return undefined;
  const cuts = sizes.slice(0, axis + 1).map((size, i) => ranges(size, i < axis ? 1 : each));
  return cuts.reduce((count, { length }) => count * length, 1) <= MOST_PIECES ? cuts : undefined;
}

function ranges(of: number, each: number): readonly ParamRange[] {
  return Array.from({ length: Math.ceil(of / each) }, (_, i) => ({ from: i * each, to: Math.min(of, (i + 1) * each), of })); // prettier-ignore
}
