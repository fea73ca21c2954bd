/** topk_indices and topk: the largest few of an axis, as indices and as values. */
import type { Attrs } from "../../ir/ir.ts";
import { exact } from "../../ir/op-def.ts";
import type { AttrSpec, OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { DType, TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { numberAttr } from "../support/attrs.ts";
import { takeAlong } from "../support/emit.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";
import { ORDER_DOC, positionsInOrder } from "./order.ts";

const ATTRS: Readonly<Record<string, AttrSpec>> = {
  k: { kind: "int", range: { least: 1 }, doc: "How many; at most the size of the axis." },
  axis: { kind: "int", doc: "The axis searched; negative ones count from the back.", default: -1 },
};

/** x with k elements along the axis, or a sentence. */
function inferAs(x: TensorType, attrs: Attrs, dtype: DType): readonly TensorType[] | string {
  const [k, given] = [numberAttr(attrs, "k"), numberAttr(attrs, "axis")];
  const axis = findAxis(given, x.dims.length);
  if (axis === undefined) return noAxis(given, "x", x);
  const size = x.dims[axis]?.asNumber();
  if (size === undefined) return `x is ${typeText(x)}, and the size of axis ${given} must be a number`;
  if (k < 1 || k > size) return `x is ${typeText(x)}, with ${size} along axis ${given}, and k is ${k}`;
  return wrongDType("x", x, NUMBERS) ?? [tensorType(dtype, x.dims.with(axis, Dim.of(k)))];
}

type Result = (element: number, index: number) => number;

/** The first k of each row in descending order; `result` makes a number of element and index. */
function evaluateAs(result: Result): OpDef["evaluate"] {
  return (operands, attrs, context) => {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const k = numberAttr(attrs, "k");
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++) {
        const element = (i: number): number => at(x.data, (o * length + i) * inner + n);
        const order = positionsInOrder(length, true, element).slice(0, k);
        order.forEach((from, to) => (out.data[(o * k + to) * inner + n] = result(element(from), from)));
      }
    return [out];
  };
}

export const topkIndices: OpDef = {
  name: "topk_indices",
  doc:
    "`out` = the indices of the k largest elements of x along `axis`, the largest first: i32. " +
    `${ORDER_DOC}. A kernel reads the row k times; for a k near its size \`argsort\` is faster.`,
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "reduce"],
  infer: (operands, attrs) => inferAs(operand(operands, 0), attrs, "i32"),
  evaluate: evaluateAs((_, index) => index),
  accuracy: exact,
  samples,
};

export const topk: OpDef = {
  name: "topk",
  doc:
    "`out` = the k largest elements of x along `axis`, the largest first, in the order of `topk_indices`: x at these " +
    "indices. Both of the same x and k are one selection in one kernel.",
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "composite"],
  infer: (operands, attrs) => inferAs(operand(operands, 0), attrs, operand(operands, 0).dtype),
  evaluate: evaluateAs((element) => element),
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    return [takeAlong(b, x, b.emit("topk_indices", [x], attrs), numberAttr(attrs, "axis"))];
  },
  accuracy: exact,
  samples,
};

function samples(rng: Rng): readonly Sample[] {
  return [
    { label: "one", operands: [uniform(rng, [1])], attrs: { k: 1, axis: 0 } },
    { label: "one of seven", operands: [uniform(rng, [3, 7])], attrs: { k: 1, axis: -1 } },
    { label: "two of five", operands: [uniform(rng, [4, 3, 5])], attrs: { k: 2, axis: -1 } },
    { label: "eight of sixty-four", operands: [uniform(rng, [3, 64])], attrs: { k: 8, axis: 1 } },
    { label: "all", operands: [uniform(rng, [2, 6])], attrs: { k: 6, axis: 1 } },
    { label: "first axis", operands: [uniform(rng, [5, 3])], attrs: { k: 2, axis: 0 } },
    { label: "ties", operands: [integers(rng, [4, 9], -1, 2)], attrs: { k: 5, axis: -1 } },
    { label: "unsigned", operands: [integers(rng, [2, 9], 0, 4, "u32")], attrs: { k: 9, axis: -1 } },
    { label: "beyond a workgroup", operands: [integers(rng, [2, 300], 0, 50)], attrs: { k: 5, axis: -1 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 8])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 8])],
      symbols: { B: 2, T: 3 },
      attrs: { k: 2, axis: -1 },
    },
    {
      label: "NaN comes last",
      operands: [vector("f32", [NaN, -Infinity, 1, NaN, 1])],
      attrs: { k: 4, axis: 0 },
      special: true,
    },
    {
      label: "zeros and infinities",
      operands: [vector("f32", [-0, 0, Infinity, -Infinity, -Infinity, Infinity])],
      attrs: { k: 6, axis: 0 },
      special: true,
    },
    { label: "all NaN", operands: [vector("f32", [NaN, NaN, NaN])], attrs: { k: 2, axis: 0 }, special: true },
  ];
}
