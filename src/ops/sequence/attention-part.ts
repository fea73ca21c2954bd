/**
 * attention_part: attention over fixed chunks of the keys, each by itself and not yet divided by its sum. Passes make it
 * (`split-attention`) where few queries see many keys, and put the chunks together with ordinary ops behind it.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { Rng } from "../../support/random.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept, reshape, scalarConstant } from "../support/emit.ts";
import { lastDim, wrongDType } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { attention, emitVisibleScores, visibleScores } from "./attention.ts";
import { attentionSamples } from "./attention-samples.ts";
import { scoreOperands } from "./attention-scores.ts";

/** The largest score of a chunk without a visible key: below any score, exact in f32, and differences of it are finite. */
const HIDDEN = -(2 ** 100);

export const attentionPart: OpDef = {
  name: "attention_part",
  doc:
    "`attention` over each `chunk` keys by themselves: `max[b, h, t, c]` is the largest score that the query sees among keys " +
    "`c * chunk` to `(c + 1) * chunk`, `sum` the sum of `e^(score - max)` over them, and `mix` the sum of " +
    "`e^(score - max) v[s]`. A chunk without a visible key has max -2^100 and sums 0; a sink counts in the first chunk. " +
    "With `m = max_c max` and `w[c] = e^(max[c] - m)` the attention is `sum_c w mix / sum_c w sum`. The results are " +
    "mix: f32[B, H, T, chunks, E] and max and sum: f32[B, H, T, chunks]. It has no form in the language; " +
    "the compiler makes it for long caches (Dao et al. 2023, Flash-Decoding).",
  operands: attention.operands,
  attrs: {
    ...attention.attrs,
    chunk: { kind: "int", range: { least: 1 }, doc: "Keys of a chunk." },
    chunks: { kind: "int", range: { least: 1 }, doc: "How many there are; together they hold all keys." },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const whole = attention.infer(operands, attrs);
    if (typeof whole === "string") return whole;
    const [q, k] = [operand(operands, 0), operand(operands, 1)];
    const [chunk, chunks] = [numberAttr(attrs, "chunk"), numberAttr(attrs, "chunks")];
    const keys = operand(k.dims, 2).asNumber();
    if (keys !== undefined && keys > chunk * chunks)
      return `k is ${typeText(k)}, and ${chunks} chunks of ${chunk} hold no ${keys} keys`;
    const each = [...q.dims.slice(0, 3), chunks];
    const types = [[...each, lastDim(operand(whole, 0))], each, each].map((dims) => tensorType("f32", dims));
    return wrongDType("q", q, ["f32"]) ?? types;
  },
  evaluate(operands, attrs, context) {
    const [q, v] = [operand(operands, 0), operand(operands, 2)];
    const [mix, max, sum] = [0, 1, 2].map((which) => resultTensor(context, which));
    if (mix === undefined || max === undefined || sum === undefined) return [];
    const [chunk, chunks, E] = [numberAttr(attrs, "chunk"), numberAttr(attrs, "chunks"), at(v.dims, 3)];
    const { sinks } = scoreOperands(operands);
    const round = (x: number): number => context.round(x, q.dtype);
    visibleScores(operands, attrs, round, ({ query, group, h }, scores) => {
      for (let c = 0; c < chunks; c++) {
        const place = query * chunks + c;
        const own = [...scores].filter(([s]) => Math.floor(s / chunk) === c);
        const sink = sinks === null || c > 0 ? undefined : at(sinks.data, h);
        const largest = own.reduce((m, [, score]) => Math.max(m, score), sink ?? HIDDEN);
        let total = sink === undefined ? 0 : round(Math.exp(round(sink - largest)));
        for (const [s, score] of own) {
          const weight = round(Math.exp(round(score - largest)));
          total = round(total + weight);
          for (let e = 0; e < E; e++) {
            const to = place * E + e;
            mix.data[to] = round(at(mix.data, to) + weight * at(v.data, (group * at(v.dims, 2) + s) * E + e));
          }
        }
        max.data[place] = largest;
        sum.data[place] = total;
      }
    });
    return [mix, max, sum];
  },
  decompose,
  accuracy: inherited,
  samples,
  surface: { params: [], build: () => "`attention_part` is made by the compiler; write `attention`" },
};

/** Keys are filled up to whole chunks with hidden ones, which are then told by their scores. */
function decompose(b: Builder, operands: readonly (Value | null)[], attrs: Attrs): readonly Value[] {
  const [q, v] = [operand(operands, 0), operand(operands, 2)];
  const [chunk, chunks] = [numberAttr(attrs, "chunk"), numberAttr(attrs, "chunks")];
  const { scores, visible } = emitVisibleScores(b, operands, attrs);
  const [G, S, E] = [operand(v.type.dims, 1), operand(v.type.dims, 2), lastDim(v.type)];
  const queries = q.type.dims.slice(0, 3);
  const grouped = scores.type.dims.slice(0, 4);
  const constant = (x: number): Value => scalarConstant(b, "f32", x);
  const fill = (x: Value, axis: number, value: number): Value =>
    b.emit("pad", [x], { axis, before: 0, after: S.neg().add(chunk * chunks), value });
  const masked = visible === undefined ? scores : b.emit("select", [visible, scores, constant(HIDDEN)]);
  const inChunks = reshape(b, fill(masked, 4, HIDDEN), [...grouped, chunks, chunk]);
  let max = reduceKept(b, "reduce_max", inChunks, 5);
  const { sinks } = scoreOperands(operands);
  const numbers = b.emit("iota", [], { shape: [chunks, 1], axis: 0 });
  const isFirst = b.emit("eq", [numbers, scalarConstant(b, "i32", 0)]);
  const sink =
    sinks === null
      ? undefined
      : b.emit("select", [isFirst, reshape(b, sinks, [...grouped.slice(1, 3), 1, 1, 1]), constant(HIDDEN)]);
  if (sink !== undefined) max = b.emit("max", [max, sink]);
  const raw = b.emit("exp", [b.emit("sub", [inChunks, max])]);
  const isSeen = b.emit("gt", [inChunks, constant(HIDDEN / 2)]);
  const weights = b.emit("select", [isSeen, raw, constant(0)]);
  let sum = reduceKept(b, "sum", weights, 5);
  if (sink !== undefined) {
    const weight = b.emit("exp", [b.emit("sub", [sink, max])]);
    sum = b.emit("add", [sum, b.emit("select", [isFirst, weight, constant(0)])]);
  }
  const values = reshape(b, fill(v, 2, 0), [operand(v.type.dims, 0), G, 1, 1, chunks, chunk, E]);
  const mixed = b.emit("matmul", [reshape(b, weights, [...grouped, chunks, 1, chunk]), values]);
  return [reshape(b, mixed, [...queries, chunks, E]), ...[max, sum].map((x) => reshape(b, x, [...queries, chunks]))];
}

/** Those of attention that leave bindings for three results, in chunks that end with the last key, before and after it. */
function samples(rng: Rng): readonly Sample[] {
  const bound = ({ operands }: Sample): number => operands.filter((given) => given !== null).length;
  return attentionSamples(rng)
    .filter((sample) => bound(sample) <= 5)
    .map((sample, i) => {
      const keys = at(operand(sample.operands, 1).dims, 2);
      const chunk = keys > 100 ? 128 : at([3, 4], i % 2);
      const chunks = Math.ceil(keys / chunk) + (chunk === 3 ? 1 : 0);
      return { ...sample, label: `${sample.label}, chunks of ${chunk}`, attrs: { ...sample.attrs, chunk, chunks } };
    });
}
