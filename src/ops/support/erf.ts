/** The error function in f64; JavaScript has none. */

/** Beyond this |x|, erf(x) is 1 to the last bit of f64. */
const SATURATED = 6;

/**
 * `erf(x) = 2 / sqrt(pi) * e^(-x^2) * sum_n 2^n x^(2n + 1) / (1 * 3 * ... * (2n + 1))` (Abramowitz and Stegun 7.1.6).
 * All terms have one sign, so nothing cancels: a few units in the last place.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) >= SATURATED) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
