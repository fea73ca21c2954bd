/** The generator against its published answers, and the distributions that `sample` draws from. */
import { describe, expect, test } from "vitest";
import { gumbel, openUnit } from "../../../src/ops/random/gumbel.ts";
import { orderKey } from "../../../src/ops/random/order-key.ts";
import { threefry } from "../../../src/ops/random/threefry.ts";
import { Rng } from "../../../src/support/random.ts";
import { f32, number, run } from "./run.ts";
import { tensorOf } from "../../../src/ops/support/tensor.ts";

// Random123, kat_vectors: threefry 2x32, 20 rounds.
test.each([
  [[0, 0], [0, 0], 0x6b200159],
  [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], 0x1cb996fc],
  [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], 0xc4923a9c],
] as const)("threefry key %j counter %j", (key, counter, expected) => {
  expect(threefry({ key, counter })).toBe(expected);
});

test("uniform numbers lie in [0, 1), are f32, and have mean 1/2 and variance 1/12", () => {
  const index = tensorOf(
    "u32",
    [20000],
    Array.from({ length: 20000 }, (_, i) => i),
  );
  const zero = number("u32", 0);
  const { data } = run("random_uniform", [number("u32", 42), zero, zero, index]);
  expect(data.every((x) => x >= 0 && x < 1 && x === Math.fround(x))).toBe(true);
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
  expect(mean).toBeCloseTo(1 / 2, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

test("keys order as numbers do", () => {
  const sorted = [-Infinity, -3.5, -1e-40, 0, 1e-40, 1, 3e38, Infinity];
  const keys = sorted.map(orderKey);
  expect([...keys].sort((a, b) => a - b)).toEqual(keys);
  expect(orderKey(-0)).toBe(orderKey(0));
  expect(orderKey(NaN)).toBe(0);
  expect(keys.every((key) => key > 0 && key < 2 ** 32)).toBe(true);
});

test("the noise is finite for all bits, also where u is computed in f32", () => {
  for (const bits of [0, 1, 511, 512, 0x7fffffff, 0x80000000, 0xfffffdff, 0xffffffff]) {
    const u = openUnit(bits);
    expect(u).toBe(Math.fround(u));
    expect(u > 0 && u < 1).toBe(true);
    expect(Number.isFinite(gumbel(bits))).toBe(true);
  }
});

interface Settings {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly step?: number;
}

function draw(rows: readonly (readonly number[])[], settings: Settings): number[] {
  const { temperature = 1, topK = 0, topP = 1, minP = 0, seed = 1, step = 0 } = settings;
  const logits = f32([rows.length, rows[0]!.length], rows.flat());
  const out = run("sample", [
    logits,
    number("f32", temperature),
    number("i32", topK),
    number("f32", topP),
    number("f32", minP),
    number("u32", seed),
    number("u32", step),
  ]);
  return [...out.data];
}

/** Relative frequency of each token over many rows with the same logits. */
function frequencies(logits: readonly number[], settings: Settings): number[] {
  const count = 20000;
  const counts = logits.map(() => 0);
  for (const token of draw(new Array<readonly number[]>(count).fill(logits), settings)) counts[token]!++;
  return counts.map((n) => n / count);
}

const LOGITS = [Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05)];

describe("sample", () => {
  test("temperature 0 is argmax: first of ties, NaN loses", () => {
    expect(draw([[1, 5, 5], [NaN, -3, NaN], [NaN, NaN, NaN]], { temperature: 0 })).toEqual([1, 1, 0]); // prettier-ignore
    expect(draw([[1, 5, 5]], { temperature: NaN })).toEqual([1]);
  });

  test("the same seed and step give the same token; others do not", () => {
    const rows = Array.from({ length: 50 }, () => LOGITS);
    expect(draw(rows, { seed: 5, step: 9 })).toEqual(draw(rows, { seed: 5, step: 9 }));
    expect(draw(rows, { seed: 5, step: 9 })).not.toEqual(draw(rows, { seed: 6, step: 9 }));
    expect(draw(rows, { seed: 5, step: 9 })).not.toEqual(draw(rows, { seed: 5, step: 10 }));
  });

  test("tokens come with their probabilities", () => {
    frequencies(LOGITS, {}).forEach((p, token) => expect(Math.abs(p - Math.exp(LOGITS[token]!))).toBeLessThan(0.015));
  });

  test("temperature sharpens: probabilities to the power 1 / temperature", () => {
    const powers = [0.25, 0.09, 0.0225, 0.0025];
    const sum = powers.reduce((a, b) => a + b);
    frequencies(LOGITS, { temperature: 0.5 }).forEach((p, i) =>
      expect(Math.abs(p - powers[i]! / sum)).toBeLessThan(0.015),
    );
  });

  test("top-k keeps k, and all that tie with the k-th", () => {
    const found = frequencies(LOGITS, { topK: 2 });
    expect(found.slice(2)).toEqual([0, 0]);
    expect(found[0]).toBeCloseTo(0.625, 1);
    expect(frequencies([1, 0, 0, -1], { topK: 2 }).map((p) => p > 0)).toEqual([true, true, true, false]);
    expect(frequencies(LOGITS, { topK: 9 }).every((p) => p > 0)).toBe(true);
  });

  test("top-p keeps the smallest set with that mass", () => {
    const kept = (topP: number): boolean[] => frequencies(LOGITS, { topP }).map((p) => p > 0);
    expect(kept(0.4)).toEqual([true, false, false, false]);
    expect(kept(0.6)).toEqual([true, true, false, false]);
    expect(kept(0.79)).toEqual([true, true, false, false]);
    expect(kept(0.81)).toEqual([true, true, true, false]);
    expect(kept(1)).toEqual([true, true, true, true]);
    expect(kept(0)).toEqual([true, false, false, false]);
  });

  test("top-p counts the mass within top-k", () => {
    // Of 0.5 + 0.3, the first is 0.625.
    expect(frequencies(LOGITS, { topK: 2, topP: 0.6 }).map((p) => p > 0)).toEqual([true, false, false, false]);
    expect(frequencies(LOGITS, { topK: 2, topP: 0.65 }).map((p) => p > 0)).toEqual([true, true, false, false]);
  });

  test("min-p keeps what has that part of the largest probability, whatever the temperature", () => {
    const kept = (settings: Settings): boolean[] => frequencies(LOGITS, settings).map((p) => p > 0);
    expect(kept({ minP: 0.59 })).toEqual([true, true, false, false]);
    expect(kept({ minP: 0.61 })).toEqual([true, false, false, false]);
    expect(kept({ minP: 0.29 })).toEqual([true, true, true, false]);
    // At temperature 2 the parts are the roots: 0.775, 0.548, 0.316.
    expect(kept({ minP: 0.59, temperature: 2 })).toEqual([true, true, false, false]);
    expect(kept({ minP: 0.54, temperature: 2 })).toEqual([true, true, true, false]);
    expect(kept({ minP: 0 })).toEqual([true, true, true, true]);
    expect(kept({ minP: 1 })).toEqual([true, false, false, false]);
    expect(draw([[1, 5, 5]], { minP: 1, step: 1 })[0]).toBeGreaterThan(0);
  });

  test("min-p and top-p each take away", () => {
    expect(frequencies(LOGITS, { minP: 0.29, topP: 0.6 }).map((p) => p > 0)).toEqual([true, true, false, false]);
    expect(frequencies(LOGITS, { minP: 0.61, topP: 0.9 }).map((p) => p > 0)).toEqual([true, false, false, false]);
  });

  test("minus infinity and NaN are never drawn", () => {
    const found = frequencies([NaN, 0, -Infinity, 0], {});
    expect([found[0], found[2]]).toEqual([0, 0]);
    expect(found[1]).toBeCloseTo(0.5, 1);
    expect(frequencies([NaN, -Infinity, NaN, -Infinity], {}).map((p) => p > 0)).toEqual([false, true, false, true]);
    expect(frequencies([NaN, 0, Infinity, 3], { temperature: 100 })).toEqual([0, 0, 1, 0]);
  });

  test("bisection agrees with sorting", () => {
    const rng = new Rng(8);
    for (let round = 0; round < 20; round++) {
      const logits = Array.from({ length: 30 }, () => Math.fround(rng.normal()));
      const k = rng.int(1, 30);
      const kept = [...logits].sort((a, b) => b - a).slice(0, k);
      const tokens = draw(new Array<number[]>(100).fill(logits), { topK: k, temperature: 5, seed: round });
      for (const token of tokens) expect(kept).toContain(logits[token]);
    }
  });
});
