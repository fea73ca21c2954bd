/** argmax: where the largest element along an axis is. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const argmax: OpDef = {
  name: "argmax",
  doc:
    "`out = the first index of the largest x along axis`: i32, axis removed. NaN is never the largest; where all " +
    "elements are NaN the index is 0.",
  operands: ["x"],
  attrs: { axis: { kind: "int", doc: "The axis searched; negative ones count from the back.", default: -1 } },
  traits: ["pure", "reduce"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    return wrongDType("x", x, NUMBERS) ?? [tensorType("i32", x.dims.toSpliced(axis, 1))];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++)
        out.data[o * inner + n] = firstLargest(length, (i) => at(x.data, (o * length + i) * inner + n));
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1])], attrs: { axis: 0 } },
    { label: "odd", operands: [uniform(rng, [3, 7])], attrs: { axis: -1 } },
    { label: "first axis", operands: [uniform(rng, [5, 3])], attrs: { axis: 0 } },
    { label: "ties", operands: [integers(rng, [4, 300], 0, 4)], attrs: { axis: 1 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 9])],
      types: [tensorType("f32", [Dim.symbol("B"), 9])],
      symbols: { B: 2 },
      attrs: { axis: -1 },
    },
    { label: "NaN loses", operands: [vector("f32", [NaN, -Infinity, 1, NaN, 1])], attrs: { axis: 0 }, special: true },
    { label: "all NaN", operands: [vector("f32", [NaN, NaN])], attrs: { axis: 0 }, special: true },
  ],
};

/** The first index of the largest of `length` numbers; NaN never wins, 0 where all are NaN. */
export function firstLargest(length: number, read: (index: number) => number): number {
  let best = -1;
  let largest = NaN;
  for (let i = 0; i < length; i++) {
    const x = read(i);
    if (Number.isNaN(x) || (best >= 0 && x <= largest)) continue;
    best = i;
    largest = x;
  }
  return Math.max(best, 0);
}
