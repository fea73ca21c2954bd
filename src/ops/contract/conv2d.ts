/** conv2d: the discrete convolution (a correlation, as in PyTorch) of images, with strides, padding and groups. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
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
    const types: readonly TensorType[] = [x, weight].map(({ dtype, dims }) => tensorType(dtype, dims));
    const [down, across] = windowsOf(operand(types, 0), operand(types, 1), attrs);
    const [h, w] = [operand([down ?? null], 0), operand([across ?? null], 0)];
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
  /** A product of the patches with the weight's rows; groups are a leading axis of both. */
  decompose(b, operands, attrs, op) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const groups = numberAttr(attrs, "groups");
    const [outputs, ...kernel] = weight.type.dims.map((size) => size.asNumber() ?? 0);
    const depth = kernel.reduce((product, size) => product * size, 1);
    const perGroup = (outputs ?? 0) / groups;
    const rows = patches(b, x, windowsOf(x.type, weight.type, attrs), groups);
    const { dims } = operand(op.results, 0).type;
    const [n, , places] = [operand(rows.type.dims, 0), null, operand(rows.type.dims, 2)];
    const isWhole = groups === 1;
    const left = isWhole ? reshape(b, rows, [n, places, depth]) : rows;
    const right = reshape(b, weight, isWhole ? [perGroup, depth] : [groups, perGroup, depth]);
    const product = b.emit("matmul", [left, right], { transpose_a: false, transpose_b: true });
    const perm = isWhole ? [0, 2, 1] : [0, 1, 3, 2];
    const image = reshape(b, b.emit("transpose", [product], { perm }), dims);
    return [bias === null ? image : b.emit("add", [image, reshape(b, bias, [outputs ?? 0, 1, 1])])];
  },
  accuracy: inherited,
  samples: conv2dSamples,
};
