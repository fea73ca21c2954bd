/** Samples of attention: every mask, grouped heads, queries without a visible key, more keys than a workgroup. */
import type { Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import type { Tensor } from "../../ir/op-def.ts";
import { Dim } from "../../support/dim.ts";
import type { Rng } from "../../support/random.ts";
import { normal, scalar, vector } from "../support/sample-data.ts";

export function attentionSamples(rng: Rng): readonly Sample[] {
  const [B, T, S] = [Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("S")];
  const inputs = (b: number, h: number, g: number, t: number, s: number, d: number): readonly Tensor[] => [
    normal(rng, [b, h, t, d]),
    normal(rng, [b, g, s, d]),
    normal(rng, [b, g, s, d]),
  ];
  const causal = { mask: "causal", scale: 0.5 };
  const full = { mask: "full", scale: 0.5 };
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
      label: "padding, one row all padding",
      operands: [...inputs(3, 2, 2, 2, 5, 3), null, null, vector("i32", [5, 2, 0])],
      attrs: full,
    },
    { label: "one query, keys beyond a workgroup", operands: inputs(1, 2, 1, 1, 300, 4), attrs: full },
  ];
}

function otherValues(rng: Rng): readonly Tensor[] {
  return [normal(rng, [1, 3, 2, 4]), normal(rng, [1, 1, 5, 4]), normal(rng, [1, 1, 5, 2])];
}
