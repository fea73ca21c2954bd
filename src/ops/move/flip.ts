/** flip: the elements of one axis in reverse order. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { iota, slice } from "../support/emit.ts";
import { integers, uniform } from "../support/sample-data.ts";
import { findAxis, noAxis } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

export const flip: OpDef = {
  name: "flip",
  doc: "`out[..., i, ...] = x[..., N - 1 - i, ...]` along `axis`, of size N.",
  operands: ["x"],
  attrs: { axis: { kind: "int", doc: "The axis reversed; negative ones count from the back." } },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    return axis === undefined ? noAxis(numberAttr(attrs, "axis"), "x", x) : [x];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < length; i++)
        for (let n = 0; n < inner; n++)
          out.data[(o * length + i) * inner + n] = at(x.data, (o * length + length - 1 - i) * inner + n);
    return [out];
  },
  /** The rows are taken from the last to the first. The last index is an element of the `iota`, so a symbol will do. */
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.type.dims.length) ?? 0;
    const size = operand(x.type.dims, axis);
    const forward = iota(b, size);
    const last = slice(b, forward, 0, size.sub(1), size);
    return [b.emit("take", [x, b.emit("sub", [last, forward])], { axis, batch: 0 })];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1])], attrs: { axis: 0 } },
    { label: "last axis", operands: [uniform(rng, [3, 7])], attrs: { axis: -1 } },
    { label: "middle axis of integers", operands: [integers(rng, [2, 5, 3], -9, 9)], attrs: { axis: 1 } },
    { label: "beyond a workgroup", operands: [uniform(rng, [300])], attrs: { axis: 0 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 4])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 4])],
      symbols: { B: 2, T: 3 },
      attrs: { axis: 1 },
    },
  ],
};
