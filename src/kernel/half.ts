/** Bits of the 16-bit floats: IEEE binary16 (f16) and bfloat16, rounding to nearest even. */

const word = new DataView(new ArrayBuffer(4));

function bitsOf(x: number): number {
  word.setFloat32(0, x);
  return word.getUint32(0);
}

/** The value of 16 bits of binary16. */
export function fromF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The 16 bits nearest to `x`, ties to even; overflow gives infinity. */
export function toF16(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 65520) return sign | 0x7c00;
  // The spacing of binary16 around `size`; its smallest normal exponent is -14.
  const exponent = Math.max(-14, size === 0 ? -14 : Math.floor(Math.log2(size)));
  const units = roundHalfEven(size * 2 ** (10 - exponent));
  return sign | (exponent === -14 ? units : ((exponent + 14) << 10) + units);
}

export function fromBf16(bits: number): number {
  word.setUint32(0, (bits << 16) >>> 0);
  return word.getFloat32(0);
}

/** The 16 bits nearest to `x`, which is an f32. */
export function toBf16(x: number): number {
  const bits = bitsOf(x);
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
