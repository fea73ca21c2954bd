/** The generator against its published answers, and the distributions that `sample` draws from. */
import { describe, expect, test } from "vitest";
import { gumbel, openUnit } from "../../../src/ops/random/gumbel.ts";
import { inverseNormal, inverseNormalScalar } from "../../../src/ops/random/inverse-normal.ts";
import { orderKey } from "../../../src/ops/random/order-key.ts";
import { threefry } from "../../../src/ops/random/threefry.ts";
import { Rng } from "../../../src/support/random.ts";
import { f32, number, run } from "./run.ts";
import { erf } from "../../../src/ops/support/erf.ts";
import { tensorOf } from "../../../src/ops/support/tensor.ts";
import { unitInLastPlace } from "../../support/tolerance.ts";
import { roundedScalars } from "./rounded-scalars.ts";

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

/** 1, 2, ..., n as u32, and the other three words of a call. */
const drawn = (name: string, seed: number, n: number): Float64Array => {
  const index = Float64Array.from({ length: n }, (_, i) => i);
  return run(name, [number("u32", seed), number("u32", 0), number("u32", 0), tensorOf("u32", [n], index)]).data;
};

describe("normal numbers", () => {
  // DLMF and tables of the normal distribution.
  test.each([
    [0, 0],
    [0.1, 0.2533471031357997],
    [0.25, 0.6744897501960817],
    [0.4, 1.2815515655446004],
    [0.475, 1.959963984540054],
    [0.4999, 3.719016485455709],
  ])("the quantile of 1/2 + %f", (q, expected) => {
    expect(inverseNormal(q)).toBeCloseTo(expected, 12);
    expect(inverseNormal(-q)).toBe(-inverseNormal(q));
  });
  test("the distribution function gives the argument back, on both sides of the split", () => {
    for (let i = 1; i < 500; i++) expect(0.5 * erf(inverseNormal(i / 1000) * Math.SQRT1_2)).toBeCloseTo(i / 1000, 14);
  });
  test("have mean 0, variance 1 and the fourth moment of a normal distribution", () => {
    const data = drawn("random_normal", 5, 20000);
    const moment = (power: number): number => data.reduce((sum, x) => sum + x ** power, 0) / data.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.03);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.04);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3);
    expect(Math.max(...data)).toBeLessThan(5.3);
  });
  test("come within 8 ulp where every operation is rounded to f32", () => {
    const step = 2 ** -24;
    const places = [1, 3, 5, 2 ** 23 - 1, 2 ** 23 - 3, 0.425 / step, 0.425 / step + 1].map(Math.round);
    for (let k = 1; k < 2 ** 23; k += 1013) places.push(k);
    for (const k of places) {
      const [exact, { x }] = [
        inverseNormal(k * step),
        inverseNormalScalar(roundedScalars, { x: k * step, dtype: "f32" }),
      ];
      expect(Math.abs(x - exact) / unitInLastPlace(exact, "f32")).toBeLessThan(8);
    }
  });
});

test("dropout keeps the mean, drops the share p, and is a function of the seed", () => {
  const n = 20000;
  const x = tensorOf("f32", [n], new Float64Array(n).fill(1));
  const index = tensorOf(
    "u32",
    [n],
    Float64Array.from({ length: n }, (_, i) => i),
  );
  const zero = number("u32", 0);
  const dropped = (seed: number): Float64Array =>
    run("dropout", [x, number("u32", seed), zero, zero, index], { p: 0.3 }).data;
  const data = dropped(1);
  expect(new Set(data)).toEqual(new Set([0, 1 / 0.7]));
  expect(data.reduce((sum, each) => sum + each, 0) / n).toBeCloseTo(1, 1);
  const uniform = drawn("random_uniform", 1, n);
  expect(data.every((each, i) => (each === 0) === uniform[i]! < 0.3)).toBe(true);
  expect(dropped(1)).toEqual(data);
  expect(dropped(2)).not.toEqual(data);
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
