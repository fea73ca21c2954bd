/** attention: softmax(q k^T) v with grouped heads, a causal or full mask, a window and padding. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Tensor } from "../../ir/op-def.ts";
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept, reshape, scalarConstant } from "../support/emit.ts";
import { FLOATS, butText, lastDim, wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { MASKS, emitVisible, hiddenScore, isVisible, maskOperands, maskSentence } from "./attention-mask.ts";
import { attentionSamples } from "./attention-samples.ts";
import { attentionSurface } from "./attention-surface.ts";

export const attention: OpDef = {
  name: "attention",
  doc:
    "`out[b, h, t] = sum_s p[s] v[b, g, s]` with `p = softmax_s(scale * q[b, h, t] . k[b, g, s])` over the visible keys " +
    "and `g = floor(h / (H / G))`. Query t of row b stands at `offset[b] + t` (0 + t if absent); with mask = causal it " +
    "sees keys up to there, and with `window` only those after `offset[b] + t - window`; keys from `lengths[b]` on are " +
    "never seen. A query that sees no key gives 0. q: [B, H, T, D], k: [B, G, S, D], v: [B, G, S, E]. " +
    "Vaswani et al. 2017, arXiv:1706.03762; grouped heads: Ainslie et al. 2023, arXiv:2305.13245.",
  operands: ["q", "k", "v", "offset?", "window?", "lengths?"],
  attrs: {
    mask: { kind: "word", doc: "causal: no key after the query; full: all keys.", words: MASKS },
    scale: { kind: "float", doc: "Factor of the scores; 1 / sqrt(D) as a rule." },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const [q, k, v] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const sentence = headsSentence(q, k, v) ?? maskSentence(q, maskOperands(operands), attrs);
    return sentence ?? [tensorType(q.dtype, q.dims.with(3, lastDim(v)))];
  },
  evaluate(operands, attrs, context) {
    const [q, k, v] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
    const mask = maskOperands(operands);
    const out = resultTensor(context);
    const [B, H, T, D] = [at(q.dims, 0), at(q.dims, 1), at(q.dims, 2), at(q.dims, 3)];
    const [G, S, E] = [at(k.dims, 1), at(k.dims, 2), at(v.dims, 3)];
    const round = (x: number): number => context.round(x, q.dtype);
    for (let b = 0; b < B; b++)
      for (let h = 0; h < H; h++)
        for (let t = 0; t < T; t++) {
          const query = (b * H + h) * T + t;
          const group = b * G + Math.floor(h / (H / G));
          const weights = new Map<number, number>();
          for (let s = 0; s < S; s++)
            if (isVisible(mask, attrs, b, t, s))
              weights.set(s, round(dot(q, query * D, k, (group * S + s) * D, D, round) * numberAttr(attrs, "scale")));
          const sum = exponentiate(weights, round);
          for (let e = 0; e < E; e++) {
            let mixed = 0;
            for (const [s, weight] of weights)
              mixed = round(mixed + round(weight / sum) * at(v.data, (group * S + s) * E + e));
            out.data[query * E + e] = mixed;
          }
        }
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

/** Replaces each score by `e^(score - max)` and returns their sum. */
function exponentiate(scores: Map<number, number>, round: (x: number) => number): number {
  let max = -Infinity;
  for (const score of scores.values()) max = Math.max(max, score);
  let sum = 0;
  for (const [s, score] of scores) {
    const e = round(Math.exp(round(score - max)));
    scores.set(s, e);
    sum = round(sum + e);
  }
  return sum;
}

/** Heads of a group lie on an axis of their own: q [B, G, H / G, T, D], k and v [B, G, 1, S, D]. */
function decompose(b: Builder, operands: readonly (Value | null)[], attrs: Attrs): Value {
  const [q, k, v] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)];
  const [B, H, T, D] = [operand(q.type.dims, 0), operand(q.type.dims, 1), operand(q.type.dims, 2), lastDim(q.type)];
  const [G, S, E] = [operand(k.type.dims, 1), operand(k.type.dims, 2), lastDim(v.type)];
  const queries = reshape(b, q, [B, G, operand([H.div(G) ?? null], 0), T, D]);
  const keys = reshape(b, k, [B, G, 1, S, D]);
  const products = b.emit("matmul", [queries, keys], { transpose_a: false, transpose_b: true });
  const scores = b.emit("mul", [products, scalarConstant(b, q.type.dtype, numberAttr(attrs, "scale"))]);
  const visible = emitVisible(b, maskOperands(operands), attrs, { T, S });
  const weights = visible === undefined ? b.emit("softmax", [scores], { axis: 4 }) : guardedSoftmax(b, scores, visible);
  const mixed = b.emit("matmul", [weights, reshape(b, v, [B, G, 1, S, E])]);
  return reshape(b, mixed, [B, H, T, E]);
}

/** Softmax over the visible keys along the last axis; all weights are 0 where no key is visible. */
function guardedSoftmax(b: Builder, scores: Value, visible: Value): Value {
  const dtype = scores.type.dtype;
  const [zero, one] = [scalarConstant(b, dtype, 0), scalarConstant(b, dtype, 1)];
  const masked = b.emit("select", [visible, scores, hiddenScore(b, scores)]);
  const shifted = b.emit("sub", [masked, reduceKept(b, "reduce_max", masked, 4)]);
  const weights = b.emit("select", [visible, b.emit("exp", [shifted]), zero]);
  const sum = reduceKept(b, "sum", weights, 4);
  // The largest visible score contributes 1, so a sum of 0 means that nothing is visible.
  const divisor = b.emit("select", [b.emit("gt", [sum, zero]), sum, one]);
  return b.emit("div", [weights, divisor]);
}
