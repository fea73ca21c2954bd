/**
 * The order that `argsort`, `sort` and `topk` share: by number, NaN below all numbers (as in the key of
 * `random/order-key.ts`), -0 equal to 0. Equal elements keep the order of their indices, whichever way is asked for.
 */
import { at } from "../support/tensor.ts";

export const ORDER_DOC =
  "NaN counts as less than every number, -0 as 0; equal elements stand in the order of their indices";

/** The positions of `length` elements in their order. */
export function positionsInOrder(
  length: number,
  isDescending: boolean,
  read: (index: number) => number,
): readonly number[] {
  const elements = Array.from({ length }, (_, index) => read(index));
  const sign = isDescending ? -1 : 1;
  // The sort of JavaScript is stable.
  return Array.from(elements.keys()).sort((a, b) => sign * compared(at(elements, a), at(elements, b)));
}

/** -1 where x comes before y among ascending numbers, 1 where behind, 0 where they are equal. */
function compared(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x));
  return Number(x > y) - Number(x < y);
}
