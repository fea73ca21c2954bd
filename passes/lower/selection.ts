/**
 * Selecting the largest of a row one after the other, as `topk_indices` defines it: each pass over the row finds the
 * first, in descending order, of what comes behind the last one found. Keys are compared (`order-key.ts`), then
 * positions, so no two elements are equal and nothing has to be marked as taken.
 */
import type { KValue } from "../../src/kernel/ir.ts";
import { defined } from "../../src/support/errors.ts";
import type { Emitter } from "./emitter.ts";

/** An element of the row. */
export interface Found {
  readonly key: KValue;
  readonly position: KValue;
}

/** The two values that a loop carries for one. */
export function foundOf([key, position]: readonly KValue[]): Found {
  return { key: defined(key, "no key"), position: defined(position, "no position") };
}

/** The position of nothing; it is behind all positions. */
export const NOWHERE = 2 ** 31 - 1;

/** What the first pass comes behind: every element does. */
export function beforeAll(emitter: Emitter): Found {
  return { key: emitter.builder.u32(0xffffffff), position: emitter.i32(-1) };
}

/** What a pass has found before it has looked. */
export function nothing(emitter: Emitter): Found {
  return { key: emitter.builder.u32(0), position: emitter.i32(NOWHERE) };
}

/** The better of `best` and this element, if it comes behind `last`. A pass visits positions in ascending order. */
export function better(emitter: Emitter, last: Found, best: Found, { key, position }: Found): Found {
  const isTied = emitter.binary("eq", key, last.key);
  const isBehind = emitter.binary(
    "or",
    emitter.binary("lt", key, last.key),
    emitter.binary("and", isTied, emitter.binary("gt", position, last.position)),
  );
  const isFirst = emitter.binary("eq", best.position, emitter.i32(NOWHERE));
  const isLarger = emitter.binary("or", isFirst, emitter.binary("gt", key, best.key));
  const isBetter = emitter.binary("and", isBehind, isLarger);
  return {
    key: emitter.select(isBetter, key, best.key),
    position: emitter.select(isBetter, position, best.position),
  };
}
