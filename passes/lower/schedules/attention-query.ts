/**
 * What both attention kernels know of one query: where its elements are, and which keys it sees. For `attention_part` a
 * query is one chunk of keys of a query.
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import type { Dims } from "../../../src/ir/type.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { numberAttr } from "../attributes.ts";
import type { Emitter } from "../emitter.ts";
import { unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { alignRight } from "../pull.ts";
import type { Emission } from "./schedule.ts";

/** Stands for minus infinity: below any score, finite, so that differences are, and exact in f32. `attention_part` says
 * so of a chunk without a visible key. */
export const HIDDEN = -(2 ** 100);

export interface Query {
  /** The axes of queries: `[B, H, T]`, in chunks `[B, H, T, C]`. */
  readonly axes: Dims;
  /** Keys of a chunk. */
  readonly chunk?: number;
  readonly scale: number;
  /** Bound of the scaled scores; 0 for none. */
  readonly softcap: number;
  /** Channels of queries and keys, of values, and keys. */
  readonly depth: Dim;
  readonly channels: Dim;
  readonly keys: Dim;
  readonly queries: Dim;
  /** Channels of one access: 4 where both numbers of channels are multiples of four. */
  readonly width: 1 | 4;
}

export function queryOf(op: Op): Query {
  const [q, k, v] = [operandOf(op, 0), operandOf(op, 1), operandOf(op, 2)];
  const [depth, channels] = [defined(q.type.dims[3], "q has four axes"), defined(v.type.dims[3], "v has four axes")];
  const axes = result(op).type.dims.slice(0, -1);
  const chunk = op.name === "attention_part" ? numberAttr(op.attrs, "chunk") : undefined;
  return {
    axes,
    ...(chunk === undefined ? {} : { chunk }),
    scale: numberAttr(op.attrs, "scale"),
    softcap: numberAttr(op.attrs, "softcap"),
    depth,
    channels,
    keys: defined(k.type.dims[2], "k has four axes"),
    queries: Dim.product(axes),
    width: depth.div(LANES) !== undefined && channels.div(LANES) !== undefined ? LANES : 1,
  };
}

export function attentionOp({ body }: Emission): Op {
  return defined(body.ops.find(({ name }) => name === "attention" || name === "attention_part"), "no attention in the group"); // prettier-ignore
}

export function operandOf(op: Op, which: number): Value {
  return defined(op.operands[which], `attention without operand ${which}`);
}

/** The elements of one query and of the keys and values it meets; `c` counts vectors of `width` channels. */
export interface QueryElements {
  q(c: LinearIndex): KValue;
  k(s: LinearIndex, c: LinearIndex): KValue;
  v(s: LinearIndex, c: LinearIndex): KValue;
  /** The number of the key at a place of the chunk. */
  number(place: KValue): KValue;
  /** The place of the first key of the first block of `block` keys in which one may be seen. */
  from(block: number): KValue;
  /** One past the last place where a key may be seen: at most the keys of a chunk, which bounds the loop for all to see. */
  readonly to: KValue;
  /** The same by sizes alone, whatever the masks say. */
  readonly all: readonly [from: KValue, to: KValue];
  isVisible(s: KValue): KValue;
  /** Largest score and sum of weights before the first key: those of the sink, where the head has one. */
  readonly start: readonly [max: KValue, sum: KValue];
  /** The score of a product q . k with key number `s`, whose index `key` is clamped to one that can be read. */
  score(product: KValue, s: KValue, key: LinearIndex): KValue;
  /** Row-major index of channel vector `c` in the first result. */
  outIndex(c: LinearIndex): LinearIndex;
}

export function elementsOf({ emitter, puller }: Emission, op: Op, number: LinearIndex): QueryElements {
  const query = queryOf(op);
  const [q, k, v] = [operandOf(op, 0), operandOf(op, 1), operandOf(op, 2)];
  const index = unflatten(number, query.axes);
  const [b, h, t] = [0, 1, 2].map((axis) => defined(index[axis], "a query has three axes")) as [LinearIndex, LinearIndex, LinearIndex]; // prettier-ignore
  const share = defined(defined(q.type.dims[1], "heads").div(defined(k.type.dims[1], "key heads")), "whole groups of heads"); // prettier-ignore
  const group = h.quotient(share);
  const channel = (c: LinearIndex): LinearIndex =>
    query.width === 1 ? c : c.scale(LANES).add(LinearIndex.atom({ kind: "lane" }));
  const scalar = (which: number, at: readonly LinearIndex[]): KValue | undefined => {
    const value = op.operands[which];
    return value === undefined || value === null ? undefined : puller.at(value, at);
  };
  const [offset, window, lengths, prefix] = [
    scalar(3, [b]),
    windowOf(scalar, op, [b, t]),
    scalar(5, [b]),
    scalar(6, [b]),
  ];
  const [bias, slope, sink] = [op.operands[7] ?? undefined, scalar(8, [h]), scalar(9, [h])];
  const isCausal = op.attrs["mask"] === "causal";
  const position = offset === undefined ? emitter.index(t) : emitter.binary("add", offset, emitter.index(t));
  const keys = emitter.index(LinearIndex.of(query.keys));
  const next = emitter.binary("add", position, emitter.i32(1));
  const reached = prefix === undefined ? next : emitter.binary("max", next, prefix);
  const seen = isCausal ? emitter.binary("min", keys, reached) : keys;
  const chunk = chunkOf(emitter, query, index[3]);
  const last = chunk === undefined ? seen : emitter.binary("min", seen, chunk.end);
  const to = lengths === undefined ? last : emitter.binary("min", last, lengths);
  return {
    q: (c) => puller.at(q, [b, h, t, channel(c)]),
    k: (s, c) => puller.at(k, [b, group, s, channel(c)]),
    v: (s, c) => puller.at(v, [b, group, s, channel(c)]),
    number: (place) => (chunk === undefined ? place : emitter.binary("add", chunk.start, place)),
    from: (block) => {
      // What lies before the window is skipped in whole blocks, so that blocks start where they start without one.
      if (window === undefined || !isCausal || prefix !== undefined) return emitter.i32(0);
      const first = emitter.binary("add", emitter.binary("sub", position, window), emitter.i32(1));
      const before = emitter.binary("div", emitter.binary("max", first, emitter.i32(0)), emitter.i32(block));
      const skipped = emitter.binary("mul", before, emitter.i32(block));
      return chunk === undefined ? skipped : emitter.binary("max", emitter.binary("sub", skipped, chunk.start), emitter.i32(0)); // prettier-ignore
    },
    to: chunk === undefined ? to : chunk.placeOf(to),
    isVisible: (s) => {
      const isBefore = emitter.binary("lt", s, to);
      if (window === undefined || !isCausal) return isBefore;
      const isNear = emitter.binary("gt", s, emitter.binary("sub", position, window));
      const isSeen = prefix === undefined ? isNear : emitter.binary("or", isNear, emitter.binary("lt", s, prefix));
      return emitter.binary("and", isBefore, isSeen);
    },
    all: [emitter.i32(0), chunk === undefined ? keys : chunk.placeOf(keys)],
    start: startOf(emitter, sink, chunk?.isFirst),
    score: (product, s, key) => {
      let score = emitter.binary("mul", product, emitter.f32(query.scale));
      if (query.softcap !== 0) {
        const cap = emitter.f32(query.softcap);
        score = emitter.binary("mul", cap, emitter.unary("tanh", emitter.binary("div", score, cap)));
      }
      if (bias !== undefined)
        score = emitter.binary("add", score, puller.at(bias, alignRight([b, h, t, key], bias.type.dims)));
      if (slope === undefined) return score;
      const steps = emitter.cast(emitter.binary("sub", position, s), "f32");
      return emitter.binary("sub", score, emitter.binary("mul", slope, steps));
    },
    outIndex: (c) => number.scale(query.channels).add(channel(c)),
  };
}

/** How far back a query sees: one number, or the one of its place. */
function windowOf(
  scalar: (which: number, at: readonly LinearIndex[]) => KValue | undefined,
  op: Op,
  query: readonly LinearIndex[],
): KValue | undefined {
  const rank = op.operands[4]?.type.dims.length ?? 0;
  return scalar(4, query.slice(query.length - rank));
}

interface Chunk {
  readonly start: KValue;
  readonly end: KValue;
  readonly isFirst: KValue;
  /** Of a key by its number; the chunk's length for those behind it. */
  placeOf(key: KValue): KValue;
}

function chunkOf(emitter: Emitter, { chunk }: Query, number: LinearIndex | undefined): Chunk | undefined {
  if (chunk === undefined || number === undefined) return undefined;
  const start = emitter.index(number.scale(chunk));
  const end = emitter.binary("add", start, emitter.i32(chunk));
  return {
    start,
    end,
    isFirst: emitter.binary("eq", start, emitter.i32(0)),
    placeOf: (key) => emitter.binary("min", emitter.binary("sub", key, start), emitter.i32(chunk)),
  };
}

/** A sink counts once: in the first chunk. */
function startOf(
  emitter: Emitter,
  sink: KValue | undefined,
  isFirst: KValue | undefined,
): readonly [max: KValue, sum: KValue] {
  const nothing = [emitter.f32(HIDDEN), emitter.f32(0)] as const;
  if (sink === undefined) return nothing;
  if (isFirst === undefined) return [sink, emitter.f32(1)];
  return [emitter.select(isFirst, sink, nothing[0]), emitter.select(isFirst, emitter.f32(1), nothing[1])];
}
