/** reshape: the same elements in row-major order under other sizes. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { elementCount, tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dimsAttr } from "../support/attrs.ts";
import { integers, uniform } from "../support/sample-data.ts";
import { operand, resultTensor } from "../support/tensor.ts";

export const reshape: OpDef = {
  name: "reshape",
  doc: "The elements of x in row-major order, with the sizes `shape`; the number of elements stays.",
  operands: ["x"],
  attrs: { shape: { kind: "dims", doc: "The sizes of the result." } },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const made = tensorType(x.dtype, dimsAttr(attrs, "shape"));
    if (elementCount(x).equals(elementCount(made))) return [made];
    return `x is ${typeText(x)} with ${elementCount(x)} elements, but shape [${made.dims.map(String).join(", ")}] has ${elementCount(made)}`;
  },
  evaluate(operands, _attrs, context) {
    const out = resultTensor(context);
    out.data.set(operand(operands, 0).data);
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    return [
      { label: "to a scalar", operands: [uniform(rng, [1])], attrs: { shape: [] } },
      { label: "odd", operands: [uniform(rng, [3, 7])], attrs: { shape: [7, 3] } },
      { label: "beyond a workgroup", operands: [integers(rng, [300], -9, 9)], attrs: { shape: [3, 1, 100] } },
      {
        label: "split heads",
        operands: [uniform(rng, [2, 3, 6])],
        types: [tensorType("f32", [B, T, 6])],
        symbols: { B: 2, T: 3 },
        attrs: { shape: [B, T, 2, 3] },
      },
      {
        label: "merge B and T",
        operands: [uniform(rng, [2, 3, 4])],
        types: [tensorType("f32", [B, T, 4])],
        symbols: { B: 2, T: 3 },
        attrs: { shape: [B.mul(T), 4] },
      },
    ];
  },
};
