/**
 * What becomes of a score of `attention` between the scaled product and the softmax: soft cap, then bias, then slopes
 * along the distance. Sinks are checked here too; the softmax itself uses them.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import type { Tensor } from "../../ir/op-def.ts";
import { typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim, sameDims } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { reshape, scalarConstant } from "../support/emit.ts";
import { broadcastDims, butText, wrongDType, wrongRank } from "../support/shape.ts";
import { at, broadcastStrides, operand } from "../support/tensor.ts";

/** The operands of attention that change scores. */
export interface ScoreOperands<V> {
  /** Broadcasts to f[B, H, T, S]. */
  readonly bias: V | null;
  /** f[H]: what a score loses for each position between its key and its query. */
  readonly slopes: V | null;
  /** f[H]: a score without a value. */
  readonly sinks: V | null;
}

export function scoreOperands<V>(operands: readonly (V | null)[]): ScoreOperands<V> {
  return { bias: operands[7] ?? null, slopes: operands[8] ?? null, sinks: operands[9] ?? null };
}

/** A sentence unless the operands fit q: f[B, H, T, D] and k: f[B, G, S, D]. */
export function scoreSentence(q: TensorType, k: TensorType, given: ScoreOperands<TensorType>): string | undefined {
  for (const name of ["slopes", "sinks"] as const) {
    const type = given[name];
    if (type === null) continue;
    const sentence = wrongDType(name, type, [q.dtype]) ?? wrongRank(name, type, 1, "[H]");
    if (sentence !== undefined) return sentence;
    if (!operand(type.dims, 0).equals(operand(q.dims, 1)))
      return `${butText("q", q, name, type)}: it must have one number for each of the ${operand(q.dims, 1)} heads`;
  }
  const { bias } = given;
  if (bias === null) return undefined;
  const scores = [...q.dims.slice(0, 3), operand(k.dims, 2)];
  const stretched = broadcastDims(bias.dims, scores);
  const sentence = wrongDType("bias", bias, [q.dtype]);
  if (sentence !== undefined || (stretched !== undefined && sameDims(stretched, scores))) return sentence;
  return `bias is ${typeText(bias)}, and it must broadcast to the scores, which are [${scores.join(", ")}]`;
}

/** Where a score stands. */
export interface ScorePlace {
  readonly b: number;
  readonly h: number;
  readonly t: number;
  readonly s: number;
  /** Of query t: `offset[b] + t`. */
  readonly position: number;
}

/** The score of a scaled product. */
export function scoreOf(
  scaled: number,
  { bias, slopes }: ScoreOperands<Tensor>,
  attrs: Attrs,
  { b, h, t, s, position }: ScorePlace,
  round: (x: number) => number,
): number {
  const cap = numberAttr(attrs, "softcap");
  let score = cap === 0 ? scaled : round(cap * round(Math.tanh(round(scaled / cap))));
  if (bias !== null) {
    const index = [b, h, t, s];
    // Of the shape that is stretched to, only the number of axes matters here.
    const strides = broadcastStrides(bias.dims, index);
    const place = index.reduce((sum, along, axis) => sum + along * at(strides, axis), 0);
    score = round(score + at(bias.data, place));
  }
  return slopes === null ? score : round(score - round(at(slopes.data, h) * (position - s)));
}

/**
 * The same as tensor ops. scaled: f[B, G, H / G, T, S]; `distances` emits position - key, which broadcasts to it, where
 * slopes ask for it.
 */
export function emitScores(
  b: Builder,
  scaled: Value,
  { bias, slopes }: ScoreOperands<Value>,
  attrs: Attrs,
  distances: () => Value,
): Value {
  const cap = numberAttr(attrs, "softcap");
  const dtype = scaled.type.dtype;
  let scores = scaled;
  if (cap !== 0) {
    const limit = scalarConstant(b, dtype, cap);
    scores = b.emit("mul", [limit, b.emit("tanh", [b.emit("div", [scores, limit])])]);
  }
  if (bias !== null) scores = b.emit("add", [scores, byGroup(b, bias, scores.type)]);
  if (slopes === null) return scores;
  const steps = b.emit("cast", [distances()], { dtype });
  return b.emit("sub", [scores, b.emit("mul", [perHead(b, slopes, scores.type), steps])]);
}

/** One number a head, `[H]`, as [G, H / G, 1, 1]; scores: f[B, G, H / G, T, S]. */
export function perHead(b: Builder, heads: Value, scores: TensorType): Value {
  return reshape(b, heads, [operand(scores.dims, 1), operand(scores.dims, 2), 1, 1]);
}

/** A bias that broadcasts to [B, H, T, S] as one that broadcasts to the scores, f[B, G, H / G, T, S]. */
function byGroup(b: Builder, bias: Value, scores: TensorType): Value {
  const ones = Array.from({ length: 4 - bias.type.dims.length }, () => Dim.of(1));
  const [rows, heads, queries, keys] = [...ones, ...bias.type.dims];
  const isOne = heads === undefined || heads.equals(1);
  const split = isOne ? [1, 1] : [operand(scores.dims, 1), operand(scores.dims, 2)];
  return reshape(b, bias, [rows ?? 1, ...split, queries ?? 1, keys ?? 1]);
}
