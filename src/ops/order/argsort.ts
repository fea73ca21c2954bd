/** argsort and sort: the elements of an axis in their order. */
import type { Attrs } from "../../ir/ir.ts";
import { exact } from "../../ir/op-def.ts";
import type { AttrSpec, OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { boolAttr, numberAttr } from "../support/attrs.ts";
import { takeAlong } from "../support/emit.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";
import type { TensorType } from "../../ir/type.ts";
import { ORDER_DOC, positionsInOrder } from "./order.ts";

const ATTRS: Readonly<Record<string, AttrSpec>> = {
  axis: { kind: "int", doc: "The axis sorted; negative ones count from the back.", default: -1 },
  descending: { kind: "bool", doc: "Whether the largest comes first.", default: false },
};

function wrongUse(x: TensorType, attrs: Attrs): string | undefined {
  const axis = numberAttr(attrs, "axis");
  return findAxis(axis, x.dims.length) === undefined ? noAxis(axis, "x", x) : wrongDType("x", x, NUMBERS);
}

export const argsort: OpDef = {
  name: "argsort",
  doc:
    "`out` = the indices along `axis` at which the elements of x stand in ascending order: i32. " +
    `${ORDER_DOC}. A kernel takes n log(n)^2 steps for n elements, in place.`,
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "row"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    return wrongUse(x, attrs) ?? [tensorType("i32", x.dims)];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++) {
        const offset = (i: number): number => (o * length + i) * inner + n;
        const order = positionsInOrder(length, boolAttr(attrs, "descending"), (i) => at(x.data, offset(i)));
        order.forEach((from, to) => (out.data[offset(to)] = from));
      }
    return [out];
  },
  accuracy: exact,
  samples,
};

export const sort: OpDef = {
  name: "sort",
  doc: `\`out\` = the elements of x in ascending order along \`axis\`. ${ORDER_DOC}. It is \`take\` at \`argsort(x)\`.`,
  operands: ["x"],
  attrs: ATTRS,
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    return wrongUse(x, attrs) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const out = resultTensor(context);
    const { outer, length, inner } = axisView(x.dims, findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0);
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++) {
        const offset = (i: number): number => (o * length + i) * inner + n;
        const order = positionsInOrder(length, boolAttr(attrs, "descending"), (i) => at(x.data, offset(i)));
        order.forEach((from, to) => (out.data[offset(to)] = at(x.data, offset(from))));
      }
    return [out];
  },
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    return [takeAlong(b, x, b.emit("argsort", [x], attrs), numberAttr(attrs, "axis"))];
  },
  accuracy: exact,
  samples,
};

function samples(rng: Rng): readonly Sample[] {
  const ascending = { axis: -1, descending: false };
  const descending = { axis: -1, descending: true };
  return [
    { label: "one", operands: [uniform(rng, [1])], attrs: ascending },
    { label: "two", operands: [vector("f32", [1, -1])], attrs: ascending },
    { label: "odd", operands: [uniform(rng, [3, 7])], attrs: ascending },
    { label: "odd, descending", operands: [uniform(rng, [3, 7])], attrs: descending },
    { label: "first axis", operands: [uniform(rng, [5, 3])], attrs: { axis: 0, descending: true } },
    { label: "ties", operands: [integers(rng, [2, 65], 0, 4)], attrs: ascending },
    { label: "ties, descending", operands: [integers(rng, [2, 31], 0, 3, "u32")], attrs: descending },
    { label: "negative integers", operands: [integers(rng, [9], -5, 5)], attrs: descending },
    { label: "beyond a workgroup", operands: [uniform(rng, [2, 300])], attrs: descending },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 5])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5])],
      symbols: { B: 2, T: 3 },
      attrs: ascending,
    },
    {
      label: "symbolic axis",
      operands: [uniform(rng, [2, 6, 3])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 3])],
      symbols: { B: 2, T: 6 },
      attrs: { axis: 1, descending: false },
    },
    { label: "special", operands: [vector("f32", [NaN, 1, -Infinity, 0, Infinity, NaN, -0])], attrs: ascending, special: true }, // prettier-ignore
    { label: "special, descending", operands: [vector("f32", [-0, NaN, 0, -Infinity, Infinity, NaN])], attrs: descending, special: true }, // prettier-ignore
  ];
}
