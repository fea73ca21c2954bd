/** slice: a range of one axis. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dimAttr, numberAttr } from "../support/attrs.ts";
import { uniform } from "../support/sample-data.ts";
import { findAxis, noAxis } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const slice: OpDef = {
  name: "slice",
  doc: "The elements `start <= i < end` of axis `axis`.",
  operands: ["x"],
  attrs: {
    axis: { kind: "int", doc: "The axis cut; negative ones count from the back." },
    start: { kind: "dim", doc: "The first index, counted from the front." },
    end: { kind: "dim", doc: "The index after the last." },
  },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const [start, end] = [dimAttr(attrs, "start"), dimAttr(attrs, "end")];
    // A difference that holds symbols cannot be judged here; a number can.
    const parts = [start, end.sub(start), operand(x.dims, axis).sub(end)];
    if (parts.some((part) => (part.asNumber() ?? 0) < 0))
      return `the range ${start} to ${end} is not inside axis ${axis}: x is ${typeText(x)}`;
    return [tensorType(x.dtype, x.dims.with(axis, end.sub(start)))];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const start = dimAttr(attrs, "start").evaluate(context.symbols);
    const { outer, length, inner } = axisView(x.dims, axis);
    const kept = at(out.dims, axis);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < kept; i++)
        for (let n = 0; n < inner; n++)
          out.data[(o * kept + i) * inner + n] = at(x.data, (o * length + start + i) * inner + n);
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => {
    const T = Dim.symbol("T");
    const types = [tensorType("f32", [Dim.symbol("B"), T, 5])];
    return [
      { label: "one", operands: [uniform(rng, [1])], attrs: { axis: 0, start: 0, end: 1 } },
      { label: "odd, last axis", operands: [uniform(rng, [3, 7])], attrs: { axis: -1, start: 2, end: 5 } },
      { label: "first axis", operands: [uniform(rng, [5, 3])], attrs: { axis: 0, start: 4, end: 5 } },
      { label: "beyond a workgroup", operands: [uniform(rng, [2, 200])], attrs: { axis: 1, start: 1, end: 190 } },
      {
        label: "the last of T",
        operands: [uniform(rng, [2, 3, 5])],
        types,
        symbols: { B: 2, T: 3 },
        attrs: { axis: 1, start: T.sub(1), end: T },
      },
    ];
  },
};
