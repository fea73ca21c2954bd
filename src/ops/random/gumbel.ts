/** Standard Gumbel numbers from random bits: the noise whose argmax draws from a softmax. */

/**
 * A number in (0, 1), both ends excluded: the upper 23 bits and a half. f32 holds it exactly; with 24 bits the largest
 * would round to 1 there, and its noise would be infinite.
 */
export function openUnit(bits: number): number {
  return (Math.floor(bits / 512) + 0.5) * 2 ** -23;
}

/** `-log(-log u)`. Maddison, Tarlow and Minka 2014, arXiv:1411.0030. */
export function gumbel(bits: number): number {
  return -Math.log(-Math.log(openUnit(bits)));
}
