/** The sizes of a convolution: attributes for both axes, the size of the result, and what is wrong with the operands. */
import type { Attrs } from "../../ir/ir.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { Dims, TensorType } from "../../ir/type.ts";
import type { Dim } from "../../support/dim.ts";
import { numberAttr, numbersAttr } from "../support/attrs.ts";
import { FLOATS, butText, wrongDType, wrongRank } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";

/** What one axis of the image, H or W, does. */
export interface Window {
  /** Axis of x and of the weight. */
  readonly axis: number;
  readonly size: Dim;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

const LISTS = ["stride", "padding", "dilation"] as const;

/** A list of one number is for both axes. */
function bothOf(attrs: Attrs, name: (typeof LISTS)[number]): readonly [number, number] {
  const [h = 0, w = h] = numbersAttr(attrs, name);
  return [h, w];
}

/** Of H and of W, the axes 2 and 3 of x and of the weight, whose sizes are numbers. */
export function windowsOf(x: Dims, weight: Dims, attrs: Attrs): readonly [h: Window, w: Window] {
  const windowOf = (which: 0 | 1): Window => ({
    axis: 2 + which,
    size: operand(x, 2 + which),
    kernel: operand(weight, 2 + which).asNumber() ?? 0,
    stride: bothOf(attrs, "stride")[which],
    padding: bothOf(attrs, "padding")[which],
    dilation: bothOf(attrs, "dilation")[which],
  });
  return [windowOf(0), windowOf(1)];
}

/** Elements that one place of the result looks at, from the first to the last. */
function reachOf({ kernel, dilation }: Window): number {
  return dilation * (kernel - 1) + 1;
}

/** `floor((size + 2 padding - reach) / stride) + 1`; undefined where a symbol does not divide. */
export function resultSize(window: Window): Dim | undefined {
  const steps = window.size.add(2 * window.padding - reachOf(window));
  const number = steps.asNumber();
  if (number === undefined) return steps.div(window.stride)?.add(1);
  return steps
    .sub(((number % window.stride) + window.stride) % window.stride)
    .div(window.stride)
    ?.add(1);
}

/** The result's type, or the sentence. x: f[N, C, H, W], weight: f[O, C / groups, kh, kw], bias: f[O]. */
export function conv2dType(
  x: TensorType,
  weight: TensorType,
  bias: TensorType | null,
  attrs: Attrs,
): readonly TensorType[] | string {
  const sentence =
    wrongDType("x", x, FLOATS) ??
    wrongRank("x", x, 4, "[N, C, H, W]") ??
    wrongRank("weight", weight, 4, "[O, C / groups, kh, kw]") ??
    listSentence(attrs) ??
    channelSentence(x, weight, numberAttr(attrs, "groups")) ??
    (bias === null ? undefined : (wrongRank("bias", bias, 1, "[O]") ?? biasSentence(weight, bias)));
  if (sentence !== undefined) return sentence;
  const sizes: Dim[] = [];
  for (const window of windowsOf(x.dims, weight.dims, attrs)) {
    const size = resultSize(window);
    if (size === undefined)
      return `x is ${typeText(x)}, and the stride ${window.stride} does not divide its size ${window.size} along axis ${window.axis}`;
    if ((size.asNumber() ?? 1) < 1)
      return `${butText("x", x, "weight", weight)}: with padding ${window.padding} the kernel does not fit into axis ${window.axis}`;
    sizes.push(size);
  }
  return [tensorType(x.dtype, [operand(x.dims, 0), operand(weight.dims, 0), ...sizes])];
}

function listSentence(attrs: Attrs): string | undefined {
  for (const name of LISTS) {
    const list = numbersAttr(attrs, name);
    const least = name === "padding" ? 0 : 1;
    if (list.length < 1 || list.length > 2 || list.some((size) => !Number.isInteger(size) || size < least))
      return `${name} is [${list.join(", ")}], and it must be one or two ints that are at least ${least}`;
  }
  return undefined;
}

function channelSentence(x: TensorType, weight: TensorType, groups: number): string | undefined {
  if (weight.dtype !== x.dtype) return `${butText("x", x, "weight", weight)}: the element types differ`;
  const [outputs, perGroup, ...kernel] = weight.dims.map((size) => size.asNumber());
  const channels = operand(x.dims, 1).asNumber();
  if (outputs === undefined || perGroup === undefined || channels === undefined || kernel.includes(undefined))
    return `${butText("x", x, "weight", weight)}: the channels and all sizes of the weight must be numbers`;
  if (kernel.some((size) => size === 0)) return `weight is ${typeText(weight)}, and its kernel has no elements`;
  if (groups < 1 || outputs % groups !== 0) return `weight is ${typeText(weight)}, and its ${outputs} outputs do not divide into ${groups} groups`; // prettier-ignore
  if (perGroup * groups === channels) return undefined;
  const each = groups === 1 ? "" : `, in each of ${groups} groups`;
  return `${butText("x", x, "weight", weight)}: the weight takes ${perGroup} channels${each}, and x has ${channels}`;
}

function biasSentence(weight: TensorType, bias: TensorType): string | undefined {
  const isMatch = bias.dtype === weight.dtype && operand(bias.dims, 0).equals(operand(weight.dims, 0));
  return isMatch ? undefined : butText("weight", weight, "bias", bias);
}
