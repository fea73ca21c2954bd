/**
 * Arithmetic on sizes that cannot overflow: the result is undefined where a coefficient would pass 2^53, and the caller
 * reports it. Also the limits on a size in a type.
 */
import { Dim } from "../support/dim.ts";

/** One axis of a tensor holds fewer than 2^31 elements: kernels index with 32 bits. */
export const MAX_SIZE = 2 ** 31 - 1;
export const SIZE_HELP = "a size is at least 1 and below 2^31";
/** More layers than any model has; beyond it a config value is a mistake and not a wish. */
export const MAX_LAYERS = 10_000;
/** Blocks in one list with those inside of its layers: lists in lists multiply. */
export const MAX_BLOCKS = 1_000_000;

export function isSize(x: number): boolean {
  return Number.isInteger(x) && x >= 1 && x <= MAX_SIZE;
}

/** The sum of the coefficients' magnitudes: a bound on every coefficient of a product. */
function weight(dim: Dim): number {
  return dim.entries().reduce((sum, [, coefficient]) => sum + Math.abs(coefficient), 0);
}

function fits(bound: number): boolean {
  return bound <= Number.MAX_SAFE_INTEGER;
}

export function addSizes(a: Dim, b: Dim): Dim | undefined {
  return fits(weight(a) + weight(b)) ? a.add(b) : undefined;
}

export function subtractSizes(a: Dim, b: Dim): Dim | undefined {
  return fits(weight(a) + weight(b)) ? a.sub(b) : undefined;
}

export function multiplySizes(a: Dim, b: Dim): Dim | undefined {
  return fits(weight(a) * weight(b)) ? a.mul(b) : undefined;
}

/** The elements of a tensor of these sizes, or undefined beyond 2^53. */
export function productOf(dims: readonly number[]): number | undefined {
  let product = 1;
  for (const dim of dims) {
    product *= dim;
    if (!fits(product)) return undefined;
  }
  return product;
}
