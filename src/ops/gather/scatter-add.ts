/** scatter_add: what `take` reads, added to. */
import { inherited } from "../../ir/op-def.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { Dim, sameDims } from "../../support/dim.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { numberAttr } from "../support/attrs.ts";
import { iota, reshape, scalarConstant } from "../support/emit.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { NUMBERS, butText, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, operand, resultTensor, sizeOf } from "../support/tensor.ts";

/** So many updates are compared faster than they are sorted. */
const FEW = 64;

export const scatterAdd: OpDef = {
  name: "scatter_add",
  doc:
    "`out[b..., o..., r, n...] = x[b..., o..., r, n...] + sum of updates[b..., o..., i..., n...] over the i... with " +
    "index[b..., i...] = r`: b are the first `batch` axes of all, o the axes of x up to `axis`, n those behind. The " +
    "terms are summed in an order that only shapes decide, none where an index is outside. No atomics: up to 64 indices " +
    "are compared with every row by each element; more are sorted, stably, and each element sums its stretch in index " +
    "order (n log(n)^2 steps for n indices, n comparisons a row, and one addition an update).",
  operands: ["x", "index", "updates"],
  attrs: {
    axis: { kind: "int", doc: "The axis of x that is indexed; negative ones count from the back.", default: 0 },
    batch: { kind: "int", range: { least: 0 }, doc: "How many leading axes run together.", default: 0 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [x, index, updates] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
    const batch = numberAttr(attrs, "batch");
    if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
    const sentence = wrongDType("x", x, NUMBERS) ?? wrongDType("index", index, ["i32"]);
    if (sentence !== undefined) return sentence;
    if (batch < 0 || batch > axis || !sameDims(x.dims.slice(0, batch), index.dims.slice(0, batch)))
      return `${butText("x", x, "index", index)}: the first ${batch} axes must be equal and lie before axis ${axis}`;
    const wanted = tensorType(x.dtype, [
      ...x.dims.slice(0, axis),
      ...index.dims.slice(batch),
      ...x.dims.slice(axis + 1),
    ]);
    if (updates.dtype !== x.dtype || !sameDims(updates.dims, wanted.dims))
      return `updates is ${typeText(updates)}, and with x ${typeText(x)} and index ${typeText(index)} it must be ${typeText(wanted)}`;
    return [x];
  },
  evaluate(operands, attrs, context) {
    const [x, index, updates] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const out = resultTensor(context);
    out.data.set(x.data);
    const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
    const batch = numberAttr(attrs, "batch");
    const batches = sizeOf(x.dims.slice(0, batch));
    const outer = sizeOf(x.dims.slice(batch, axis));
    const length = at(x.dims, axis);
    const inner = sizeOf(x.dims.slice(axis + 1));
    const count = sizeOf(index.dims.slice(batch));
    let position = 0;
    for (let b = 0; b < batches; b++)
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < count; i++, position += inner) {
          const row = at(index.data, b * count + i);
          if (row < 0 || row >= length) continue;
          for (let n = 0; n < inner; n++) {
            const to = ((b * outer + o) * length + row) * inner + n;
            out.data[to] = context.round(at(out.data, to) + at(updates.data, position + n), x.dtype);
          }
        }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, index, updates] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const axis = findAxis(numberAttr(attrs, "axis"), x.type.dims.length) ?? 0;
    const batch = numberAttr(attrs, "batch");
    const count = Dim.product(index.type.dims.slice(batch));
    const place = reshape(b, index, [...x.type.dims.slice(0, batch), count]);
    const joined = reshape(b, updates, [...x.type.dims.slice(0, axis), count, ...x.type.dims.slice(axis + 1)]);
    const added = (count.asNumber() ?? Infinity) <= FEW ? matched : sorted;
    return [b.emit("add", [x, added(b, joined, place, operand(x.type.dims, axis), axis, batch)])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    return [
      {
        label: "one",
        operands: [uniform(rng, [1]), vector("i32", [0]), uniform(rng, [1])],
        attrs: { axis: 0, batch: 0 },
      },
      {
        label: "rows, some hit often, some never",
        operands: [uniform(rng, [5, 3]), integers(rng, [7], 0, 4), uniform(rng, [7, 3])],
        attrs: { axis: 0, batch: 0 },
      },
      {
        label: "a scalar index",
        operands: [uniform(rng, [4, 3]), integers(rng, [], 0, 3), uniform(rng, [4])],
        attrs: { axis: 1, batch: 0 },
      },
      {
        label: "outside adds nothing",
        operands: [uniform(rng, [3, 2]), vector("i32", [-1, 0, 3, 2147483647]), uniform(rng, [4, 2])],
        attrs: { axis: 0, batch: 0 },
      },
      {
        label: "middle axis, integers",
        operands: [integers(rng, [2, 4, 3], -9, 9), integers(rng, [2, 3], 0, 4), integers(rng, [2, 2, 3, 3], -9, 9)],
        attrs: { axis: 1, batch: 0 },
      },
      {
        label: "weights of experts",
        operands: [uniform(rng, [2, 3, 5]), integers(rng, [2, 3, 2], 0, 5), uniform(rng, [2, 3, 2])],
        types: [tensorType("f32", [B, T, 5]), tensorType("i32", [B, T, 2]), tensorType("f32", [B, T, 2])],
        symbols: { B: 2, T: 3 },
        attrs: { axis: 2, batch: 2 },
      },
      {
        label: "batched, axes between",
        operands: [uniform(rng, [2, 3, 5, 2]), integers(rng, [2, 4], 0, 5), uniform(rng, [2, 3, 4, 2])],
        attrs: { axis: 2, batch: 1 },
      },
      {
        label: "beyond a workgroup",
        operands: [uniform(rng, [11, 2]), integers(rng, [150], 0, 11), uniform(rng, [150, 2])],
        attrs: { axis: 0, batch: 0 },
      },
      {
        label: "many in batches, some outside",
        operands: [uniform(rng, [2, 2, 7]), integers(rng, [2, 67], -1, 9), uniform(rng, [2, 2, 67])],
        attrs: { axis: 2, batch: 1 },
      },
      {
        label: "symbolic, tokens of all rows",
        operands: [uniform(rng, [9, 4]), integers(rng, [2, 3], 0, 9), uniform(rng, [2, 3, 4])],
        types: [tensorType("f32", [9, 4]), tensorType("i32", [B, T]), tensorType("f32", [B, T, 4])],
        symbols: { B: 2, T: 3 },
        attrs: { axis: 0, batch: 0 },
      },
      {
        label: "infinities stay in their rows",
        operands: [vector("f32", [1, 2, 3]), vector("i32", [0, 2]), vector("f32", [Infinity, NaN])],
        attrs: { axis: 0, batch: 0 },
        special: true,
      },
    ];
  },
};

/** `sum over i of select(index[b, i] == r, updates[b, o, i, n], 0)`, the terms as [b, o, r, n, i]. */
function matched(b: Builder, updates: Value, index: Value, rows: Dim, axis: number, batch: number): Value {
  const { dims } = updates.type;
  const ones = (length: number): readonly number[] => new Array<number>(length).fill(1);
  const behind = dims.length - axis - 1;
  const place = reshape(b, index, [...dims.slice(0, batch), ...ones(dims.length - batch), operand(dims, axis)]);
  const isHere = b.emit("eq", [place, reshape(b, iota(b, rows), [rows, ...ones(behind + 1)])]);
  const spread = reshape(b, updates, [...dims.slice(0, axis + 1), 1, ...dims.slice(axis + 1)]);
  const axes = spread.type.dims.map((_, i) => i).filter((i) => i !== axis);
  const last = b.emit("transpose", [spread], { perm: [...axes, axis] });
  const terms = b.emit("select", [isHere, last, scalarConstant(b, updates.type.dtype, 0)]);
  return b.emit("sum", [terms], { axis: dims.length, keep: false });
}

/** The updates in the order of their rows, and for each row the stretch that is its own, summed. */
function sorted(b: Builder, updates: Value, index: Value, rows: Dim, axis: number, batch: number): Value {
  const { dims } = index.type;
  const bounds = rows.add(1);
  const column = reshape(b, iota(b, bounds), [bounds, 1]);
  const isBefore = b.emit("lt", [reshape(b, index, [...dims.slice(0, batch), 1, ...dims.slice(batch)]), column]);
  const starts = b.emit("sum", [b.emit("cast", [isBefore], { dtype: "i32" })], { axis: batch + 1, keep: false });
  return b.emit("segment_sum", [updates, b.emit("argsort", [index]), starts], { axis, batch });
}
