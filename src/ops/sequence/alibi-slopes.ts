/** alibi_slopes: the published slopes of ALiBi, one number a head. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Literal } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import { numberAttr } from "../support/attrs.ts";
import { resultTensor } from "../support/tensor.ts";

export const alibiSlopes: OpDef = {
  name: "alibi_slopes",
  doc:
    "`out[h] = 2^(-8 (h + 1) / heads)` where `heads` is a power of two; otherwise the slopes of the power of two below, " +
    "then every second one of the power above: f32[heads], for `attention(..., slopes: alibi_slopes(heads))`. " +
    "Press et al. 2022, arXiv:2108.12409. Computed in f64 and then rounded.",
  operands: [],
  attrs: { heads: { kind: "int", range: { least: 1 }, doc: "How many heads." } },
  traits: ["pure", "composite"],
  infer(_operands, attrs) {
    const heads = numberAttr(attrs, "heads");
    return heads >= 1 ? [tensorType("f32", [heads])] : `heads is ${heads}, and it must be at least 1`;
  },
  evaluate(_operands, attrs, context) {
    const out = resultTensor(context);
    out.data.set(slopesOf(numberAttr(attrs, "heads")).map((slope) => context.round(slope, "f32")));
    return [out];
  },
  decompose(b, _operands, attrs) {
    const data = slopesOf(numberAttr(attrs, "heads"));
    const value: Literal = { kind: "literal", dtype: "f32", dims: [data.length], data };
    return [b.emit("constant", [], { value })];
  },
  accuracy: exact,
  samples: (): readonly Sample[] => [
    { label: "one", operands: [], attrs: { heads: 1 } },
    { label: "a power of two", operands: [], attrs: { heads: 8 } },
    { label: "odd", operands: [], attrs: { heads: 7 } },
    { label: "beyond a workgroup", operands: [], attrs: { heads: 300 } },
  ],
};

function slopesOf(heads: number): readonly number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (count: number): readonly number[] =>
    Array.from({ length: count }, (_, h) => 2 ** ((-8 * (h + 1)) / count));
  const between = slopes(2 * power).filter((_, h) => h % 2 === 0);
  return [...slopes(power), ...between.slice(0, heads - power)];
}
