/** concat: tensors one behind the other along an axis. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { sameType, tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { uniform } from "../support/sample-data.ts";
import { butText, findAxis, noAxis } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const concat: OpDef = {
  name: "concat",
  doc: "The operands one behind the other along `axis`; all other sizes are equal.",
  operands: ["x..."],
  attrs: { axis: { kind: "int", doc: "The axis that grows; negative ones count from the back." } },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const first = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), first.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", first);
    let length = Dim.of(0);
    for (const index of operands.keys()) {
      const type = operand(operands, index);
      const hasRank = type.dims.length === first.dims.length;
      if (!hasRank || !sameType({ ...type, dims: type.dims.with(axis, operand(first.dims, axis)) }, first))
        return `${butText("operand 1", first, `operand ${index + 1}`, type)}: only axis ${axis} may differ`;
      length = length.add(operand(type.dims, axis));
    }
    return [tensorType(first.dtype, first.dims.with(axis, length))];
  },
  evaluate(operands, attrs, context) {
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), out.dims.length) ?? 0;
    const { outer, length: total, inner } = axisView(out.dims, axis);
    let start = 0;
    for (const index of operands.keys()) {
      const x = operand(operands, index);
      const length = at(x.dims, axis);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < length; i++)
          for (let n = 0; n < inner; n++)
            out.data[(o * total + start + i) * inner + n] = at(x.data, (o * length + i) * inner + n);
      start += length;
    }
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one alone", operands: [uniform(rng, [1])], attrs: { axis: 0 } },
    { label: "two, last axis", operands: [uniform(rng, [3, 7]), uniform(rng, [3, 2])], attrs: { axis: -1 } },
    {
      label: "three, first axis",
      operands: [uniform(rng, [1, 3]), uniform(rng, [4, 3]), uniform(rng, [2, 3])],
      attrs: { axis: 0 },
    },
    { label: "beyond a workgroup", operands: [uniform(rng, [300]), uniform(rng, [5])], attrs: { axis: 0 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 4]), uniform(rng, [2, 1, 4])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 4]), tensorType("f32", [Dim.symbol("B"), 1, 4])],
      symbols: { B: 2, T: 3 },
      attrs: { axis: 1 },
    },
  ],
};
