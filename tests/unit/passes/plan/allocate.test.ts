/** Offsets never overlap in time and space, respect the lower bound, and come close to it on published instances. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, largestLiveSum } from "../../../../passes/plan/allocate.ts";
import type { Block } from "../../../../passes/plan/allocate.ts";

const block = fc.record({ start: fc.nat(40), length: fc.integer({ min: 1, max: 15 }), size: fc.integer({ min: 1, max: 64 }) }); // prettier-ignore
const blocks = fc.array(
  block.map(({ start, length, size }): Block => ({ start, end: start + length, size: size * 256 })),
  { maxLength: 40 },
);

/** Start, end and size in units: the search finds no placement of these at their lower bound of 23. */
const KNOT = [[1, 3, 4], [0, 4, 1], [3, 7, 1], [1, 5, 3], [3, 7, 6], [3, 7, 6], [4, 7, 4], [2, 4, 5], [5, 10, 6]] as const; // prettier-ignore

/** The first two blocks that are live together and share bytes. */
function collision(all: readonly Block[], offsets: readonly number[]): string | undefined {
  for (let i = 0; i < all.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [all[i]!, all[j]!];
      const [x, y] = [offsets[i]!, offsets[j]!];
      if (a.start < b.end && b.start < a.end && x < y + b.size && y < x + a.size) return `${i} and ${j}`;
    }
  return undefined;
}

describe("allocate", () => {
  it("never lets two live blocks share bytes", () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const { offsets, peak, lowerBound } = allocate(all);
        expect(collision(all, offsets)).toBeUndefined();
        expect(peak).toBe(Math.max(0, ...all.map((b, i) => offsets[i]! + b.size)));
        expect(peak).toBeGreaterThanOrEqual(lowerBound);
        expect(offsets.every((offset) => offset % 256 === 0)).toBe(true);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("reuses bytes when one block ends as the other starts, not when they share a step", () => {
    expect(allocate([{ start: 0, end: 2, size: 256 }, { start: 2, end: 3, size: 256 }]).peak).toBe(256); // prettier-ignore
    expect(allocate([{ start: 0, end: 3, size: 256 }, { start: 2, end: 3, size: 256 }]).peak).toBe(512); // prettier-ignore
  });

  it("knows the lower bound", () => {
    expect(largestLiveSum([])).toBe(0);
    expect(largestLiveSum([{ start: 0, end: 4, size: 3 }, { start: 1, end: 2, size: 5 }, { start: 2, end: 4, size: 4 }])).toBe(8); // prettier-ignore
  });

  it("is content with 2 % above the bound where there is much to place, and only there", () => {
    const knot = (at: number): Block[] =>
      KNOT.map(([start, end, size]) => ({ start: at + start, end: at + end, size: size * 256 }));
    const under = (times: number): Block[] => [
      { start: 0, end: times * 100, size: 256 * 5000 },
      ...Array.from({ length: times }, (_, i) => knot(i * 100)).flat(),
    ];
    const [few, many] = [allocate(under(2)), allocate(under(400))];
    for (const { peak, lowerBound } of [few, many]) {
      expect(peak).toBeGreaterThan(lowerBound);
      expect(peak / lowerBound).toBeLessThan(1.02);
    }
    expect(many.placements).toBeLessThan(few.placements / 2);
  });

  // MiniMalloc's instances are chosen to be hard: greedy by size alone reaches 1.36 of the bound in the mean.
  it.each(["A", "C"])("stays within 1.25 of the lower bound on MiniMalloc's instance %s", (name) => {
    const url = new URL(`../../../fixtures/minimalloc/${name}.1048576.csv`, import.meta.url);
    const rows = readFileSync(url, "utf8").trim().split("\n").slice(1);
    const all = rows.map((row): Block => {
      const [, start = 0, end = 0, size = 0] = row.split(",").map(Number);
      return { start, end, size };
    });
    const { offsets, peak, lowerBound } = allocate(all);
    expect(collision(all, offsets)).toBeUndefined();
    expect(lowerBound).toBeLessThanOrEqual(1048576);
    expect(peak / lowerBound).toBeLessThan(1.25);
  });
});
