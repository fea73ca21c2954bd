/**
 * attention: softmax(q k^T) v with grouped heads. Which keys a query sees is in `attention-mask.ts`, what becomes of a
 * score on its way to the softmax in `attention-scores.ts`.
 */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Tensor } from "../../ir/op-def.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { numberAttr } from "../support/attrs.ts";
import type { Dim } from "../../support/dim.ts";
import { iota, reduceKept, reshape, scalarConstant } from "../support/emit.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import {
  MASKS, emitPositions, emitVisible, hiddenScore, isVisible, maskOperands, maskSentence, positionOf,
} from "./attention-mask.ts"; // prettier-ignore
import { attentionSamples } from "./attention-samples.ts";
import { emitScores, perHead, scoreOf, scoreOperands, scoreSentence } from "./attention-scores.ts";
import { attentionSurface } from "./attention-surface.ts";

export const attention: OpDef = {
  name: "attention",
  doc:
    "`out[b, h, t] = sum_s p[s] v[b, g, s]` with `p = softmax_s(score[s])` over the visible keys and " +
    "`g = floor(h / (H / G))`. The score is `x = scale * q[b, h, t] . k[b, g, s]`, with `softcap` " +
    "`softcap * tanh(x / softcap)`, then plus `bias[b, h, t, s]`, then minus `slopes[h] * (offset[b] + t - s)` (ALiBi). " +
    "With `sinks` the sum of the softmax has one more term, `e^sinks[h]`, that no value belongs to. " +
    "Query t of row b stands at `offset[b] + t` (0 + t if absent); with mask = causal it " +
    "sees keys up to there, with `window` (a number, or one for each query) only those after `offset[b] + t - window`, and with `prefix` also all " +
    "below `prefix[b]`; keys from `lengths[b]` on are " +
    "never seen. A query that sees no key gives 0. q: [B, H, T, D], k: [B, G, S, D], v: [B, G, S, E]. " +
    "Vaswani et al. 2017, arXiv:1706.03762; grouped heads: Ainslie et al. 2023, arXiv:2305.13245; soft cap: Gemma Team " +
    "2024, arXiv:2408.00118; ALiBi: Press et al. 2022, arXiv:2108.12409; sinks: Xiao et al. 2024, arXiv:2309.17453, " +
    "learned as in gpt-oss; prefix: Raffel et al. 2020, arXiv:1910.10683.",
  operands: ["q", "k", "v", "offset?", "window?", "lengths?", "prefix?", "bias?", "slopes?", "sinks?"],
  attrs: {
    mask: { kind: "word", doc: "causal: no key after the query; full: all keys.", words: MASKS },
    scale: { kind: "float", doc: "Factor of the scores; 1 / sqrt(D) as a rule." },
    softcap: { kind: "float", range: { least: 0 }, doc: "Bound of the scaled scores; 0 for none.", default: 0 },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [q, k, v] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const sentence =
      headsSentence(q, k, v) ??
      maskSentence(q, maskOperands(operands), attrs) ??
      scoreSentence(q, k, scoreOperands(operands));
    return sentence ?? [tensorType(q.dtype, q.dims.with(3, lastDim(v)))];
  },
  evaluate(operands, attrs, context) {
    const [q, v] = [operand(operands, 0), operand(operands, 2)];
    const { sinks } = scoreOperands(operands);
    const out = resultTensor(context);
    const [S, E] = [at(v.dims, 2), at(v.dims, 3)];
    const round = (x: number): number => context.round(x, q.dtype);
    visibleScores(operands, attrs, round, ({ query, group, h }, weights) => {
      const sum = exponentiate(weights, sinks === null ? undefined : at(sinks.data, h), round);
      for (let e = 0; e < E; e++) {
        let mixed = 0;
        for (const [s, weight] of weights)
          mixed = round(mixed + round(weight / sum) * at(v.data, (group * S + s) * E + e));
        out.data[query * E + e] = mixed;
      }
    });
    return [out];
  },
  decompose: (b, operands, attrs) => [decompose(b, operands, attrs)],
  accuracy: inherited,
  samples: attentionSamples,
  surface: attentionSurface,
};

function headsSentence(q: TensorType, k: TensorType, v: TensorType): string | undefined {
  const sentence =
    wrongDType("q", q, FLOATS) ??
    wrongRank("q", q, 4, "[B, H, T, D]") ??
    wrongRank("k", k, 4, "[B, G, S, D]") ??
    wrongRank("v", v, 4, "[B, G, S, E]");
  if (sentence !== undefined) return sentence;
  const isEqual = (a: TensorType, b: TensorType, axes: readonly number[]): boolean =>
    a.dtype === b.dtype && axes.every((axis) => operand(a.dims, axis).equals(operand(b.dims, axis)));
  if (!isEqual(q, k, [0, 3])) return `${butText("q", q, "k", k)}: rows, channels and element type must be equal`;
  if (!isEqual(k, v, [0, 1, 2])) return `${butText("k", k, "v", v)}: rows, heads, keys and element type must be equal`;
  const [heads, groups] = [operand(q.dims, 1), operand(k.dims, 1)];
  return heads.div(groups) === undefined
    ? `${butText("q", q, "k", k)}: ${heads} heads are no multiple of ${groups} key heads`
    : undefined;
}

/** A query of the interpreter: its number, that of its head, and that of the rows of keys it meets. */
interface QueryPlace {
  readonly query: number;
  readonly h: number;
  readonly group: number;
}

/** Calls `visit` for each query with the scores of the keys that it sees, by their numbers, in order. */
export function visibleScores(
  operands: readonly (Tensor | null)[],
  attrs: Attrs,
  round: (x: number) => number,
  visit: (place: QueryPlace, scores: Map<number, number>) => void,
): void {
  const [q, k] = [operand(operands, 0), operand(operands, 1)];
  const [mask, changes] = [maskOperands(operands), scoreOperands(operands)];
  const [B, H, T, D] = [at(q.dims, 0), at(q.dims, 1), at(q.dims, 2), at(q.dims, 3)];
  const [G, S] = [at(k.dims, 1), at(k.dims, 2)];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let t = 0; t < T; t++) {
        const query = (b * H + h) * T + t;
        const group = b * G + Math.floor(h / (H / G));
        const scores = new Map<number, number>();
        for (let s = 0; s < S; s++)
          if (isVisible(mask, attrs, b, t, s)) {
            const product = dot(q, query * D, k, (group * S + s) * D, D, round);
            const place = { b, h, t, s, position: positionOf(mask, b, t) };
            scores.set(s, scoreOf(round(product * numberAttr(attrs, "scale")), changes, attrs, place, round));
          }
        visit({ query, h, group }, scores);
      }
}

function dot(
  x: Tensor,
  xStart: number,
  y: Tensor,
  yStart: number,
  length: number,
  round: (x: number) => number,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum = round(sum + at(x.data, xStart + i) * at(y.data, yStart + i));
  return sum;
}

/** Replaces each score by `e^(score - max)` and returns their sum, that of the sink included. */
function exponentiate(scores: Map<number, number>, sink: number | undefined, round: (x: number) => number): number {
  let max = sink ?? -Infinity;
  for (const score of scores.values()) max = Math.max(max, score);
  let sum = sink === undefined ? 0 : round(Math.exp(round(sink - max)));
  for (const [s, score] of scores) {
    const e = round(Math.exp(round(score - max)));
    scores.set(s, e);
    sum = round(sum + e);
  }
  return sum;
}

/** Scores as tensor ops, f[B, G, H / G, T, S], and which of them are visible; undefined where all are. */
export function emitVisibleScores(
  b: Builder,
  operands: readonly (Value | null)[],
  attrs: Attrs,
): { readonly scores: Value; readonly visible: Value | undefined } {
  const [q, k] = [operand(operands, 0), operand(operands, 1)];
  const [B, H, T, D] = [operand(q.type.dims, 0), operand(q.type.dims, 1), operand(q.type.dims, 2), lastDim(q.type)];
  const [G, S] = [operand(k.type.dims, 1), operand(k.type.dims, 2)];
  const queries = reshape(b, q, [B, G, operand([H.div(G) ?? null], 0), T, D]);
  const keys = reshape(b, k, [B, G, 1, S, D]);
  const products = b.emit("matmul", [queries, keys], { transpose_a: false, transpose_b: true });
  const scaled = b.emit("mul", [products, scalarConstant(b, q.type.dtype, numberAttr(attrs, "scale"))]);
  const mask = maskOperands(operands);
  const changes = scoreOperands(operands);
  const scores = emitScores(b, scaled, changes, attrs, () => distances(b, emitPositions(b, mask, T), S));
  return { scores, visible: emitVisible(b, mask, attrs, { T, S }) };
}

/** Heads of a group lie on an axis of their own: q [B, G, H / G, T, D], k and v [B, G, 1, S, D]. */
function decompose(b: Builder, operands: readonly (Value | null)[], attrs: Attrs): Value {
  const [q, v] = [operand(operands, 0), operand(operands, 2)];
  const [B, G, S, E] = [operand(v.type.dims, 0), operand(v.type.dims, 1), operand(v.type.dims, 2), lastDim(v.type)];
  const { scores, visible } = emitVisibleScores(b, operands, attrs);
  const changes = scoreOperands(operands);
  const sinks = changes.sinks === null ? undefined : perHead(b, changes.sinks, scores.type);
  const weights =
    visible === undefined && sinks === undefined
      ? b.emit("softmax", [scores], { axis: 4 })
      : guardedSoftmax(b, scores, visible, sinks);
  const mixed = b.emit("matmul", [weights, reshape(b, v, [B, G, 1, S, E])]);
  return reshape(b, mixed, [...q.type.dims.slice(0, 3), E]);
}

/** From each key to each query: i32[T, S] or i32[B, 1, 1, T, S], for positions i32[..., T, 1]. */
function distances(b: Builder, positions: Value, S: Dim): Value {
  return b.emit("sub", [positions, iota(b, S)]);
}

/**
 * Softmax over the visible keys along the last axis, with one more term in the sum where there are sinks. All weights
 * are 0 where no key is visible.
 */
function guardedSoftmax(b: Builder, scores: Value, visible: Value | undefined, sinks: Value | undefined): Value {
  const dtype = scores.type.dtype;
  const [zero, one] = [scalarConstant(b, dtype, 0), scalarConstant(b, dtype, 1)];
  const masked = visible === undefined ? scores : b.emit("select", [visible, scores, hiddenScore(b, scores)]);
  const largest = reduceKept(b, "reduce_max", masked, 4);
  const max = sinks === undefined ? largest : b.emit("max", [largest, sinks]);
  const raw = b.emit("exp", [b.emit("sub", [masked, max])]);
  const weights = visible === undefined ? raw : b.emit("select", [visible, raw, zero]);
  const sum = reduceKept(b, "sum", weights, 4);
  if (sinks !== undefined)
    return b.emit("div", [weights, b.emit("add", [sum, b.emit("exp", [b.emit("sub", [sinks, max])])])]);
  // The largest visible score contributes 1, so a sum of 0 means that nothing is visible.
  const divisor = b.emit("select", [b.emit("gt", [sum, zero]), sum, one]);
  return b.emit("div", [weights, divisor]);
}
