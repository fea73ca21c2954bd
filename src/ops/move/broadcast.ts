/** broadcast: a tensor repeated along axes, by NumPy's rule. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { sameType, tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dimsAttr } from "../support/attrs.ts";
import { scalar, uniform } from "../support/sample-data.ts";
import { broadcastDims } from "../support/shape.ts";
import { at, broadcastStrides, forEachIndex, operand, resultTensor } from "../support/tensor.ts";

export const broadcast: OpDef = {
  name: "broadcast",
  doc: "x repeated to the sizes `shape`: aligned at the right, axes of size 1 and missing ones stretch.",
  operands: ["x"],
  attrs: { shape: { kind: "dims", doc: "The sizes of the result." } },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const made = tensorType(x.dtype, dimsAttr(attrs, "shape"));
    const together = broadcastDims(x.dims, made.dims);
    if (together !== undefined && sameType(tensorType(x.dtype, together), made)) return [made];
    return `x is ${typeText(x)}, which does not stretch to [${made.dims.map(String).join(", ")}]`;
  },
  evaluate(operands, _attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    forEachIndex(out.dims, [broadcastStrides(x.dims, out.dims)], (position, offsets) => {
      out.data[position] = at(x.data, at(offsets, 0));
    });
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "a scalar", operands: [scalar("f32", 2.5)], attrs: { shape: [1] } },
    { label: "a row", operands: [uniform(rng, [7])], attrs: { shape: [3, 7] } },
    { label: "a column beyond a workgroup", operands: [uniform(rng, [3, 1])], attrs: { shape: [3, 100] } },
    {
      label: "symbolic",
      operands: [uniform(rng, [3, 1])],
      types: [tensorType("f32", [Dim.symbol("T"), 1])],
      symbols: { B: 2, T: 3 },
      attrs: { shape: [Dim.symbol("B"), Dim.symbol("T"), 5] },
    },
  ],
};
