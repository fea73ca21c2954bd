/** layer_norm: each vector of channels shifted to mean 0 and scaled to variance 1. */
import { inherited } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { numberAttr } from "../support/attrs.ts";
import { reduceKept, scalarConstant } from "../support/emit.ts";
import { normal, uniform } from "../support/sample-data.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { normSentence } from "./norm-types.ts";

export const layerNorm: OpDef = {
  name: "layer_norm",
  doc:
    "`out[..., c] = (x[..., c] - m) / sqrt(mean_c((x - m)^2) + eps) * weight[c] + bias[c]` with `m = mean_c(x)`; " +
    "weight is 1 and bias 0 where they are absent. " +
    "Ba et al. 2016, arXiv:1607.06450.",
  operands: ["x", "weight?", "bias?"],
  attrs: {
    eps: { kind: "float", range: { least: 0 }, doc: "Added to the variance, same unit as x^2.", default: 1e-5 },
  },
  traits: ["pure", "composite"],
  infer(operands) {
    const x = operand(operands, 0);
    return normSentence(x, { weight: operands[1], bias: operands[2] }) ?? [x];
  },
  evaluate(operands, attrs, context) {
    const [x, weight, bias] = [operand(operands, 0), operands[1] ?? null, operands[2] ?? null];
    const out = resultTensor(context);
    const channels = at(x.dims, x.dims.length - 1);
    const round = (value: number): number => context.round(value, x.dtype);
    for (let start = 0; start < x.data.length; start += channels) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum = round(sum + at(x.data, start + c));
      const mean = round(sum / channels);
      let squares = 0;
      for (let c = 0; c < channels; c++) squares = round(squares + round(at(x.data, start + c) - mean) ** 2);
      const inverse = round(1 / Math.sqrt(round(squares / channels) + numberAttr(attrs, "eps")));
      for (let c = 0; c < channels; c++) {
        const normalized = round(round(at(x.data, start + c) - mean) * inverse);
        const scaled = weight === null ? normalized : round(normalized * at(weight.data, c));
        out.data[start + c] = bias === null ? scaled : round(scaled + at(bias.data, c));
      }
    }
    return [out];
  },
  decompose(b, operands, attrs) {
    const [x, weight, bias] = [operand(operands, 0), operands[1] ?? null, operands[2] ?? null];
    const centred = b.emit("sub", [x, reduceKept(b, "mean", x, -1)]);
    const variance = reduceKept(b, "mean", b.emit("mul", [centred, centred]), -1);
    const eps = scalarConstant(b, x.type.dtype, numberAttr(attrs, "eps"));
    const inverse = b.emit("rsqrt", [b.emit("add", [variance, eps])]);
    const normalized = b.emit("mul", [centred, inverse]);
    const scaled = weight === null ? normalized : b.emit("mul", [normalized, weight]);
    return [bias === null ? scaled : b.emit("add", [scaled, bias])];
  },
  accuracy: inherited,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [normal(rng, [1]), uniform(rng, [1]), uniform(rng, [1])], attrs: { eps: 1e-5 } },
    { label: "neither weight nor bias", operands: [normal(rng, [3, 7])], attrs: { eps: 1e-5 } },
    { label: "a bias alone", operands: [normal(rng, [3, 7]), null, uniform(rng, [7])], attrs: { eps: 1e-5 } },
    { label: "no bias", operands: [normal(rng, [3, 7]), uniform(rng, [7])], attrs: { eps: 1e-5 } },
    {
      label: "beyond a workgroup",
      operands: [normal(rng, [2, 300]), uniform(rng, [300]), uniform(rng, [300])],
      attrs: { eps: 1e-12 },
    },
    {
      label: "symbolic",
      operands: [normal(rng, [2, 3, 5]), uniform(rng, [5]), uniform(rng, [5])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5]), tensorType("f32", [5]), tensorType("f32", [5])],
      symbols: { B: 2, T: 3 },
      attrs: { eps: 1e-5 },
    },
  ],
};
