/** cumsum: the running sum along an axis. */
import { contraction } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { boolAttr, numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const cumsum: OpDef = {
  name: "cumsum",
  doc:
    "`out[i] = x[0] + ... + x[i]` along `axis`; with `exclusive` without `x[i]` itself, with `reverse` from the last " +
    "element on. Integers wrap.",
  operands: ["x"],
  attrs: {
    axis: { kind: "int", doc: "The axis summed along; negative ones count from the back.", default: -1 },
    exclusive: { kind: "bool", doc: "Whether an element's own sum leaves it out; the first is 0.", default: false },
    reverse: { kind: "bool", doc: "Whether the sums run from the last element to the first.", default: false },
  },
  traits: ["pure", "row"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = numberAttr(attrs, "axis");
    if (findAxis(axis, x.dims.length) === undefined) return noAxis(axis, "x", x);
    return wrongDType("x", x, NUMBERS) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    const [isExclusive, isReverse] = [boolAttr(attrs, "exclusive"), boolAttr(attrs, "reverse")];
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++) {
        let sum = 0;
        for (let step = 0; step < length; step++) {
          const offset = (o * length + (isReverse ? length - 1 - step : step)) * inner + n;
          const before = sum;
          sum = context.round(sum + at(x.data, offset), x.dtype);
          out.data[offset] = isExclusive ? before : sum;
        }
      }
    return [out];
  },
  accuracy: contraction,
  samples: (rng): readonly Sample[] => {
    const forward = { axis: -1, exclusive: false, reverse: false };
    return [
      { label: "one", operands: [uniform(rng, [1])], attrs: forward },
      { label: "odd", operands: [uniform(rng, [3, 7])], attrs: forward },
      { label: "exclusive", operands: [uniform(rng, [3, 7])], attrs: { ...forward, exclusive: true } },
      { label: "reverse", operands: [uniform(rng, [2, 9])], attrs: { ...forward, reverse: true } },
      {
        label: "exclusive, reverse, first axis",
        operands: [uniform(rng, [5, 3])],
        attrs: { axis: 0, exclusive: true, reverse: true },
      },
      { label: "middle axis", operands: [uniform(rng, [2, 5, 4])], attrs: { ...forward, axis: 1 } },
      { label: "beyond a workgroup", operands: [uniform(rng, [2, 300])], attrs: forward },
      { label: "integers", operands: [integers(rng, [4, 9], -99, 99)], attrs: forward },
      { label: "unsigned, wraps", operands: [vector("u32", [2 ** 31, 2 ** 31, 5])], attrs: forward },
      {
        label: "symbolic",
        operands: [uniform(rng, [2, 3, 5])],
        types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5])],
        symbols: { B: 2, T: 3 },
        attrs: forward,
      },
      {
        label: "symbolic axis",
        operands: [uniform(rng, [2, 3, 5])],
        types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5])],
        symbols: { B: 2, T: 3 },
        attrs: { ...forward, axis: 1, reverse: true },
      },
      { label: "special", operands: [vector("f32", [1, Infinity, -0, NaN, 1])], attrs: forward, special: true },
    ];
  },
};
