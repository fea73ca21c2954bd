/**
 * Conversions between the float types of files and of buffers: f64, f32, f16, bf16. Narrowing rounds to nearest, ties
 * to even (IEEE 754-2019, 4.3.1). Little-endian machines only, as WebGPU is.
 */
export type FloatType = "f64" | "f32" | "f16" | "bf16";

const word = new DataView(new ArrayBuffer(4));

/** The bits of the half nearest to `x` (an f32). Beyond 65520 it is infinity. */
export function toHalf(x: number): number {
  word.setFloat32(0, x);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x33000000) return sign;
  const exponent = magnitude >>> 23;
  // Below 2^-14 the half is subnormal: the mantissa, with its hidden bit, moves right.
  const isSubnormal = exponent < 113;
  const mantissa = isSubnormal ? (magnitude & 0x7fffff) | 0x800000 : magnitude - (112 << 23);
  const shift = isSubnormal ? 126 - exponent : 13;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept);
}

export function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

export function toBfloat(x: number): number {
  word.setFloat32(0, x);
  const bits = word.getUint32(0);
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Bytes of one element. */
export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { f64: 8, f32: 4, f16: 2, bf16: 2 };

export interface Converted {
  readonly bytes: Uint8Array;
  /** A finite value that became infinite, if there is one. */
  readonly overflow?: number;
}

/** Converts the elements in `bytes`, little-endian, any alignment. */
export function convertFloats(bytes: Uint8Array, from: FloatType, to: FloatType): Converted {
  if (from === to) return { bytes };
  const count = bytes.length / FLOAT_BYTES[from];
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = new Uint8Array(count * FLOAT_BYTES[to]);
  const view = new DataView(output.buffer);
  let overflow: number | undefined;
  for (let i = 0; i < count; i++) {
    const x = read(input, i, from);
    if (!write(view, i, to, x) && overflow === undefined) overflow = x;
  }
  return overflow === undefined ? { bytes: output } : { bytes: output, overflow };
}

/** An infinity or NaN among f16 values, if there is one; two values are looked at together. */
export function nonFiniteHalf(bytes: Uint8Array): number | undefined {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const pairs = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  const isSpecial = (bits: number): boolean => (bits & 0x7c00) === 0x7c00;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] ?? 0;
    if (isSpecial(pair)) return fromHalf(pair & 0xffff);
    if (isSpecial(pair >>> 16)) return fromHalf(pair >>> 16);
  }
  if (aligned.length % 4 === 0) return undefined;
  const last = (aligned.at(-2) ?? 0) | ((aligned.at(-1) ?? 0) << 8);
  return isSpecial(last) ? fromHalf(last) : undefined;
}

function read(view: DataView, i: number, type: FloatType): number {
  if (type === "f64") return view.getFloat64(i * 8, true);
  if (type === "f32") return view.getFloat32(i * 4, true);
  const bits = view.getUint16(i * 2, true);
  return type === "f16" ? fromHalf(bits) : fromBfloat(bits);
}

/** Answers false where a finite value becomes infinite. An f64 is rounded twice on its way to 16 bits. */
function write(view: DataView, i: number, type: FloatType, x: number): boolean {
  if (type === "f64") view.setFloat64(i * 8, x, true);
  else if (type === "f32") view.setFloat32(i * 4, x, true);
  else view.setUint16(i * 2, type === "f16" ? toHalf(x) : toBfloat(x), true);
  if (!Number.isFinite(x) || type === "f64") return true;
  return Number.isFinite(read(view, i, type));
}
