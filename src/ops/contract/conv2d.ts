/** conv2d: the discrete convolution (a correlation, as in PyTorch) of images, with strides, padding and groups. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Tensor } from "../../ir/op-def.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import { Dim } from "../../support/dim.ts";
import { defined } from "../../support/errors.ts";
import { numberAttr } from "../support/attrs.ts";
import { reshape } from "../support/emit.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { patches } from "./conv2d-patches.ts";
import { conv2dSamples } from "./conv2d-samples.ts";
import { conv2dType, windowsOf } from "./conv2d-shape.ts";

export const conv2d: OpDef = {
  name: "conv2d",
  doc:
    "`out[n, o, i, j] = bias[o] + sum of x[n, g * C / groups + c, s i + d h - p, s j + d w - p] * weight[o, c, h, w]` " +
    "over c, h, w, with g the group of o, stride s, dilation d and padding p of each axis; elements outside are 0. " +
    "x: f[N, C, H, W], weight: f[O, C / groups, kh, kw], bias: f[O].",
  operands: ["x", "weight", "bias?"],
  attrs: {
    stride: { kind: "ints", doc: "Steps between places: for both axes, or [along H, along W].", default: [1] },
    padding: { kind: "ints", doc: "Zeros at each end: for both axes, or [of H, of W].", default: [0] },
    dilation: { kind: "ints", doc: "Steps between elements of the kernel: for both axes, or [along H, along W].", default: [1] },
    groups: { kind: "int", range: { least: 1 }, doc: "Groups of channels that do not meet; C for a depthwise one.", default: 1 },
  }, // prettier-ignore
  traits: ["pure", "composite"],
  infer: (operands, attrs) => conv2dType(operand(operands, 0), operand(operands, 1), operands[2] ?? null, attrs),
  evaluate(operands, attrs, context) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const out = resultTensor(context);
    const sizes = (tensor: Tensor): readonly Dim[] => tensor.dims.map((size) => Dim.of(size));
    const [h, w] = windowsOf(sizes(x), sizes(weight), attrs);
    const [channels, height, width] = [at(x.dims, 1), at(x.dims, 2), at(x.dims, 3)];
    const [outputs, perGroup] = [at(weight.dims, 0), at(weight.dims, 1)];
    const [rows, columns] = [at(out.dims, 2), at(out.dims, 3)];
    const perOutput = outputs / numberAttr(attrs, "groups");
    for (let position = 0; position < out.data.length; position++) {
      const [j, i] = [position % columns, Math.floor(position / columns) % rows];
      const o = Math.floor(position / (columns * rows)) % outputs;
      const n = Math.floor(position / (columns * rows * outputs));
      let sum = 0;
      for (let c = 0; c < perGroup; c++)
        for (let y = 0; y < h.kernel; y++)
          for (let z = 0; z < w.kernel; z++) {
            const row = h.stride * i + h.dilation * y - h.padding;
            const column = w.stride * j + w.dilation * z - w.padding;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const channel = Math.floor(o / perOutput) * perGroup + c;
            const pixel = at(x.data, ((n * channels + channel) * height + row) * width + column);
            const factor = at(weight.data, ((o * perGroup + c) * h.kernel + y) * w.kernel + z);
            sum = context.round(sum + pixel * factor, out.dtype);
          }
      out.data[position] = bias === null ? sum : context.round(sum + at(bias.data, o), out.dtype);
    }
    return [out];
  },
  decompose(b, operands, attrs, op) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const rows = patches(b, x, windowsOf(x.type.dims, weight.type.dims, attrs), numberAttr(attrs, "groups"));
    const image = reshape(b, products(b, rows, weight), operand(op.results, 0).type.dims);
    if (bias === null) return [image];
    return [b.emit("add", [image, reshape(b, bias, [operand(weight.type.dims, 0), 1, 1])])];
  },
  accuracy: inherited,
  samples: conv2dSamples,
};

/**
 * The products of each group's patches with its rows of the weight: [N, G, O / G, P] or the same without axes of size 1.
 * rows: f[N, G, P, K], weight: O * K elements.
 */
function products(b: Builder, rows: Value, weight: Value): Value {
  const size = (axis: number): Dim => operand(rows.type.dims, axis);
  const [n, groups, places, depth] = [size(0), size(1), size(2), size(3)];
  const perGroup = defined(operand(weight.type.dims, 0).div(groups), "the groups divide the outputs");
  // A depthwise convolution is no product of matrices: a sum of a few terms for each place, and no patch is stored.
  if (perGroup.equals(1) && !groups.equals(1))
    return b.emit("sum", [b.emit("mul", [rows, reshape(b, weight, [groups, 1, depth])])], { axis: -1 });
  const isWhole = groups.equals(1);
  const left = isWhole ? reshape(b, rows, [n, places, depth]) : rows;
  const right = reshape(b, weight, isWhole ? [perGroup, depth] : [groups, perGroup, depth]);
  const product = b.emit("matmul", [left, right], { transpose_a: false, transpose_b: true });
  return b.emit("transpose", [product], { perm: isWhole ? [0, 2, 1] : [0, 1, 3, 2] });
}
