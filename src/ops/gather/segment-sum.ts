/** segment_sum: stretches of a sorted list of elements, each summed: the second half of a `scatter_add` of many updates. */
import { contraction } from "../../ir/op-def.ts";
import type { OpDef, Sample, Tensor } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim, sameDims } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, butText, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, operand, resultTensor, sizeOf, tensorOf } from "../support/tensor.ts";

export const segmentSum: OpDef = {
  name: "segment_sum",
  doc:
    "`out[b..., o..., r, n...] = sum of x[b..., o..., order[b..., p], n...]` over p from `starts[b..., r]` to " +
    "`starts[b..., r + 1]` (not included), in this order: b are the first `batch` axes of all, o the axes of x up to " +
    "`axis`, n those behind. Bounds and indices outside are clamped to the nearest ones inside.",
  operands: ["x", "order", "starts"],
  attrs: {
    axis: { kind: "int", doc: "The axis of x that is summed along; negative ones count from the back.", default: 0 },
    batch: { kind: "int", range: { least: 0 }, doc: "How many leading axes run together.", default: 0 },
  },
  traits: ["pure", "row"],
  infer(operands, attrs) {
    const [x, order, starts] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    const batch = numberAttr(attrs, "batch");
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const sentence =
      wrongDType("x", x, NUMBERS) ?? wrongDType("order", order, ["i32"]) ?? wrongDType("starts", starts, ["i32"]);
    if (sentence !== undefined) return sentence;
    const [rows, size] = [x.dims.slice(0, batch), x.dims.slice(axis, axis + 1)];
    if (batch < 0 || batch > axis || !sameDims(order.dims, [...rows, ...size]))
      return `${butText("x", x, "order", order)}: order has the first ${batch} axes of x and its axis ${axis}`;
    if (starts.dims.length !== batch + 1 || !sameDims(starts.dims.slice(0, batch), rows))
      return `${butText("x", x, "starts", starts)}: starts has the first ${batch} axes of x and one more`;
    const count = operand(starts.dims, batch).sub(1);
    const isNone = count.asNumber() === -1;
    return isNone ? `starts is empty, and one more than the segments` : [tensorType(x.dtype, x.dims.with(axis, count))];
  },
  evaluate(operands, attrs, context) {
    const [x, order, starts] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const batch = numberAttr(attrs, "batch");
    const [batches, outer] = [sizeOf(x.dims.slice(0, batch)), sizeOf(x.dims.slice(batch, axis))];
    const [length, inner] = [at(x.dims, axis), sizeOf(x.dims.slice(axis + 1))];
    const rows = at(out.dims, axis);
    let position = 0;
    for (let b = 0; b < batches; b++)
      for (let o = 0; o < outer; o++)
        for (let r = 0; r < rows; r++)
          for (let n = 0; n < inner; n++) {
            const from = Math.max(0, at(starts.data, b * (rows + 1) + r));
            const to = Math.min(length, at(starts.data, b * (rows + 1) + r + 1));
            let sum = 0;
            for (let p = from; p < to; p++) {
              const i = Math.min(length - 1, Math.max(0, at(order.data, b * length + p)));
              sum = context.round(sum + at(x.data, ((b * outer + o) * length + i) * inner + n), x.dtype);
            }
            out.data[position++] = sum;
          }
    return [out];
  },
  accuracy: contraction,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1]), vector("i32", [0]), vector("i32", [0, 1])], attrs: { axis: 0, batch: 0 } }, // prettier-ignore
    {
      label: "empty segments, elements left out",
      operands: [uniform(rng, [7, 3]), permutation(rng, 7), vector("i32", [1, 1, 4, 4, 6])],
      attrs: { axis: 0, batch: 0 },
    },
    {
      label: "last axis, integers",
      operands: [integers(rng, [4, 9], -9, 9), permutation(rng, 9), vector("i32", [0, 2, 3, 8, 9])],
      attrs: { axis: 1, batch: 0 },
    },
    {
      label: "batched, axes between",
      operands: [
        uniform(rng, [2, 3, 5, 4]),
        tensorOf("i32", [2, 5], [...permutation(rng, 5).data, ...permutation(rng, 5).data]),
        tensorOf("i32", [2, 4], [0, 2, 2, 5, 0, 1, 3, 4]),
      ],
      attrs: { axis: 2, batch: 1 },
    },
    {
      label: "outside is clamped",
      operands: [uniform(rng, [3]), vector("i32", [-4, 1, 9]), vector("i32", [-2, 2, 7])],
      attrs: { axis: 0, batch: 0 },
    },
    {
      label: "beyond a workgroup",
      operands: [uniform(rng, [40, 9]), permutation(rng, 40), vector("i32", [0, 1, 1, 30, ...new Array<number>(30).fill(40)])], // prettier-ignore
      attrs: { axis: 0, batch: 0 },
    },
    {
      label: "symbolic",
      operands: [uniform(rng, [6, 4]), permutation(rng, 6), vector("i32", [0, 2, 6])],
      types: [
        tensorType("f32", [Dim.symbol("T"), 4]),
        tensorType("i32", [Dim.symbol("T")]),
        tensorType("i32", [Dim.symbol("B").add(1)]),
      ],
      symbols: { B: 2, T: 6 },
      attrs: { axis: 0, batch: 0 },
    },
  ],
};

/** 0 to size - 1, shuffled. */
function permutation(rng: Rng, size: number): Tensor {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = rng.int(0, i + 1);
    const [low, high] = [at(order, j), at(order, i)];
    order[j] = high;
    order[i] = low;
  }
  return vector("i32", order);
}
