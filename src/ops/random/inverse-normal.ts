/**
 * The inverse of the normal distribution function: Wichura 1988, "The percentage points of the normal distribution",
 * Applied Statistics 37, algorithm AS 241 (PPND16), without its third branch, which is for |x| > 6.7. It is written for
 * `q = u - 1/2`, which f32 holds where u has 24 bits: nothing cancels, and `x(-q) = -x(q)` holds exactly.
 */
import type { ScalarBuilder } from "../../ir/op-def.ts";

/** Up to here the first ratio, in `r = 0.425^2 - q^2`; beyond it the second, in `sqrt(-log(1/2 - |q|)) - 1.6`. */
const SPLIT = 0.425;
const SHIFT = 1.6;

interface Ratio {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** Coefficients from the constant up; all are positive, and so are both arguments. */
const CENTRE: Ratio = {
  numerator: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  denominator: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
}; // prettier-ignore
const TAIL: Ratio = {
  numerator: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  denominator: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-09,
  ],
}; // prettier-ignore

/** x with `P(X < x) = 1/2 + q`, for |q| < 1/2 - 10^-11. */
export function inverseNormal(q: number): number {
  const size = Math.abs(q);
  if (size <= SPLIT) return q * ratio(CENTRE, SPLIT ** 2 - q * q);
  return Math.sign(q) * ratio(TAIL, Math.sqrt(-Math.log(0.5 - size)) - SHIFT);
}

function ratio({ numerator, denominator }: Ratio, r: number): number {
  const at = (coefficients: readonly number[]): number => coefficients.reduceRight((sum, c) => sum * r + c);
  return at(numerator) / at(denominator);
}

/** The same in scalar operations on f32. */
export function inverseNormalScalar<E>(s: ScalarBuilder<E>, q: E): E {
  const constant = (x: number): E => s.constant(x, "f32");
  const at = (coefficients: readonly number[], r: E): E =>
    coefficients
      .slice(0, -1)
      .reduceRight(
        (sum, c) => s.binary("add", s.binary("mul", sum, r), constant(c)),
        constant(coefficients.at(-1) ?? 0),
      );
  const of = ({ numerator, denominator }: Ratio, r: E): E => s.binary("div", at(numerator, r), at(denominator, r));
  const size = s.unary("abs", q);
  const centre = s.binary("mul", q, of(CENTRE, s.binary("sub", constant(SPLIT ** 2), s.binary("mul", q, q))));
  const outside = s.unary("sqrt", s.unary("neg", s.unary("log", s.binary("sub", constant(0.5), size))));
  const far = of(TAIL, s.binary("sub", outside, constant(SHIFT)));
  const signed = s.select(s.compare("lt", q, constant(0)), s.unary("neg", far), far);
  return s.select(s.compare("le", size, constant(SPLIT)), centre, signed);
}
