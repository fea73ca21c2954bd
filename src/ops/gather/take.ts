/** take and embedding: elements at positions that an operand holds. */
import { exact, inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { sameDims } from "../../support/dim.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { butText, findAxis, noAxis, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor, sizeOf } from "../support/tensor.ts";

export const take: OpDef = {
  name: "take",
  doc:
    "`out[b..., o..., i..., n...] = x[b..., o..., index[b..., i...], n...]`: b are the first `batch` axes of both, o the " +
    "axes of x up to `axis`, n those behind. An index outside is clamped to the nearest one inside.",
  operands: ["x", "index"],
  attrs: {
    axis: { kind: "int", doc: "The axis of x that is indexed; negative ones count from the back.", default: 0 },
    batch: { kind: "int", range: { least: 0 }, doc: "How many leading axes of x and index run together.", default: 0 },
  },
  traits: ["pure", "gather"],
  infer(operands, attrs) {
    const [x, index] = [operand(operands, 0), operand(operands, 1)];
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    const batch = numberAttr(attrs, "batch");
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const sentence = wrongDType("index", index, ["i32", "u32"]);
    if (sentence !== undefined) return sentence;
    if (batch < 0 || batch > axis || !sameDims(x.dims.slice(0, batch), index.dims.slice(0, batch)))
      return `${butText("x", x, "index", index)}: the first ${batch} axes must be equal and lie before axis ${axis}`;
    return [tensorType(x.dtype, [...x.dims.slice(0, axis), ...index.dims.slice(batch), ...x.dims.slice(axis + 1)])];
  },
  evaluate(operands, attrs, context) {
    const [x, index] = [operand(operands, 0), operand(operands, 1)];
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const batch = numberAttr(attrs, "batch");
    const batches = sizeOf(x.dims.slice(0, batch));
    const outer = sizeOf(x.dims.slice(batch, axis));
    const length = at(x.dims, axis);
    const inner = sizeOf(x.dims.slice(axis + 1));
    const count = sizeOf(index.dims.slice(batch));
    let position = 0;
    for (let b = 0; b < batches; b++)
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < count; i++) {
          const row = Math.min(length - 1, Math.max(0, at(index.data, b * count + i)));
          for (let n = 0; n < inner; n++)
            out.data[position++] = at(x.data, ((b * outer + o) * length + row) * inner + n);
        }
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1]), integers(rng, [1], 0, 1)], attrs: { axis: 0, batch: 0 } },
    { label: "rows", operands: [uniform(rng, [9, 5]), integers(rng, [2, 3], 0, 9)], attrs: { axis: 0, batch: 0 } },
    {
      label: "a scalar index",
      operands: [uniform(rng, [4, 3]), integers(rng, [], 0, 3)],
      attrs: { axis: 1, batch: 0 },
    },
    {
      label: "middle axis",
      operands: [uniform(rng, [2, 7, 3]), integers(rng, [4], 0, 7)],
      attrs: { axis: 1, batch: 0 },
    },
    {
      label: "one of each row",
      operands: [uniform(rng, [2, 3, 7]), integers(rng, [2, 3], 0, 7)],
      attrs: { axis: 2, batch: 2 },
    },
    {
      label: "batched, axes between",
      operands: [uniform(rng, [2, 3, 5, 2]), integers(rng, [2, 4], 0, 5)],
      attrs: { axis: 2, batch: 1 },
    },
    {
      label: "beyond a workgroup",
      operands: [uniform(rng, [11, 3]), integers(rng, [150], 0, 11)],
      attrs: { axis: 0, batch: 0 },
    },
    {
      label: "clamped",
      operands: [uniform(rng, [3, 2]), vector("i32", [-1, 0, 2, 3, 2147483647])],
      attrs: { axis: 0, batch: 0 },
    },
    {
      label: "symbolic",
      operands: [uniform(rng, [9, 4]), integers(rng, [2, 3], 0, 9)],
      types: [tensorType("f32", [9, 4]), tensorType("i32", [Dim.symbol("B"), Dim.symbol("T")])],
      symbols: { B: 2, T: 3 },
      attrs: { axis: 0, batch: 0 },
    },
  ],
};

export const embedding: OpDef = {
  name: "embedding",
  doc: "`out[..., c] = weight[tokens[...], c]` with weight [V, C]; a token outside is clamped as in `take`.",
  operands: ["weight", "tokens"],
  attrs: {},
  traits: ["pure", "composite"],
  infer(operands) {
    const [weight, tokens] = [operand(operands, 0), operand(operands, 1)];
    const sentence = wrongRank("weight", weight, 2, "[V, C]") ?? wrongDType("tokens", tokens, ["i32", "u32"]);
    return sentence ?? [tensorType(weight.dtype, [...tokens.dims, operand(weight.dims, 1)])];
  },
  evaluate: (operands, _attrs, context) => take.evaluate(operands, { axis: 0, batch: 0 }, context),
  decompose: (b, operands) => [b.emit("take", operands, { axis: 0, batch: 0 })],
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1, 1]), integers(rng, [1], 0, 1)], attrs: {} },
    { label: "beyond a workgroup", operands: [uniform(rng, [7, 150]), integers(rng, [2, 3], 0, 7)], attrs: {} },
    {
      label: "symbolic",
      operands: [uniform(rng, [9, 4]), integers(rng, [2, 3], 0, 9)],
      types: [tensorType("f32", [9, 4]), tensorType("i32", [Dim.symbol("B"), Dim.symbol("T")])],
      symbols: { B: 2, T: 3 },
      attrs: {},
    },
  ],
};
