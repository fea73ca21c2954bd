/** Floats as unsigned integers of the same order, for searches by bisection on bits. */

const words = new DataView(new ArrayBuffer(4));

/**
 * With `bits` the 32 bits of x as f32: `bits | 2^31` if the sign is clear, `~bits` otherwise, so larger numbers have
 * larger keys. -0 counts as +0; NaN has key 0, below -inf.
 */
export function orderKey(x: number): number {
  if (Number.isNaN(x)) return 0;
  words.setFloat32(0, x === 0 ? 0 : x);
  const bits = words.getUint32(0);
  return bits < 2 ** 31 ? bits + 2 ** 31 : 2 ** 32 - 1 - bits;
}
