/**
 * Float formats narrower than f64: rounding to the nearest, ties to even, with subnormals and overflow to infinity
 * (IEEE 754-2019, section 4.3.1; bfloat16 is the upper half of a binary32), and their bit patterns. One rounding from
 * f64: a value is never rounded twice.
 */

interface Format {
  /** Bits of the significand with the implicit one. */
  readonly precision: number;
  /** Exponent of the smallest normal number. */
  readonly minExponent: number;
  readonly largest: number;
}

const F16: Format = { precision: 11, minExponent: -14, largest: 65504 };
const BF16: Format = { precision: 8, minExponent: -126, largest: (2 - 2 ** -7) * 2 ** 127 };

const scratch = new DataView(new ArrayBuffer(8));

export function roundF32(x: number): number {
  return Math.fround(x);
}

export function roundF16(x: number): number {
  return roundTo(x, F16);
}

export function roundBf16(x: number): number {
  return roundTo(x, BF16);
}

/** The 16 bits of `x` rounded to binary16; NaN is 0x7e00. */
export function encodeF16(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const rounded = roundF16(x);
  const sign = rounded < 0 || Object.is(rounded, -0) ? 0x8000 : 0;
  const size = Math.abs(rounded);
  if (size === Infinity) return sign | 0x7c00;
  const exponent = Math.max(exponentOf(size), F16.minExponent);
  const significand = size / 2 ** (exponent - 10);
  // A subnormal has no implicit one, so its biased exponent comes out as 0 by itself.
  return sign | (significand + (exponent - F16.minExponent) * 1024);
}

export function decodeF16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The 16 bits of `x` rounded to bfloat16; NaN is 0x7fc0. */
export function encodeBf16(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  scratch.setFloat32(0, roundBf16(x));
  return scratch.getUint16(0);
}

export function decodeBf16(bits: number): number {
  scratch.setUint32(0, (bits & 0xffff) << 16);
  return scratch.getFloat32(0);
}

function roundTo(x: number, { precision, minExponent, largest }: Format): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const size = Math.abs(x);
  const unit = 2 ** (Math.max(exponentOf(size), minExponent) - precision + 1);
  const units = size / unit;
  const below = Math.floor(units);
  const rest = units - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  const rounded = (isUp ? below + 1 : below) * unit;
  return Math.sign(x) * (rounded > largest ? Infinity : rounded);
}

/** floor(log2(size)) from the bits; at most -1023 for subnormals of f64, which every format here rounds to 0. */
function exponentOf(size: number): number {
  scratch.setFloat64(0, size);
  return ((scratch.getUint32(0) >> 20) & 0x7ff) - 1023;
}
