/** embedding_bag: the sum or mean of the rows of a table that each bag of tokens names. */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/ir.ts";
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim, sameDims } from "../../support/dim.ts";
import { wordAttr } from "../support/attrs.ts";
import { iota, reshape, scalarConstant } from "../support/emit.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";

export const embeddingBag: OpDef = {
  name: "embedding_bag",
  doc:
    "`out[..., c] = sum_n weight[tokens[..., n], c]` over `n < lengths[...]` (all n if absent), or their mean; a bag " +
    "without tokens gives 0. weight: f[V, C], tokens: i32[..., N]; a token outside is clamped as in `take`.",
  operands: ["weight", "tokens", "lengths?"],
  attrs: { mode: { kind: "word", words: ["sum", "mean"], doc: "sum or mean.", default: "mean" } },
  traits: ["pure", "composite"],
  infer(operands) {
    const [weight, tokens] = [operand(operands, 0), operand(operands, 1)];
    const lengths = operands[2] ?? null;
    const sentence =
      wrongRank("weight", weight, 2, "[V, C]") ??
      wrongDType("weight", weight, FLOATS) ??
      wrongDType("tokens", tokens, ["i32", "u32"]);
    if (sentence !== undefined) return sentence;
    if (tokens.dims.length === 0) return "tokens is a single number, and it must be [..., N]";
    const bags = tokens.dims.slice(0, -1);
    if (lengths !== null && (lengths.dtype !== "i32" || !sameDims(lengths.dims, bags)))
      return `${butText("tokens", tokens, "lengths", lengths)}: lengths are i32, one for each bag`;
    return [tensorType(weight.dtype, [...bags, lastDim(weight)])];
  },
  evaluate(operands, attrs, context) {
    const [weight, tokens] = [operand(operands, 0), operand(operands, 1)];
    const lengths = operands[2] ?? null;
    const out = resultTensor(context);
    const [rows, channels] = [at(weight.dims, 0), at(weight.dims, 1)];
    const most = at(tokens.dims, tokens.dims.length - 1);
    const isMean = wordAttr(attrs, "mode") === "mean";
    for (let position = 0; position < out.data.length; position++) {
      const bag = Math.floor(position / channels);
      const length = lengths === null ? most : Math.min(most, Math.max(0, at(lengths.data, bag)));
      let sum = 0;
      for (let n = 0; n < length; n++) {
        const row = Math.min(rows - 1, Math.max(0, at(tokens.data, bag * most + n)));
        sum = context.round(sum + at(weight.data, row * channels + (position % channels)), out.dtype);
      }
      out.data[position] = isMean ? context.round(sum / Math.max(1, length), out.dtype) : sum;
    }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [weight, tokens] = [operand(operands, 0), operand(operands, 1)];
    const lengths = operands[2] ?? null;
    const bags = tokens.type.dims.slice(0, -1);
    const rows = b.emit("embedding", [weight, tokens]);
    const isMean = wordAttr(attrs, "mode") === "mean";
    const fold = (op: "sum" | "mean", x: Value): Value => b.emit(op, [x], { axis: bags.length });
    if (lengths === null) return [fold(isMean ? "mean" : "sum", rows)];
    const { dtype } = weight.type;
    const most = lastDim(tokens.type);
    const isInside = b.emit("lt", [iota(b, most), reshape(b, lengths, [...bags, 1])]);
    const column = reshape(b, isInside, [...bags, most, 1]);
    const sum = fold("sum", b.emit("select", [column, rows, scalarConstant(b, dtype, 0)]));
    return [isMean ? b.emit("div", [sum, reshape(b, countOf(b, isInside, dtype), [...bags, 1])]) : sum];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    return [
      { label: "one", operands: [uniform(rng, [1, 1]), integers(rng, [1], 0, 1)], attrs: { mode: "sum" } },
      { label: "odd", operands: [uniform(rng, [7, 5]), integers(rng, [3, 4], -1, 8)], attrs: { mode: "mean" } },
      {
        label: "beyond a workgroup",
        operands: [uniform(rng, [7, 150]), integers(rng, [2, 3], 0, 7), vector("i32", [3, 1])],
        attrs: { mode: "mean" },
      },
      {
        label: "empty and overfull bags",
        operands: [uniform(rng, [9, 4]), integers(rng, [4, 3], 0, 9, "u32"), vector("i32", [0, 2, 7, -1])],
        attrs: { mode: "mean" },
      },
      {
        label: "a large bag",
        operands: [uniform(rng, [9, 3]), integers(rng, [2, 300], 0, 9), vector("i32", [300, 7])],
        attrs: { mode: "sum" },
      },
      {
        label: "symbolic",
        operands: [uniform(rng, [9, 4]), integers(rng, [2, 3, 5], 0, 9), integers(rng, [2, 3], 0, 6)],
        types: [tensorType("f32", [9, 4]), tensorType("i32", [B, T, 5]), tensorType("i32", [B, T])],
        symbols: { B: 2, T: 3 },
        attrs: { mode: "mean" },
      },
    ];
  },
};

/** How many tokens each bag has, at least 1. isInside: bool[..., N]. */
function countOf(b: Builder, isInside: Value, dtype: Value["type"]["dtype"]): Value {
  const count = b.emit("sum", [b.emit("cast", [isInside], { dtype })], { axis: -1 });
  return b.emit("max", [count, scalarConstant(b, dtype, 1)]);
}
