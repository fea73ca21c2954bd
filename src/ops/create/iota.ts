/** iota: the index along an axis. The only place where the position of a token enters a model. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { InternalError } from "../../support/errors.ts";
import { dimsAttr, numberAttr } from "../support/attrs.ts";
import { iota as emitIota } from "../support/emit.ts";
import { findAxis } from "../support/shape.ts";
import { axisView, resultTensor } from "../support/tensor.ts";

export const iota: OpDef = {
  name: "iota",
  doc: "`out[..., i, ...] = i` with i the index along `axis`: i32[shape]. `iota(T)` is 0, 1, ..., T - 1.",
  operands: [],
  attrs: {
    shape: { kind: "dims", doc: "The sizes of the result." },
    axis: { kind: "int", doc: "The axis that is counted; negative ones count from the back." },
  },
  traits: ["pure"],
  infer(_operands, attrs) {
    const shape = dimsAttr(attrs, "shape");
    const axis = numberAttr(attrs, "axis");
    if (findAxis(axis, shape.length) === undefined)
      return `there is no axis ${axis}: shape is [${shape.map(String).join(", ")}]`;
    return [tensorType("i32", shape)];
  },
  evaluate(_operands, attrs, context) {
    const out = resultTensor(context);
    const axis = findAxis(numberAttr(attrs, "axis"), out.dims.length) ?? 0;
    const { length, inner } = axisView(out.dims, axis);
    for (let position = 0; position < out.data.length; position++)
      out.data[position] = Math.floor(position / inner) % length;
    return [out];
  },
  accuracy: exact,
  samples: (): readonly Sample[] => [
    { label: "one", operands: [], attrs: { shape: [1], axis: 0 } },
    { label: "odd, last axis", operands: [], attrs: { shape: [3, 7], axis: -1 } },
    { label: "odd, first axis", operands: [], attrs: { shape: [3, 7], axis: 0 } },
    { label: "beyond a workgroup", operands: [], attrs: { shape: [300], axis: 0 } },
    { label: "symbolic", operands: [], attrs: { shape: [Dim.symbol("T")], axis: 0 }, symbols: { T: 5 } },
  ],
  surface: {
    params: [{ name: "size", kind: "dim", range: { least: 1 }, doc: "How many indices." }],
    build(b, { size }) {
      if (typeof size === "number" || size instanceof Dim) return emitIota(b, size);
      throw new InternalError("iota: size is no size");
    },
  },
};
