/** Splits a list of layers into runs that repeat: `ABABABC` is `AB` three times, then `C` once. Knows only keys. */

/** Items `start` to `start + period * count` are `count` times the same `period` items. */
export interface Run {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

/** Periods beyond this are not looked for: a body of that many layers would be no shorter than the list. */
const LONGEST_PERIOD = 16;

/**
 * Greedy from the front: at each place the run that covers most items, and among those the one with the shortest
 * period. What repeats nowhere is a run of one.
 */
export function periodicRuns(keys: readonly string[]): readonly Run[] {
  const runs: Run[] = [];
  let start = 0;
  while (start < keys.length) {
    let best: Run = { start, period: 1, count: countAt(keys, start, 1) };
    for (let period = 2; period <= LONGEST_PERIOD && start + 2 * period <= keys.length; period++) {
      const count = countAt(keys, start, period);
      if (count > 1 && count * period > best.count * best.period) best = { start, period, count };
    }
    runs.push(best);
    start += best.period * best.count;
  }
  return runs;
}

/** How often the `period` items at `start` stand one after the other. */
function countAt(keys: readonly string[], start: number, period: number): number {
  let length = period;
  while (start + length < keys.length && keys[start + length] === keys[start + (length % period)]) length++;
  return Math.max(1, Math.floor(length / period));
}
