/**
 * penalize: logits as the user wants them before a token is drawn: biased, and lower (or higher) for tokens that the
 * text already holds. One element at a time, so it is a composite of elementwise ops and any kernel can compute it.
 */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample, Tensor } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import type { DType, TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { elementwise } from "../elementwise/define.ts";
import { SPECIAL, integers, normal, scalar, vector } from "../support/sample-data.ts";
import { wrongDType } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";

const NAMES = ["logits", "counts", "bias", "repetition", "presence", "frequency"];

export const penalize: OpDef = elementwise({
  name: "penalize",
  doc: [
    "Logits for `sample`, element by element. `counts` says of each token how often it was generated and whether the " +
      "prompt has it: `2 * n + 1` if it does, else `2 * n`. In this order:",
    "1. `x = logits + bias`.",
    "2. Where `counts > 0` and `repetition != 1`: `x = x / repetition` for `x > 0`, else `x * repetition` (Keskar et al. " +
      "2019, arXiv:1909.05858, with the sign as in transformers).",
    "3. `out = x - presence * [n > 0] - frequency * n` with `n = floor(counts / 2)`, as in the OpenAI API.",
    "With no bias, `repetition = 1` and the others 0, `out` equals `logits`, NaN and infinities included.",
  ].join("\n"),
  operands: NAMES,
  traits: ["composite"],
  dtypes: ["f32"],
  check(types) {
    for (const [index, name] of NAMES.entries()) {
      const sentence = wrongDType(name, operand(types, index), [dtypeOf(name)]);
      if (sentence !== undefined) return { sentence };
    }
    return "f32";
  },
  compute(args) {
    const [logit, counts, bias] = [operand(args, 0), operand(args, 1), operand(args, 2)];
    const [repetition, presence, frequency] = [operand(args, 3), operand(args, 4), operand(args, 5)];
    const x = logit + bias;
    const isRepeated = counts > 0 && repetition !== 1;
    const repeated = isRepeated ? (x > 0 ? x / repetition : x * repetition) : x;
    const generated = Math.trunc(counts / 2);
    return repeated - presence * Math.min(generated, 1) - frequency * generated;
  },
  scalar(s, args) {
    const [logit, counts, bias] = [operand(args, 0), operand(args, 1), operand(args, 2)];
    const [repetition, presence, frequency] = [operand(args, 3), operand(args, 4), operand(args, 5)];
    const x = s.binary("add", logit, bias);
    const isSeen = s.compare("gt", counts, s.constant(0, "i32"));
    const isRepeated = s.binary("and", isSeen, s.compare("ne", repetition, s.constant(1, "f32")));
    const isPositive = s.compare("gt", x, s.constant(0, "f32"));
    const weakened = s.select(isPositive, s.binary("div", x, repetition), s.binary("mul", x, repetition));
    const repeated = s.select(isRepeated, weakened, x);
    const generated = s.binary("div", counts, s.constant(2, "i32"));
    const present = s.cast(s.binary("min", generated, s.constant(1, "i32")), "f32");
    const once = s.binary("sub", repeated, s.binary("mul", presence, present));
    return s.binary("sub", once, s.binary("mul", frequency, s.cast(generated, "f32")));
  },
  accuracy: inherited,
  samples,
});

function dtypeOf(name: string): DType {
  return name === "counts" ? "i32" : "f32";
}

interface Penalties {
  readonly repetition?: number;
  readonly presence?: number;
  readonly frequency?: number;
}

function penalties({ repetition = 1, presence = 0, frequency = 0 }: Penalties): readonly Tensor[] {
  return [repetition, presence, frequency].map((x) => scalar("f32", Math.fround(x)));
}

function samples(rng: Rng): readonly Sample[] {
  const of = (label: string, dims: readonly number[], given: Penalties): Sample => ({
    label,
    operands: [normal(rng, dims, 3), integers(rng, dims, 0, 6), normal(rng, dims), ...penalties(given)],
    attrs: {},
  });
  const all: Penalties = { repetition: 1.3, presence: 0.5, frequency: 0.25 };
  const [B, numbers] = [Dim.symbol("B"), SPECIAL.length];
  const float: TensorType = tensorType("f32", []);
  return [
    of("one", [1, 1], all),
    of("neutral", [3, 7], {}),
    of("repetition", [3, 7], { repetition: 1.5 }),
    of("repetition below one", [3, 7], { repetition: 0.5 }),
    of("presence", [3, 7], { presence: 0.75 }),
    of("frequency below zero", [3, 7], { frequency: -0.5 }),
    of("all, beyond a workgroup", [2, 300], all),
    {
      ...of("symbolic", [3, 9], all),
      types: [
        tensorType("f32", [B, 9]),
        tensorType("i32", [B, 9]),
        tensorType("f32", [B, 9]),
        ...[float, float, float],
      ],
      symbols: { B: 3 },
    },
    ...[{}, all].map(
      (given, which): Sample => ({
        label: which === 0 ? "special, neutral" : "special",
        operands: [
          vector("f32", SPECIAL.flatMap((x) => SPECIAL.map(() => x))),
          vector("i32", SPECIAL.flatMap(() => SPECIAL.map((_, i) => i))),
          vector("f32", new Array<number>(numbers * numbers).fill(0)),
          ...penalties(given),
        ],
        attrs: {},
        special: true,
      }),
    ),
  ]; // prettier-ignore
}
