/** softplus: the smooth form of relu, without overflow and without cancellation. */
import { ulp } from "../../ir/op-def.ts";
import type { OpDef, ScalarBuilder } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import { uniform } from "../support/sample-data.ts";
import { FLOATS } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { elementwise, unarySamples } from "./define.ts";

/**
 * Of the series in `logOnePlus`. What is left out is below `2 * 3^-25 / 25`, less than 10^-13 of the result: f64 has
 * what `evaluate` gives, and f32 all its bits.
 */
const TERMS = 12;

/**
 * `log(1 + e) = 2 artanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...)` with `s = e / (2 + e)`, for e in [0, 1]: s is at most
 * 1/3, and all terms have one sign. `log` of the sum `1 + e` would lose a small e, and WGSL has no `log1p`.
 */
function logOnePlus<E>(s: ScalarBuilder<E>, e: E, dtype: DType): E {
  const constant = (x: number): E => s.constant(x, dtype);
  const ratio = s.binary("div", e, s.binary("add", constant(2), e));
  const square = s.binary("mul", ratio, ratio);
  let sum = constant(2 / (2 * TERMS - 1));
  for (let term = TERMS - 2; term >= 0; term--)
    sum = s.binary("add", s.binary("mul", sum, square), constant(2 / (2 * term + 1)));
  return s.binary("mul", ratio, sum);
}

export const softplus: OpDef = elementwise({
  name: "softplus",
  doc: "`out = log(1 + e^x)`, computed as `max(x, 0) + log(1 + e^-|x|)`. Dugas et al. 2000.",
  operands: ["x"],
  dtypes: FLOATS,
  compute(args) {
    const x = operand(args, 0);
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  },
  scalar(s, args, _attrs, dtype) {
    const x = operand(args, 0);
    const e = s.unary("exp", s.unary("neg", s.unary("abs", x)));
    return s.binary("add", s.binary("max", x, s.constant(0, dtype)), logOnePlus(s, e, dtype));
  },
  // exp is within 4 and the division within 3; of what stands behind them, only the last three roundings count whole.
  accuracy: ulp(10),
  samples: (rng) => [
    ...unarySamples(rng, { low: -20, high: 20 }),
    { label: "where it is e^x", operands: [uniform(rng, [33], -80, -20)], attrs: {} },
    { label: "where it is x", operands: [uniform(rng, [33], 20, 1000)], attrs: {} },
  ],
});
