/**
 * What each place of a convolution's result looks at, as the rows of one matrix per group, so that the rest is a
 * product: `[N, G, Ho * Wo, C / G * kh * kw]`.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import { Dim } from "../../support/dim.ts";
import { defined } from "../../support/errors.ts";
import { iota, reshape, scalarConstant, slice } from "../support/emit.ts";
import { operand } from "../support/tensor.ts";
import { resultSize } from "./conv2d-shape.ts";
import type { Window } from "./conv2d-shape.ts";

/** x: f[N, C, H, W]; one window for H and one for W. */
export function patches(b: Builder, x: Value, windows: readonly Window[], groups: number): Value {
  let image = x;
  // Each axis of the image becomes two, the place and the element of the kernel; H first, so W is one further behind.
  for (const [before, window] of windows.entries()) image = split(b, image, window, window.axis + before);
  const size = (axis: number): Dim => operand(image.type.dims, axis);
  const [n, ho, kh, wo, kw] = [size(0), size(2), size(3), size(4), size(5)];
  const c = defined(size(1).div(groups), "the groups divide the channels");
  const grouped = reshape(b, image, [n, groups, c, ho, kh, wo, kw]);
  const moved = b.emit("transpose", [grouped], { perm: [0, 1, 3, 5, 2, 4, 6] });
  return reshape(b, moved, [n, groups, ho.mul(wo), c.mul(kh).mul(kw)]);
}

/**
 * Axis `axis` as two axes, `[Ho, kh]`. Where windows stand side by side every element occurs once, so this is a reshape
 * and no index is computed. Otherwise elements are taken at places computed from where they stand; no list is stored.
 */
function split(b: Builder, x: Value, window: Window, axis: number): Value {
  const size = defined(resultSize(window), "infer has found the size");
  if (window.kernel === window.stride && window.padding === 0 && window.dilation === 1) {
    const used = size.mul(window.kernel);
    const cut = used.equals(window.size) ? x : slice(b, x, axis, 0, used);
    return reshape(b, cut, cut.type.dims.toSpliced(axis, 1, size, Dim.of(window.kernel)));
  }
  const { padding } = window;
  const padded = padding === 0 ? x : b.emit("pad", [x], { axis, before: padding, after: padding, value: 0 });
  return b.emit("take", [padded, places(b, window, size)], { axis, batch: 0 });
}

/** `stride * o + dilation * k`: i32[Ho, kh], where result o meets element k of the kernel. */
function places(b: Builder, window: Window, size: Dim): Value {
  const times = (count: Dim | number, factor: number): Value => {
    const counted = iota(b, count);
    return factor === 1 ? counted : b.emit("mul", [counted, scalarConstant(b, "i32", factor)]);
  };
  const starts = reshape(b, times(size, window.stride), [size, 1]);
  return b.emit("add", [starts, times(window.kernel, window.dilation)]);
}
