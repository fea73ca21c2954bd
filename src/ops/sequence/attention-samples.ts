/**
 * Samples of attention: every mask, everything that changes scores, grouped heads, queries without a visible key, more
 * keys than a workgroup. No sample has more than the seven operands that the smallest device binds beside a result.
 */
import type { Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import type { Tensor } from "../../ir/op-def.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { normal, scalar, tensorOfRows, vector } from "../support/sample-data.ts";

export function attentionSamples(rng: Rng): readonly Sample[] {
  const [B, T, S] = [Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("S")];
  const inputs = (b: number, h: number, g: number, t: number, s: number, d: number): readonly Tensor[] => [
    normal(rng, [b, h, t, d]),
    normal(rng, [b, g, s, d]),
    normal(rng, [b, g, s, d]),
  ];
  const causal = { mask: "causal", scale: 0.5 };
  const full = { mask: "full", scale: 0.5 };
  const near = tensorOfRows("i32", [[5, 1, 300], [0, 150, 2]]); // prettier-ignore
  return [
    { label: "one", operands: inputs(1, 1, 1, 1, 1, 1), attrs: causal },
    {
      label: "causal",
      operands: inputs(2, 2, 2, 5, 5, 3),
      types: [tensorType("f32", [B, 2, T, 3]), tensorType("f32", [B, 2, T, 3]), tensorType("f32", [B, 2, T, 3])],
      symbols: { B: 2, T: 5 },
      attrs: causal,
    },
    { label: "grouped heads, full", operands: inputs(1, 6, 2, 3, 7, 4), attrs: full },
    { label: "one key head, values of another size", operands: otherValues(rng), attrs: full },
    {
      label: "offset into a cache",
      operands: [...inputs(3, 4, 2, 3, 9, 4), vector("i32", [0, 4, 6])],
      types: [
        tensorType("f32", [B, 4, T, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("i32", [B]),
      ],
      symbols: { B: 3, T: 3, S: 9 },
      attrs: causal,
    },
    { label: "window", operands: [...inputs(1, 2, 1, 9, 9, 3), null, scalar("i32", 3)], attrs: causal },
    {
      label: "window, keys before it beyond a workgroup",
      operands: [...inputs(2, 2, 1, 3, 300, 4), vector("i32", [60, 290]), scalar("i32", 40)],
      attrs: causal,
    },
    {
      label: "offset and a huge window",
      operands: [...inputs(1, 2, 1, 2, 9, 3), vector("i32", [5]), scalar("i32", 2147483647)],
      attrs: causal,
    },
    {
      label: "a window of 0 sees nothing",
      operands: [...inputs(1, 1, 1, 2, 3, 2), null, scalar("i32", 0)],
      attrs: causal,
    },
    {
      label: "a window for each query",
      operands: [...inputs(2, 2, 1, 5, 5, 3), null, vector("i32", [1, 1, 3, 1, 2])],
      types: [
        tensorType("f32", [B, 2, T, 3]),
        tensorType("f32", [B, 1, T, 3]),
        tensorType("f32", [B, 1, T, 3]),
        null,
        tensorType("i32", [T]),
      ],
      symbols: { B: 2, T: 5 },
      attrs: causal,
    },
    {
      label: "a window for each query of each row, keys beyond a workgroup",
      operands: [...inputs(2, 4, 2, 3, 300, 4), vector("i32", [60, 290]), near],
      types: [
        tensorType("f32", [B, 4, T, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("i32", [B]),
        tensorType("i32", [B, T]),
      ],
      symbols: { B: 2, T: 3, S: 300 },
      attrs: causal,
    },
    {
      label: "padding, one row all padding",
      operands: [...inputs(3, 2, 2, 2, 5, 3), null, null, vector("i32", [5, 2, 0])],
      attrs: full,
    },
    {
      label: "another sequence, padded",
      operands: [...inputs(2, 2, 1, 3, 8, 4), null, null, vector("i32", [8, 5])],
      types: [
        tensorType("f32", [B, 2, T, 4]),
        tensorType("f32", [B, 1, S, 4]),
        tensorType("f32", [B, 1, S, 4]),
        ...[null, null],
        tensorType("i32", [B]),
      ],
      symbols: { B: 2, T: 3, S: 8 },
      attrs: full,
    },
    { label: "one query, keys beyond a workgroup", operands: inputs(1, 2, 1, 1, 300, 4), attrs: full },
    ...prefixSamples(inputs, [B, T, S]),
    ...scoreSamples(rng, inputs, [B, T, S]),
  ];
}

type Inputs = (b: number, h: number, g: number, t: number, s: number, d: number) => readonly Tensor[];

/** Keys that every query sees, beside a window and padding. */
function prefixSamples(inputs: Inputs, [B, T]: readonly [Dim, Dim, Dim]): readonly Sample[] {
  const causal = { mask: "causal", scale: 0.5 };
  return [
    {
      label: "prefix of none, some and all keys",
      operands: [...inputs(3, 2, 1, 5, 5, 3), null, null, null, vector("i32", [0, 2, 9])],
      types: [
        tensorType("f32", [B, 2, T, 3]),
        tensorType("f32", [B, 1, T, 3]),
        tensorType("f32", [B, 1, T, 3]),
        ...[null, null, null],
        tensorType("i32", [B]),
      ],
      symbols: { B: 3, T: 5 },
      attrs: causal,
    },
    {
      label: "prefix with a window and padding inside it",
      operands: [
        ...inputs(2, 2, 2, 6, 6, 4),
        ...[null, scalar("i32", 2), vector("i32", [6, 2]), vector("i32", [3, 4])],
      ],
      attrs: causal,
    },
    {
      label: "prefix and an offset, keys beyond a workgroup",
      operands: [...inputs(2, 1, 1, 2, 300, 4), vector("i32", [3, 280]), null, null, vector("i32", [290, 0])],
      attrs: causal,
    },
  ];
}

/** Soft cap, bias, slopes and sinks: alone, and together. */
function scoreSamples(rng: Rng, inputs: Inputs, [B, T, S]: readonly [Dim, Dim, Dim]): readonly Sample[] {
  const causal = { mask: "causal", scale: 0.5 };
  const full = { mask: "full", scale: 0.5 };
  const nothing = [null, null, null, null];
  return [
    { label: "one, soft cap and sink", operands: [...inputs(1, 1, 1, 1, 1, 1), ...nothing, null, null, vector("f32", [0.5])], attrs: { ...causal, softcap: 1.5 } },
    { label: "soft cap, scores far beyond it", operands: [normal(rng, [1, 2, 5, 3], 20), normal(rng, [1, 2, 5, 3], 20), normal(rng, [1, 2, 5, 3])], attrs: { ...causal, softcap: 2.5 } },
    { label: "bias of all axes", operands: [...inputs(2, 4, 2, 3, 7, 4), ...nothing, normal(rng, [2, 4, 3, 7], 2)], attrs: full },
    {
      label: "bias of heads, symbolic",
      operands: [...inputs(2, 4, 2, 3, 7, 4), vector("i32", [2, 4]), null, null, null, normal(rng, [4, 3, 7], 2)],
      types: [
        tensorType("f32", [B, 4, T, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("f32", [B, 2, S, 4]),
        tensorType("i32", [B]),
        ...[null, null, null],
        tensorType("f32", [4, T, S]),
      ],
      symbols: { B: 2, T: 3, S: 7 },
      attrs: causal,
    },
    { label: "bias of keys alone", operands: [...inputs(1, 3, 1, 2, 5, 2), ...nothing, normal(rng, [5], 3)], attrs: full },
    { label: "bias of rows and queries", operands: [...inputs(2, 2, 2, 3, 5, 3), ...nothing, normal(rng, [2, 1, 3, 1])], attrs: full },
    {
      label: "slopes with an offset, grouped heads",
      operands: [...inputs(2, 4, 2, 3, 9, 3), vector("i32", [0, 6]), ...[null, null, null, null], vector("f32", [0.5, 0.25, 0.125, 0.0625])],
      types: [
        tensorType("f32", [B, 4, T, 3]),
        tensorType("f32", [B, 2, S, 3]),
        tensorType("f32", [B, 2, S, 3]),
        tensorType("i32", [B]),
        ...[null, null, null, null],
        tensorType("f32", [4]),
      ],
      symbols: { B: 2, T: 3, S: 9 },
      attrs: causal,
    },
    { label: "slopes without a mask", operands: [...inputs(1, 2, 1, 4, 6, 4), ...nothing, null, vector("f32", [0.5, 0.125])], attrs: full },
    {
      label: "sinks: none of weight, some, all; a row sees nothing",
      operands: [...inputs(2, 3, 3, 4, 4, 3), null, null, vector("i32", [4, 0]), null, null, null, vector("f32", [-80, 0.25, 40])],
      attrs: causal,
    },
    { label: "sinks without a mask", operands: [...inputs(1, 4, 2, 3, 5, 2), ...nothing, null, null, normal(rng, [4])], attrs: full },
    {
      label: "soft cap, bias, slopes and sinks, keys beyond a workgroup",
      operands: [...inputs(1, 4, 2, 2, 300, 8), vector("i32", [297]), null, null, null, normal(rng, [4, 2, 300]), vector("f32", [0.5, 0.25, 0.125, 0.0625]), normal(rng, [4])],
      attrs: { ...causal, softcap: 4 },
    },
  ]; // prettier-ignore
}

function otherValues(rng: Rng): readonly Tensor[] {
  return [normal(rng, [1, 3, 2, 4]), normal(rng, [1, 1, 5, 4]), normal(rng, [1, 1, 5, 2])];
}
