/**
 * exp, log, sin, cos, tanh, erf and pow in f32, written out with multiplications, additions and bit operations,
 * because WGSL promises too little for them (section 15.7.4). Coefficients of exp, log, sin, cos and tanh are those of
 * Cephes (S. Moshier 1989, `single/`), of erf a minimax fit by N. Juffa (2016). Largest errors accepted, in ulp of
 * f32: exp 2, log 1.5, tanh 2, erf 2, sin and cos 1 and an absolute 2^-24 more, for |x| < 4096. They are empirical,
 * not proven: `tests/differential/kernels.test.ts` and `wasm-kernels.test.ts` sample 128 points of every binade in
 * JavaScript, on the adapter and in WebAssembly, and find at most 1.6. pow is exp(y log |x|), tested at a few points
 * only.
 *
 * exp and tanh in WebAssembly, all 2^32 inputs (`node scripts/exhaustive-math.mjs`, 2026-11-27, 76 s and 83 s on two
 * threads): exp at most 0.9903 ulp, at 70.4030990600586, and 0.7503 of 2^-149 among subnormal results, at
 * -87.33735656738281; tanh at most 1.3303 ulp, at 0.6283095479011536, and none among subnormal ones. There NaN stays
 * NaN, and no other input gives it.
 *
 * Where the target has no infinity, results that would be infinite are the largest finite number or one near it: exp
 * gives 3.4027985e38 from 88.72284 on. Where it has, exp and log follow IEEE 754: exp(89) is infinity, log(0)
 * -infinity, log(-1) and log(NaN) NaN. exp(-infinity) is 0, tanh(infinity) 1, tanh(-infinity) -1, tanh(-0) is +0.
 * Elsewhere than in WebAssembly NaN gives no promise: WGSL may assume it absent.
 */
import type { KType, KValue } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { roundBf16, roundF16 } from "./round-half.ts";
import type { Sequence } from "./sequence.ts";

/** What the functions ask of a target. */
type Facts = Pick<TargetInfo, "hasInfinity">;

const LARGEST = 3.4028234663852886e38;
/** ln 2 and pi/2 in parts: products of the first with small integers are exact (Cody & Waite 1980). */
const LN2 = [0.693359375, -2.12194440e-4] as const; // prettier-ignore
const HALF_PI = [1.5703125, 4.837512969970703e-4, 7.549789954891882e-8] as const;

function integerOf(type: KType): KType {
  return { scalar: "i32", lanes: type.lanes };
}

/** 2^n for -126 <= n <= 127, from the exponent's bits. */
function powerOfTwo(s: Sequence, n: KValue, type: KType): KValue {
  return s.bitcast(s.binary("shl", s.binary("add", n, 127), 23), type);
}

/** exp x = 2^n exp r, |r| <= ln 2 / 2; 2^n in two factors, so that small results reach 0 gradually. */
export function exp(s: Sequence, x: KValue, { hasInfinity }: Facts): KValue {
  // log of the largest finite number below, or enough for an overflow; exp(-104) is less than half of the smallest
  // number above 0.
  const most = hasInfinity ? 89 : 88.72283172607422;
  const bounded = s.named("bounded", s.binary("max", s.binary("min", x, most), -104));
  const n = s.named("twos", s.unary("floor", s.fma(bounded, Math.LOG2E, 0.5)));
  // |x - n ln2[0]| < 1. Without the `min` llvmpipe is off by 34 ulp at -58, as if it added both parts of ln 2 first.
  const near = s.binary("min", s.fma(n, -LN2[0], bounded), 1);
  const r = s.named("rest", s.fma(n, -LN2[1], near));
  const fraction = s.polynomial(r, [
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ]); // prettier-ignore
  const power = s.named("power", s.binary("add", s.fma(s.binary("mul", r, r), fraction, r), 1));
  const exponent = s.named("exponent", s.cast(n, integerOf(x.type)));
  const half = s.named("half", s.binary("shr", exponent, 1));
  const scaled = s.binary("mul", power, powerOfTwo(s, half, x.type));
  return s.binary("mul", scaled, powerOfTwo(s, s.binary("sub", exponent, half), x.type));
}

/** log x = e ln 2 + log m, m in [sqrt 1/2, sqrt 2); without infinities the largest negative number for x <= 0. */
export function log(s: Sequence, x: KValue, { hasInfinity }: Facts): KValue {
  const bits = s.named("bits", s.bitcast(x, integerOf(x.type)));
  const exponent = s.named("exponent", s.binary("shr", s.binary("sub", bits, 0x3f3504f3), 23));
  const mantissa = s.named("mantissa", s.bitcast(s.binary("sub", bits, s.binary("shl", exponent, 23)), x.type));
  const f = s.named("fraction", s.binary("sub", mantissa, 1));
  const e = s.named("twos", s.cast(exponent, x.type));
  const z = s.named("fraction_squared", s.binary("mul", f, f));
  const tail = s.polynomial(f, [
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ]); // prettier-ignore
  const low = s.named("low", s.fma(z, -0.5, s.fma(e, LN2[1], s.binary("mul", s.binary("mul", f, z), tail))));
  const whole = s.named("logarithm", s.fma(e, LN2[0], s.binary("add", f, low)));
  if (!hasInfinity) return s.select(s.binary("le", x, 0), s.literal(-LARGEST, x.type), whole);
  const outside = s.select(s.binary("eq", x, 0), s.literal(-Infinity, x.type), s.literal(NaN, x.type));
  const inside = s.select(s.binary("gt", x, 0), whole, outside);
  // Infinity and NaN stay.
  return s.select(s.binary("lt", x, Infinity), inside, x);
}

/** sin or cos: x = q pi/2 + r, |r| <= pi/4; q mod 4 says which polynomial and sign. */
function circular(s: Sequence, x: KValue, quarterTurns: number): KValue {
  const turns = s.named("quarter_turns", s.unary("floor", s.fma(x, 2 / Math.PI, 0.5)));
  const r = HALF_PI.reduce<KValue>((rest, part) => s.fma(turns, -part, rest), x);
  const z = s.named("rest_squared", s.binary("mul", r, r));
  const sinTail = s.polynomial(z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
  const sine = s.named("sine", s.fma(s.binary("mul", sinTail, z), r, r));
  const cosTail = s.polynomial(z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
  const cosine = s.named("cosine", s.fma(s.binary("mul", cosTail, z), z, s.fma(z, -0.5, 1)));
  const quadrant = s.named("quadrant", s.binary("add", s.cast(turns, integerOf(x.type)), quarterTurns));
  const isCosine = s.named("is_cosine", s.binary("eq", s.binary("and", quadrant, 1), 1));
  const isNegative = s.named("is_negative", s.binary("eq", s.binary("and", quadrant, 2), 2));
  const size = s.named("size", s.select(isCosine, cosine, sine));
  return s.select(isNegative, s.unary("neg", size), size);
}

/** Below 0.625 an odd polynomial; above 1 - 2 / (exp(2 |x|) + 1), which is 1 from 10 on. */
export function tanh(s: Sequence, x: KValue, facts: Facts): KValue {
  const size = s.named("size", s.binary("min", s.unary("abs", x), 10));
  const z = s.named("x_squared", s.binary("mul", x, x));
  const tail = s.polynomial(z, [
    -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
  ]); // prettier-ignore
  const small = s.named("small", s.fma(s.binary("mul", z, tail), x, x));
  const grown = s.binary("add", exp(s, s.binary("add", size, size), facts), 1);
  const large = s.named("large", s.binary("sub", s.literal(1, x.type), s.binary("div", s.literal(2, x.type), grown)));
  const signed = s.named("signed", s.select(s.binary("lt", x, 0), s.unary("neg", large), large));
  return s.select(s.binary("lt", size, 0.625), small, signed);
}

/** Below 475/512 an odd polynomial; above 1 - exp(-t + t p(t)), which is 1 from 4 on. */
export function erf(s: Sequence, x: KValue, facts: Facts): KValue {
  const t = s.named("size", s.binary("min", s.unary("abs", x), 4));
  const z = s.named("x_squared", s.binary("mul", x, x));
  const near = s.polynomial(z, [
    -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1,
  ]); // prettier-ignore
  const small = s.named("small", s.fma(near, x, x));
  const far = s.polynomial(t, [
    -1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1,
  ]); // prettier-ignore
  const decay = exp(s, s.fma(far, t, s.unary("neg", t)), facts);
  const large = s.named("large", s.binary("sub", s.literal(1, x.type), decay));
  const signed = s.named("signed", s.select(s.binary("lt", x, 0), s.unary("neg", large), large));
  return s.select(s.binary("le", t, 0.927734375), small, signed);
}

/** x^y = exp(y log |x|), negative for x < 0 and odd y; x^0 = 1. The result for x < 0 and y no integer is unspecified. */
export function pow(s: Sequence, x: KValue, y: KValue, facts: Facts): KValue {
  const size = exp(s, s.binary("mul", y, log(s, s.unary("abs", x), facts)), facts);
  const halves = s.binary("mul", y, 0.5);
  const isOdd = s.binary("ne", s.unary("floor", halves), halves);
  const signed = s.select(isOdd, s.unary("neg", size), size);
  const powered = s.select(s.binary("lt", x, 0), signed, size);
  return s.select(s.binary("eq", y, 0), s.literal(1, x.type), powered);
}

export const ACCURATE_UNARY: Readonly<Record<string, (s: Sequence, x: KValue, facts: Facts) => KValue>> = {
  exp,
  log,
  tanh,
  erf,
  sin: (s, x) => circular(s, x, 0),
  cos: (s, x) => circular(s, x, 1),
  round_f16: roundF16,
  round_bf16: roundBf16,
};
