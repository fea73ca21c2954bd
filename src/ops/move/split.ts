/** split: the parts of one axis, each a result. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample, Surface } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { dimsAttr, numberAttr } from "../support/attrs.ts";
import { slice } from "../support/emit.ts";
import { uniform } from "../support/sample-data.ts";
import { findAxis, noAxis } from "../support/shape.ts";
import { isNumbers, isValue } from "../support/surface-args.ts";
import { operand } from "../support/tensor.ts";
import { slice as sliceDef } from "./slice.ts";

/** Where each part begins, and where the last one ends. */
function borders(sizes: readonly Dim[]): readonly Dim[] {
  let end = Dim.of(0);
  return [end, ...sizes.map((size) => (end = end.add(size)))];
}

const surface: Surface = {
  params: [
    { name: "x", kind: "tensor", doc: "Any tensor with that axis." },
    { name: "parts", kind: "int", range: { least: 1 }, doc: "How many parts of one size.", optional: true },
    { name: "axis", kind: "int", doc: "The axis cut; negative ones count from the back; default -1.", optional: true },
    { name: "sizes", kind: "ints", doc: "Instead of `parts`: the size of each part.", optional: true },
  ],
  build(b, { x, parts, axis = -1, sizes }) {
    if (!isValue(x) || typeof axis !== "number") throw new InternalError("split: x is no tensor or axis no number");
    const found = findAxis(axis, x.type.dims.length);
    if (found === undefined) return noAxis(axis, "x", x.type);
    const given = isNumbers(sizes) ? sizes : undefined;
    if ((typeof parts === "number") === (given !== undefined))
      return "either `parts` says into how many parts x is cut, or `sizes` how long each of them is";
    const length = operand(x.type.dims, found);
    const part = typeof parts === "number" ? length.div(parts) : undefined;
    if (given === undefined && part === undefined)
      return `x is ${typeText(x.type)}, and axis ${found} of size ${length} has no ${String(parts)} parts of one size`;
    const each = given?.map((size) => Dim.of(size)) ?? Array.from({ length: Number(parts) }, () => part ?? length);
    const attrs = { sizes: each, axis: found };
    const inferred = b.table.get("split")?.infer([x.type], attrs);
    return typeof inferred === "string" ? inferred : b.emitAll("split", [x], attrs);
  },
};

export const split: OpDef = {
  name: "split",
  doc:
    "The parts of x one behind the other along `axis`, each a value: `let (q, k, v) = split(x, 3)`, or " +
    "`split(x, sizes: [8, 4, 4])`. Part i is also `split(x, 3)[i]`.",
  operands: ["x"],
  attrs: {
    sizes: { kind: "dims", doc: "The size of each part; together they are that of the axis." },
    axis: { kind: "int", doc: "The axis cut; negative ones count from the back.", default: -1 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const sizes = dimsAttr(attrs, "sizes");
    if (sizes.length === 0) return "sizes is empty, and there must be at least one part";
    const sum = Dim.of(0).add(borders(sizes).at(-1) ?? 0);
    if (!sum.equals(operand(x.dims, axis)))
      return `x is ${typeText(x)}, and the sizes [${sizes.join(", ")}] make ${sum} elements along axis ${axis}`;
    return sizes.map((size): TensorType => tensorType(x.dtype, x.dims.with(axis, size)));
  },
  evaluate(operands, attrs, context) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const starts = borders(dimsAttr(attrs, "sizes"));
    return context.results.map((type, i) => {
      const range = { axis, start: operand(starts, i), end: operand(starts, i + 1) };
      return operand(sliceDef.evaluate([x], range, { ...context, results: [type] }), 0);
    });
  },
  decompose(b, operands, attrs) {
    const x = operand(operands, 0);
    const axis = findAxis(numberAttr(attrs, "axis"), x.type.dims.length) ?? 0;
    const sizes = dimsAttr(attrs, "sizes");
    const starts = borders(sizes);
    return sizes.map((_, i) => slice(b, x, axis, operand(starts, i), operand(starts, i + 1)));
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [uniform(rng, [1])], attrs: { sizes: [1], axis: 0 } },
    { label: "odd, last axis", operands: [uniform(rng, [3, 7])], attrs: { sizes: [2, 4, 1], axis: -1 } },
    { label: "first axis", operands: [uniform(rng, [6, 3])], attrs: { sizes: [3, 3], axis: 0 } },
    { label: "beyond a workgroup", operands: [uniform(rng, [2, 310])], attrs: { sizes: [300, 10], axis: 1 } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3, 6])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 6])],
      symbols: { B: 2, T: 3 },
      attrs: { sizes: [2, 2, 2], axis: 2 },
    },
    {
      label: "the last of T",
      operands: [uniform(rng, [2, 3])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T")])],
      symbols: { B: 2, T: 3 },
      attrs: { sizes: [Dim.symbol("T").sub(1), 1], axis: 1 },
    },
  ],
  surface,
};
