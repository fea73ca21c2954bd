/** softmax and log_softmax along an axis, with the maximum subtracted first. */
import { inherited } from "../../ir/op-def.ts";
import type { AttrSpec, EvaluateContext, OpDef, Sample, Tensor } from "../../ir/op-def.ts";
import type { Attrs } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept } from "../support/emit.ts";
import { normal, vector } from "../support/sample-data.ts";
import { FLOATS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

const ATTRS: Readonly<Record<string, AttrSpec>> = {
  axis: { kind: "int", doc: "The axis along which the results are normalized.", default: -1 },
};

const infer: OpDef["infer"] = (operands, attrs) => {
  const x = operand(operands, 0);
  if (findAxis(numberAttr(attrs, "axis"), x.dims.length) === undefined)
    return noAxis(numberAttr(attrs, "axis"), "x", x);
  return wrongDType("x", x, FLOATS) ?? [x];
};

/** Calls `finish(x - max, sum of e^(x - max))` for each element; sums are rounded term by term. */
function normalized(
  x: Tensor,
  attrs: Attrs,
  context: EvaluateContext,
  finish: (shifted: number, sum: number) => number,
): Tensor {
  const out = resultTensor(context);
  const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
  const round = (value: number): number => context.round(value, x.dtype);
  for (let o = 0; o < outer; o++)
    for (let n = 0; n < inner; n++) {
      const offset = (i: number): number => (o * length + i) * inner + n;
      let max = -Infinity;
      for (let i = 0; i < length; i++) max = Math.max(max, at(x.data, offset(i)));
      let sum = 0;
      for (let i = 0; i < length; i++) sum = round(sum + round(Math.exp(round(at(x.data, offset(i)) - max))));
      for (let i = 0; i < length; i++) out.data[offset(i)] = round(finish(round(at(x.data, offset(i)) - max), sum));
    }
  return out;
}

export const softmax: OpDef = {
  name: "softmax",
  doc: "`out = e^(x - max x) / sum e^(x - max x)` along `axis`; NaN where all x are -inf.",
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "composite"],
  infer,
  evaluate: (operands, attrs, context) => [
    normalized(operand(operands, 0), attrs, context, (shifted, sum) => Math.exp(shifted) / sum),
  ],
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    const axis = numberAttr(attrs, "axis");
    const e = b.emit("exp", [b.emit("sub", [x, reduceKept(b, "reduce_max", x, axis)])]);
    return [b.emit("div", [e, reduceKept(b, "sum", e, axis)])];
  },
  accuracy: inherited,
  samples,
};

export const logSoftmax: OpDef = {
  name: "log_softmax",
  doc: "`out = x - max x - log(sum e^(x - max x))` along `axis`.",
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "composite"],
  infer,
  evaluate: (operands, attrs, context) => [
    normalized(operand(operands, 0), attrs, context, (shifted, sum) => shifted - Math.log(sum)),
  ],
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    const axis = numberAttr(attrs, "axis");
    const shifted = b.emit("sub", [x, reduceKept(b, "reduce_max", x, axis)]);
    const sum = reduceKept(b, "sum", b.emit("exp", [shifted]), axis);
    return [b.emit("sub", [shifted, b.emit("log", [sum])])];
  },
  accuracy: inherited,
  samples,
};

function samples(rng: Rng): readonly Sample[] {
  return [
    { label: "one", operands: [normal(rng, [1])], attrs: { axis: 0 } },
    { label: "odd", operands: [normal(rng, [3, 7], 5)], attrs: { axis: -1 } },
    { label: "first axis", operands: [normal(rng, [5, 3])], attrs: { axis: 0 } },
    { label: "beyond a workgroup", operands: [normal(rng, [2, 300], 3)], attrs: { axis: -1 } },
    { label: "far apart", operands: [vector("f32", [1000, -1000, 999, 0])], attrs: { axis: 0 } },
    {
      label: "symbolic",
      operands: [normal(rng, [2, 3, 5])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5])],
      symbols: { B: 2, T: 3 },
      attrs: { axis: -1 },
    },
    { label: "minus infinity", operands: [vector("f32", [0, -Infinity, 1])], attrs: { axis: 0 }, special: true },
  ];
}
