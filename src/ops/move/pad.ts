/** pad: one axis made longer with a fixed number. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dimAttr, numberAttr } from "../support/attrs.ts";
import { integers, uniform } from "../support/sample-data.ts";
import { findAxis, noAxis } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const pad: OpDef = {
  name: "pad",
  doc: "x with `before` elements of `value` before and `after` behind along `axis`.",
  operands: ["x"],
  attrs: {
    axis: { kind: "int", doc: "The axis made longer; negative ones count from the back." },
    before: { kind: "dim", range: { least: 0 }, doc: "How many elements before the first." },
    after: { kind: "dim", range: { least: 0 }, doc: "How many elements behind the last." },
    value: { kind: "float", doc: "What they hold.", default: 0 },
  },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const [before, after] = [dimAttr(attrs, "before"), dimAttr(attrs, "after")];
    if ([before, after].some((size) => (size.asNumber() ?? 0) < 0))
      return `x is ${typeText(x)}, and padding by ${before} and ${after} would make it shorter; that is \`slice\``;
    return [tensorType(x.dtype, x.dims.with(axis, operand(x.dims, axis).add(before).add(after)))];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const before = dimAttr(attrs, "before").evaluate(context.symbols);
    out.data.fill(context.round(numberAttr(attrs, "value"), out.dtype));
    const { outer, length, inner } = axisView(x.dims, axis);
    const padded = at(out.dims, axis);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < length; i++)
        for (let n = 0; n < inner; n++)
          out.data[(o * padded + before + i) * inner + n] = at(x.data, (o * length + i) * inner + n);
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1])], attrs: { axis: 0, before: 1, after: 0, value: 0 } },
    {
      label: "odd, last axis",
      operands: [uniform(rng, [3, 7])],
      attrs: { axis: -1, before: 2, after: 1, value: -1.5 },
    },
    { label: "integers", operands: [integers(rng, [2, 3], -9, 9)], attrs: { axis: 0, before: 0, after: 2, value: 7 } },
    { label: "beyond a workgroup", operands: [uniform(rng, [300])], attrs: { axis: 0, before: 3, after: 5, value: 0 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 4])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 4])],
      symbols: { B: 2, T: 3 },
      attrs: { axis: 1, before: 3, after: 0, value: 0 },
    },
  ],
};
