/** group_norm: the channels of each group, at all places, shifted to mean 0 and scaled to variance 1. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { defined } from "../../support/errors.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept, reshape, scalarConstant } from "../support/emit.ts";
import { normal, uniform } from "../support/sample-data.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor, sizeOf } from "../support/tensor.ts";

/** Channels lie on this axis, as in PyTorch. */
const CHANNELS = 1;

export const groupNorm: OpDef = {
  name: "group_norm",
  doc:
    "`out[n, c, ...] = (x[n, c, ...] - m) / sqrt(v + eps) * weight[c] + bias[c]` with m the mean and v the variance of " +
    "x[n] over the channels of c's group and all axes behind. x: f[N, C, ...]. Wu and He 2018, arXiv:1803.08494.",
  operands: ["x", "weight", "bias?"],
  attrs: {
    groups: { kind: "int", range: { least: 1 }, doc: "Into how many groups of neighbours the channels are divided." },
    eps: { kind: "float", range: { least: 0 }, doc: "Added to the variance, same unit as x^2.", default: 1e-5 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const groups = numberAttr(attrs, "groups");
    const channels = x.dims[CHANNELS];
    const sentence = wrongDType("x", x, FLOATS);
    if (sentence !== undefined) return sentence;
    if (channels === undefined) return `x is ${typeText(x)}, and it must be [N, C, ...]`;
    const count = channels.asNumber();
    if (count === undefined || groups < 1 || count % groups !== 0)
      return `x is ${typeText(x)}, and its ${channels} channels do not divide into ${groups} groups`;
    return vectorSentence(x, "weight", weight) ?? (bias && vectorSentence(x, "bias", bias)) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const out = resultTensor(context);
    const round = (value: number): number => context.round(value, x.dtype);
    const places = sizeOf(x.dims.slice(CHANNELS + 1));
    const perGroup = at(x.dims, CHANNELS) / numberAttr(attrs, "groups");
    const length = perGroup * places;
    for (let start = 0; start < x.data.length; start += length) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum = round(sum + at(x.data, start + i));
      const mean = round(sum / length);
      let squares = 0;
      for (let i = 0; i < length; i++) squares = round(squares + round(at(x.data, start + i) - mean) ** 2);
      const inverse = round(1 / Math.sqrt(round(squares / length) + numberAttr(attrs, "eps")));
      for (let i = 0; i < length; i++) {
        const channel = Math.floor((start + i) / places) % at(x.dims, CHANNELS);
        const normalized = round(round(at(x.data, start + i) - mean) * inverse);
        const scaled = round(normalized * at(weight.data, channel));
        out.data[start + i] = bias === null ? scaled : round(scaled + at(bias.data, channel));
      }
    }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, weight] = [operand(operands, 0), operand(operands, 1)];
    const bias = operands[2] ?? null;
    const [rows, channels, ...places] = [operand(x.type.dims, 0), ...x.type.dims.slice(CHANNELS)];
    const groups = numberAttr(attrs, "groups");
    const length = Dim.product(x.type.dims.slice(CHANNELS)).div(groups);
    const grouped = reshape(b, x, [rows, groups, defined(length, "the groups divide the channels")]);
    const centred = b.emit("sub", [grouped, reduceKept(b, "mean", grouped, -1)]);
    const variance = reduceKept(b, "mean", b.emit("mul", [centred, centred]), -1);
    const eps = scalarConstant(b, x.type.dtype, numberAttr(attrs, "eps"));
    const inverse = b.emit("rsqrt", [b.emit("add", [variance, eps])]);
    const normalized = reshape(b, b.emit("mul", [centred, inverse]), x.type.dims);
    const column = (vector: typeof x): typeof x =>
      reshape(b, vector, [defined(channels, "x has channels"), ...places.map(() => 1)]);
    const scaled = b.emit("mul", [normalized, column(weight)]);
    return [bias === null ? scaled : b.emit("add", [scaled, column(bias)])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    {
      label: "one",
      operands: [normal(rng, [1, 1]), uniform(rng, [1]), uniform(rng, [1])],
      attrs: { groups: 1, eps: 1e-5 },
    },
    { label: "no axis behind", operands: [normal(rng, [3, 6]), uniform(rng, [6])], attrs: { groups: 2, eps: 1e-5 } },
    {
      label: "an image",
      operands: [normal(rng, [2, 6, 5, 3]), uniform(rng, [6]), uniform(rng, [6])],
      attrs: { groups: 3, eps: 1e-5 },
    },
    {
      label: "a channel a group",
      operands: [normal(rng, [2, 4, 7]), uniform(rng, [4])],
      attrs: { groups: 4, eps: 1e-6 },
    },
    {
      label: "beyond a workgroup",
      operands: [normal(rng, [2, 4, 150]), uniform(rng, [4]), uniform(rng, [4])],
      attrs: { groups: 2, eps: 1e-5 },
    },
    {
      label: "symbolic",
      operands: [normal(rng, [2, 4, 3]), uniform(rng, [4]), uniform(rng, [4])],
      types: [tensorType("f32", [Dim.symbol("B"), 4, Dim.symbol("T")]), tensorType("f32", [4]), tensorType("f32", [4])],
      symbols: { B: 2, T: 3 },
      attrs: { groups: 2, eps: 1e-5 },
    },
  ],
};

/** A sentence unless the operand is one number a channel, of the type of x. */
function vectorSentence(x: TensorType, name: string, vector: TensorType): string | undefined {
  const sentence = wrongRank(name, vector, 1, "[C]");
  if (sentence !== undefined) return sentence;
  const isMatch = vector.dtype === x.dtype && lastDim(vector).equals(operand(x.dims, CHANNELS));
  return isMatch ? undefined : butText("x", x, name, vector);
}
