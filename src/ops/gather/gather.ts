/** gather: for each place of the result the element of x at an index along one axis. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim, sameDims } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { butText, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const gather: OpDef = {
  name: "gather",
  doc:
    "`out[o..., i, n...] = x[o..., index[o..., i, n...], n...]`, with i along `axis`: `torch.gather`, " +
    "`numpy.take_along_axis`. index has the axes of x, and may be longer or shorter along `axis` only. An index outside " +
    "is clamped to the nearest one inside.",
  operands: ["x", "index"],
  attrs: {
    axis: { kind: "int", doc: "The axis of x that is indexed; negative ones count from the back.", default: -1 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [x, index] = [operand(operands, 0), operand(operands, 1)];
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const sentence = wrongDType("index", index, ["i32", "u32"]);
    if (sentence !== undefined) return sentence;
    const isMatch =
      index.dims.length === x.dims.length && sameDims(index.dims.toSpliced(axis, 1), x.dims.toSpliced(axis, 1));
    if (!isMatch)
      return `${butText("x", x, "index", index)}: index has the axes of x, and only axis ${axis} may differ`;
    return [tensorType(x.dtype, index.dims)];
  },
  evaluate(operands, attrs, context) {
    const [x, index] = [operand(operands, 0), operand(operands, 1)];
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const { outer, length, inner } = axisView(x.dims, axis);
    const count = at(index.dims, axis);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < count; i++)
        for (let n = 0; n < inner; n++) {
          const position = (o * count + i) * inner + n;
          const found = Math.min(length - 1, Math.max(0, at(index.data, position)));
          out.data[position] = at(x.data, (o * length + found) * inner + n);
        }
    return [out];
  },
  /** `take` wants the indexed axis behind those that run together, so it goes to the end and back. */
  decompose(b, operands, attrs) {
    const [x, index] = [operand(operands, 0), operand(operands, 1)];
    const last = x.type.dims.length - 1;
    const axis = findAxis(numberAttr(attrs, "axis"), x.type.dims.length) ?? 0;
    const swapped = x.type.dims.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const swap = (value: typeof x): typeof x =>
      axis === last ? value : b.emit("transpose", [value], { perm: swapped });
    return [swap(b.emit("take", [swap(x), swap(index)], { axis: last, batch: last }))];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1]), integers(rng, [1], 0, 1)], attrs: { axis: 0 } },
    { label: "last axis", operands: [uniform(rng, [3, 7]), integers(rng, [3, 2], 0, 7)], attrs: { axis: -1 } },
    { label: "first axis", operands: [uniform(rng, [5, 3]), integers(rng, [9, 3], 0, 5)], attrs: { axis: 0 } },
    {
      label: "middle axis, u32",
      operands: [uniform(rng, [2, 5, 3]), integers(rng, [2, 4, 3], 0, 5, "u32")],
      attrs: { axis: 1 },
    },
    {
      label: "beyond a workgroup",
      operands: [uniform(rng, [2, 11]), integers(rng, [2, 150], 0, 11)],
      attrs: { axis: 1 },
    },
    { label: "clamped", operands: [uniform(rng, [3]), vector("i32", [-1, 0, 2, 3, 2147483647])], attrs: { axis: 0 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 9]), integers(rng, [2, 3, 1], 0, 9)],
      types: [
        tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 9]),
        tensorType("i32", [Dim.symbol("B"), Dim.symbol("T"), 1]),
      ],
      symbols: { B: 2, T: 3 },
      attrs: { axis: -1 },
    },
  ],
};
