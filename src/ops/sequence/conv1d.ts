/**
 * conv1d: a convolution along the tokens; each channel by itself, all channels together, or in groups. In generation a
 * causal one keeps its last inputs as state (derive-extend).
 */
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import { inherited, isInRange } from "../../ir/op-def.ts";
import type { OpDef, Sample, Surface } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { numberAttr } from "../support/attrs.ts";
import { reshape, slice } from "../support/emit.ts";
import { uniform } from "../support/sample-data.ts";
import { FLOATS, butText, wrongDType, wrongRank } from "../support/shape.ts";
import { isValue, wordArg } from "../support/surface-args.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";

/** More groups than any model has channels. */
const GROUPS = { least: 1, most: 65_536 } as const;
const PADDINGS = ["causal", "same", "valid"] as const;

const surface: Surface = {
  params: [
    { name: "x", kind: "tensor", doc: "f[B, T, C]." },
    { name: "weight", kind: "tensor", doc: "f[O, C / groups, K], as PyTorch stores it." },
    { name: "bias", kind: "tensor", doc: "f[O].", optional: true },
    { name: "groups", kind: "int", range: GROUPS, doc: "Channels of different groups do not meet; default 1.", optional: true }, // prettier-ignore
    { name: "padding", kind: "word", words: PADDINGS, doc: "causal: zeros before the first token; same: on both sides; valid: none. Default causal.", optional: true }, // prettier-ignore
  ],
  build(b, args) {
    const { x, weight, bias } = args;
    if (!isValue(x) || !isValue(weight)) throw new InternalError("conv1d: x or weight is no tensor");
    const taps = weight.type.dims[2]?.asNumber();
    if (taps === undefined)
      return `weight is ${typeText(weight.type)}, and it must be [O, C / groups, K] with K a number`;
    const padding = wordArg(args["padding"], PADDINGS, "causal");
    const after = padding === "same" ? Math.floor((taps - 1) / 2) : 0;
    const groups = args["groups"];
    const attrs = {
      groups: typeof groups === "number" && isInRange(GROUPS, groups) ? groups : 1,
      before: padding === "valid" ? 0 : taps - 1 - after,
      after,
    };
    const operands = [x, weight, isValue(bias) ? bias : null];
    const inferred = b.table.get("conv1d")?.infer(operands.map((value) => value?.type ?? null), attrs); // prettier-ignore
    return typeof inferred === "string" ? inferred : b.emit("conv1d", operands, attrs);
  },
};

export const conv1d: OpDef = {
  name: "conv1d",
  doc:
    "`out[b, t, o] = bias[o] + sum_c sum_k x[b, t + k - before, g C / groups + c] weight[o, c, k]` with g the group of o, " +
    "and 0 for x outside of its T tokens; `before + after + T - K + 1` tokens come out. x: [B, T, C], weight: " +
    "[O, C / groups, K], bias: [O]. groups = C is a depthwise convolution.",
  operands: ["x", "weight", "bias?"],
  attrs: {
    groups: { kind: "int", range: GROUPS, doc: "Channels of different groups do not meet.", default: 1 },
    before: { kind: "int", range: { least: 0 }, doc: "Zeros before the first token.", default: 0 },
    after: { kind: "int", range: { least: 0 }, doc: "Zeros behind the last token.", default: 0 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    return sentenceOf(x, weight, operands[2] ?? null, attrs) ?? [tensorType(x.dtype, [operand(x.dims, 0), lengthOf(x, weight, attrs), operand(weight.dims, 0)])]; // prettier-ignore
  },
  evaluate(operands, attrs, context) {
    const [x, weight, bias] = [operand(operands, 0), operand(operands, 1), operands[2] ?? null];
    const out = resultTensor(context);
    const [, T, C] = [at(x.dims, 0), at(x.dims, 1), at(x.dims, 2)];
    const [O, own, K] = [at(weight.dims, 0), at(weight.dims, 1), at(weight.dims, 2)];
    const [tokens, perGroup, before] = [at(out.dims, 1), O / numberAttr(attrs, "groups"), numberAttr(attrs, "before")];
    out.data.forEach((_, i) => {
      const [o, t, b] = [i % O, Math.floor(i / O) % tokens, Math.floor(i / (O * tokens))];
      const first = Math.floor(o / perGroup) * own;
      let sum = 0;
      for (let k = 0; k < K; k++)
        for (let c = 0; c < own; c++) {
          const s = t + k - before;
          if (s < 0 || s >= T) continue;
          sum = context.round(sum + at(x.data, (b * T + s) * C + first + c) * at(weight.data, (o * own + c) * K + k), out.dtype); // prettier-ignore
        }
      out.data[i] = bias === null ? sum : context.round(sum + at(bias.data, o), out.dtype);
    });
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, weight, bias] = [operand(operands, 0), operand(operands, 1), operands[2] ?? null];
    const padded = b.emit("pad", [x], { axis: 1, before: numberAttr(attrs, "before"), after: numberAttr(attrs, "after"), value: 0 }); // prettier-ignore
    const length = lengthOf(x.type, weight.type, attrs);
    const taps = tapsOf(weight.type);
    const parts = Array.from({ length: taps }, (_, k) => {
      const seen = slice(b, padded, 1, k, length.add(k));
      return tap(b, seen, slice(b, weight, 2, k, k + 1), numberAttr(attrs, "groups"));
    });
    const sum = parts.reduce((total, part) => b.emit("add", [total, part]));
    return [bias === null ? sum : b.emit("add", [sum, bias])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    return [
      { label: "one", operands: [uniform(rng, [1, 1, 1]), uniform(rng, [1, 1, 1])], attrs: { groups: 1, before: 0, after: 0 } }, // prettier-ignore
      { label: "depthwise, causal", operands: [uniform(rng, [2, 5, 3]), uniform(rng, [3, 1, 4]), uniform(rng, [3])], attrs: { groups: 3, before: 3, after: 0 } }, // prettier-ignore
      { label: "all channels, same", operands: [uniform(rng, [2, 7, 4]), uniform(rng, [5, 4, 3]), uniform(rng, [5])], attrs: { groups: 1, before: 1, after: 1 } }, // prettier-ignore
      { label: "in groups, valid", operands: [uniform(rng, [1, 6, 4]), uniform(rng, [6, 2, 2])], attrs: { groups: 2, before: 0, after: 0 } }, // prettier-ignore
      { label: "two results a channel", operands: [uniform(rng, [1, 4, 3]), uniform(rng, [6, 1, 2])], attrs: { groups: 3, before: 1, after: 0 } }, // prettier-ignore
      { label: "beyond a workgroup", operands: [uniform(rng, [1, 90, 8]), uniform(rng, [8, 1, 4]), uniform(rng, [8])], attrs: { groups: 8, before: 3, after: 0 } }, // prettier-ignore
      {
        label: "symbolic",
        operands: [uniform(rng, [2, 3, 4]), uniform(rng, [4, 1, 4])],
        types: [tensorType("f32", [B, T, 4]), tensorType("f32", [4, 1, 4])],
        symbols: { B: 2, T: 3 },
        attrs: { groups: 4, before: 3, after: 0 },
      },
    ];
  },
  surface,
};

function tapsOf(weight: TensorType): number {
  const taps = weight.dims[2]?.asNumber();
  if (taps === undefined) throw new InternalError("conv1d: a number of taps that is not a number");
  return taps;
}

function lengthOf(x: TensorType, weight: TensorType, attrs: Attrs): Dim {
  return operand(x.dims, 1).add(numberAttr(attrs, "before") + numberAttr(attrs, "after") - tapsOf(weight) + 1);
}

/** One tap of all channels. x: [B, T, C], weight: [O, C / groups, 1]. */
function tap(b: Builder, x: Value, weight: Value, groups: number): Value {
  const [rows, tokens, channels] = [0, 1, 2].map((axis) => operand(x.type.dims, axis)) as [Dim, Dim, Dim];
  const [outs, own] = [operand(weight.type.dims, 0), operand(weight.type.dims, 1)];
  const each = outs.div(groups) ?? outs;
  if (own.equals(1)) {
    const column = reshape(b, x, [rows, tokens, groups, 1]);
    const scaled = b.emit("mul", [column, reshape(b, weight, [groups, each])]);
    return reshape(b, scaled, [rows, tokens, outs]);
  }
  if (groups === 1) return b.emit("matmul", [x, reshape(b, weight, [outs, channels])], { transpose_b: true });
  const apart = reshape(b, x, [rows, tokens, groups, 1, own]);
  const product = b.emit("matmul", [apart, reshape(b, weight, [groups, each, own])], { transpose_b: true });
  return reshape(b, product, [rows, tokens, outs]);
}

function sentenceOf(x: TensorType, weight: TensorType, bias: TensorType | null, attrs: Attrs): string | undefined {
  const sentence =
    wrongDType("x", x, FLOATS) ?? wrongRank("x", x, 3, "[B, T, C]") ?? wrongRank("weight", weight, 3, "[O, C / groups, K]"); // prettier-ignore
  if (sentence !== undefined) return sentence;
  if (weight.dtype !== x.dtype || (bias !== null && bias.dtype !== x.dtype)) return `${butText("x", x, "weight", weight)}: the element types differ`; // prettier-ignore
  const groups = numberAttr(attrs, "groups");
  const [outs, own, taps] = [0, 1, 2].map((axis) => operand(weight.dims, axis)) as [Dim, Dim, Dim];
  if (outs.div(groups) === undefined) return `weight is ${typeText(weight)}, and ${groups} groups do not divide its ${outs} results`; // prettier-ignore
  if (!own.mul(groups).equals(operand(x.dims, 2))) return `${butText("x", x, "weight", weight)}: ${groups} ${groups === 1 ? "group" : "groups"} of ${own} channels are not ${operand(x.dims, 2)}`; // prettier-ignore
  if (taps.asNumber() === undefined) return `weight is ${typeText(weight)}, and its last size must be a number`;
  if (bias !== null && !(bias.dims.length === 1 && operand(bias.dims, 0).equals(outs))) return `${butText("weight", weight, "bias", bias)}: bias is [${outs}]`; // prettier-ignore
  return undefined;
}
