/** one_hot: an index as a vector with a single 1. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dimAttr, dtypeAttr } from "../support/attrs.ts";
import { iota, reshape } from "../support/emit.ts";
import { integers, vector } from "../support/sample-data.ts";
import { wrongDType } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";

export const oneHot: OpDef = {
  name: "one_hot",
  doc: "`out[..., c] = 1 where c == index[...], else 0`; all 0 where the index is outside.",
  operands: ["index"],
  attrs: {
    size: { kind: "dim", range: { least: 1 }, doc: "The size of the new last axis." },
    dtype: { kind: "dtype", doc: "The element type of the result.", default: "f32" },
  },
  traits: ["pure", "composite"],
  infer(operands, attrs) {
    const index = operand(operands, 0);
    const made = tensorType(dtypeAttr(attrs, "dtype"), [...index.dims, dimAttr(attrs, "size")]);
    return wrongDType("index", index, ["i32"]) ?? [made];
  },
  evaluate(operands, _attrs, context) {
    const index = operand(operands, 0);
    const out = resultTensor(context);
    const size = operand(out.dims, out.dims.length - 1);
    for (let position = 0; position < out.data.length; position++)
      out.data[position] = position % size === at(index.data, Math.floor(position / size)) ? 1 : 0;
    return [out];
  },
  decompose(b, operands, attrs) {
    const index = operand(operands, 0);
    const column = reshape(b, index, [...index.type.dims, 1]);
    const isHot = b.emit("eq", [column, iota(b, dimAttr(attrs, "size"))]);
    const dtype = dtypeAttr(attrs, "dtype");
    return [dtype === "bool" ? isHot : b.emit("cast", [isHot], { dtype })];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [integers(rng, [1], 0, 1)], attrs: { size: 1, dtype: "f32" } },
    { label: "odd", operands: [integers(rng, [2, 3], 0, 7)], attrs: { size: 7, dtype: "f32" } },
    { label: "outside", operands: [vector("i32", [-1, 2, 3])], attrs: { size: 3, dtype: "i32" } },
    { label: "beyond a workgroup", operands: [integers(rng, [3], 0, 100)], attrs: { size: 100, dtype: "bool" } },
    {
      label: "symbolic",
      operands: [integers(rng, [2, 3], 0, 5)],
      types: [tensorType("i32", [Dim.symbol("B"), Dim.symbol("T")])],
      symbols: { B: 2, T: 3 },
      attrs: { size: 5, dtype: "f32" },
    },
  ],
};
