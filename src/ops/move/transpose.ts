/** transpose: the axes in another order. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { numbersAttr } from "../support/attrs.ts";
import { isNumbers, isValue } from "../support/surface-args.ts";
import { uniform } from "../support/sample-data.ts";
import { at, forEachIndex, operand, resultTensor, stridesOf } from "../support/tensor.ts";

export const transpose: OpDef = {
  name: "transpose",
  doc: "Axis i of the result is axis `perm[i]` of x. In the language, without `perm` the last two axes are swapped.",
  operands: ["x"],
  attrs: { perm: { kind: "ints", doc: "The axes of x in the order of the result, each once." } },
  traits: ["pure", "move"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const perm = numbersAttr(attrs, "perm");
    if (perm.length !== x.dims.length || x.dims.some((_, axis) => !perm.includes(axis)))
      return `perm is [${perm.join(", ")}], and x is ${typeText(x)}: each of its axes must occur once`;
    return [
      tensorType(
        x.dtype,
        perm.map((axis) => operand(x.dims, axis)),
      ),
    ];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const strides = stridesOf(x.dims);
    const moved = numbersAttr(attrs, "perm").map((axis) => at(strides, axis));
    forEachIndex(out.dims, [moved], (position, offsets) => (out.data[position] = at(x.data, at(offsets, 0))));
    return [out];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1])], attrs: { perm: [0] } },
    { label: "matrix", operands: [uniform(rng, [3, 7])], attrs: { perm: [1, 0] } },
    { label: "beyond a workgroup", operands: [uniform(rng, [3, 100])], attrs: { perm: [1, 0] } },
    { label: "cycle of three", operands: [uniform(rng, [2, 3, 5])], attrs: { perm: [2, 0, 1] } },
    {
      label: "heads to the front",
      operands: [uniform(rng, [2, 3, 2, 4])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 2, 4])],
      symbols: { B: 2, T: 3 },
      attrs: { perm: [0, 2, 1, 3] },
    },
  ],
  surface: {
    params: [
      { name: "x", kind: "tensor", doc: "At least two axes unless `perm` is given." },
      { name: "perm", kind: "ints", doc: "The axes of x in the order of the result.", optional: true },
    ],
    build(b, { x, perm }) {
      if (!isValue(x)) throw new InternalError("transpose: x is no tensor");
      const rank = x.type.dims.length;
      if (perm === undefined && rank < 2) return `x is ${typeText(x.type)}, which has no two axes to swap`;
      const axes = isNumbers(perm) ? perm : [...x.type.dims.keys()].slice(0, rank - 2).concat(rank - 1, rank - 2);
      const inferred = transpose.infer([x.type], { perm: axes });
      return typeof inferred === "string" ? inferred : b.emit("transpose", [x], { perm: axes });
    },
  },
};
