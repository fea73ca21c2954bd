/** rms_norm: each vector of channels divided by its root mean square. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept, scalarConstant } from "../support/emit.ts";
import { normal, uniform } from "../support/sample-data.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { normSentence } from "./norm-types.ts";

export const rmsNorm: OpDef = {
  name: "rms_norm",
  doc: "`out[..., c] = x[..., c] / sqrt(mean_c(x^2) + eps) * weight[c]`; weight is 1 where absent. Zhang and Sennrich 2019, arXiv:1910.07467.",
  operands: ["x", "weight?"],
  attrs: {
    eps: { kind: "float", range: { least: 0 }, doc: "Added to the mean square, same unit as x^2.", default: 1e-6 },
  },
  traits: ["pure", "composite"],
  infer(operands) {
    const x = operand(operands, 0);
    return normSentence(x, { weight: operands[1] }) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const [x, weight] = [operand(operands, 0), operands[1] ?? null];
    const out = resultTensor(context);
    const channels = at(x.dims, x.dims.length - 1);
    const round = (value: number): number => context.round(value, x.dtype);
    for (let start = 0; start < x.data.length; start += channels) {
      let squares = 0;
      for (let c = 0; c < channels; c++) squares = round(squares + at(x.data, start + c) ** 2);
      const inverse = round(1 / Math.sqrt(round(squares / channels) + numberAttr(attrs, "eps")));
      for (let c = 0; c < channels; c++) {
        const normalized = round(at(x.data, start + c) * inverse);
        out.data[start + c] = weight === null ? normalized : round(normalized * at(weight.data, c));
      }
    }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, weight] = [operand(operands, 0), operands[1] ?? null];
    const meanSquare = reduceKept(b, "mean", b.emit("mul", [x, x]), -1);
    const eps = scalarConstant(b, x.type.dtype, numberAttr(attrs, "eps"));
    const inverse = b.emit("rsqrt", [b.emit("add", [meanSquare, eps])]);
    const normalized = b.emit("mul", [x, inverse]);
    return [weight === null ? normalized : b.emit("mul", [normalized, weight])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [normal(rng, [1]), uniform(rng, [1])], attrs: { eps: 1e-5 } },
    { label: "no weight", operands: [normal(rng, [3, 7])], attrs: { eps: 1e-5 } },
    { label: "odd", operands: [normal(rng, [3, 7]), uniform(rng, [7])], attrs: { eps: 1e-5 } },
    { label: "beyond a workgroup", operands: [normal(rng, [2, 300]), uniform(rng, [300])], attrs: { eps: 1e-6 } },
    { label: "all zero", operands: [uniform(rng, [2, 4], 0, 0), uniform(rng, [4])], attrs: { eps: 1e-5 } },
    {
      label: "symbolic",
      operands: [normal(rng, [2, 3, 5]), uniform(rng, [5])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5]), tensorType("f32", [5])],
      symbols: { B: 2, T: 3 },
      attrs: { eps: 1e-5 },
    },
  ],
};
