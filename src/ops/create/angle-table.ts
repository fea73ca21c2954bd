/** angle_table: cosines and sines of rotary position embedding, made in f64 when the model is loaded. */
import { ulp } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { defined } from "../../support/errors.ts";
import { dimAttr, numberAttr, numbersAttr } from "../support/attrs.ts";
import { resultTensor } from "../support/tensor.ts";

export const angleTable: OpDef = {
  name: "angle_table",
  doc:
    "`out[p, 0, j] = scale * cos(p * frequencies[j])`, `out[p, 1, j] = scale * sin(...)`: f32[rows, 2, F], in f64 and " +
    "then rounded. WGSL bounds `cos` only by 2^-11, so no kernel computes an angle.",
  operands: [],
  attrs: {
    frequencies: { kind: "floats", doc: "Radians per position, one for each pair of channels." },
    scale: { kind: "float", doc: "Factor of both cosine and sine.", default: 1 },
    rows: { kind: "dim", doc: "How many positions: the capacity of the context." },
  },
  traits: ["pure", "load-time"],
  infer(_operands, attrs) {
    const frequencies = numbersAttr(attrs, "frequencies");
    if (frequencies.length === 0) return "frequencies is empty, and a table needs at least one";
    return [tensorType("f32", [dimAttr(attrs, "rows"), 2, frequencies.length])];
  },
  evaluate(_operands, attrs, context) {
    const out = resultTensor(context);
    const frequencies = numbersAttr(attrs, "frequencies");
    const scale = numberAttr(attrs, "scale");
    const rows = defined(out.dims[0], "rows");
    let position = 0;
    for (let row = 0; row < rows; row++)
      for (const trig of [Math.cos, Math.sin])
        for (const frequency of frequencies) out.data[position++] = context.round(scale * trig(row * frequency), "f32");
    return [out];
  },
  accuracy: ulp(1),
  samples: (): readonly Sample[] => [
    { label: "one", operands: [], attrs: { frequencies: [1], scale: 1, rows: 1 } },
    { label: "odd", operands: [], attrs: { frequencies: [1, 0.1, 0.01], scale: 1.25, rows: 7 } },
    {
      label: "symbolic",
      operands: [],
      attrs: { frequencies: [1, 0.5], scale: 1, rows: Dim.symbol("S") },
      symbols: { S: 150 },
    },
  ],
};
