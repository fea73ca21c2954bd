/**
 * exp, log, sin, cos, tanh, erf, sqrt, rsqrt, sigmoid. The accuracy is what a kernel's polynomial must reach where the
 * target's built-in promises less (WGSL: `sin` and `cos` are bounded only absolutely).
 */
import type { OpDef, UnaryScalar } from "../../ir/op-def.ts";
import { ulp } from "../../ir/op-def.ts";
import { erf as erfOf } from "../support/erf.ts";
import { FLOATS } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { elementwise, unarySamples } from "./define.ts";

function transcendental(
  name: UnaryScalar,
  doc: string,
  compute: (x: number) => number,
  units: number,
  low: number,
  high: number,
): OpDef {
  return elementwise({
    name,
    doc,
    operands: ["x"],
    dtypes: FLOATS,
    compute: (args) => compute(operand(args, 0)),
    scalar: (s, args) => s.unary(name, operand(args, 0)),
    accuracy: ulp(units),
    samples: (rng) => unarySamples(rng, { low, high }),
  });
}

export const exp = transcendental("exp", "`out = e ^ x`.", Math.exp, 4, -20, 20);
export const log = transcendental("log", "The natural logarithm; NaN for x < 0.", Math.log, 4, 0.01, 50);
export const sin = transcendental("sin", "The sine of x radians.", Math.sin, 8, -3, 3);
export const cos = transcendental("cos", "The cosine of x radians.", Math.cos, 8, -3, 3);
export const tanh = transcendental("tanh", "The hyperbolic tangent.", Math.tanh, 8, -5, 5);
export const erf = transcendental("erf", "`out = 2 / sqrt(pi) * integral of e^(-t^2) over 0..x`.", erfOf, 8, -4, 4);
export const sqrt = transcendental("sqrt", "The square root; NaN for x < 0.", Math.sqrt, 3, 0.01, 50);
export const rsqrt = transcendental("rsqrt", "`out = 1 / sqrt(x)`.", (x) => 1 / Math.sqrt(x), 3, 0.01, 50);

export const sigmoid: OpDef = elementwise({
  name: "sigmoid",
  doc: "`out = 1 / (1 + e^-x)`.",
  operands: ["x"],
  dtypes: FLOATS,
  compute: (args) => sigmoidOf(operand(args, 0)),
  scalar(s, args, _attrs, dtype) {
    // With e = e^-|x| nothing overflows: 1 / (1 + e) for x >= 0, e / (1 + e) below.
    const x = operand(args, 0);
    const one = s.constant(1, dtype);
    const e = s.unary("exp", s.unary("neg", s.unary("abs", x)));
    const isPositive = s.compare("ge", x, s.constant(0, dtype));
    return s.binary("div", s.select(isPositive, one, e), s.binary("add", one, e));
  },
  accuracy: ulp(10),
  samples: (rng) => unarySamples(rng, { low: -20, high: 20 }),
});

/** Without overflow for any x. */
export function sigmoidOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}
