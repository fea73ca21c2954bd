/** rope: its frequencies as published, its rotation by hand, and its form in the language. */
import { describe, expect, test } from "vitest";
import { Builder } from "../../../src/ir/builder.ts";
import { value } from "../../../src/ir/ir.ts";
import type { SurfaceArg } from "../../../src/ir/op-def.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { OPS } from "../../../src/ops/index.ts";
import { ropeFrequencies } from "../../../src/ops/sequence/rope-frequencies.ts";
import { Dim } from "../../../src/support/dim.ts";
import { f32, i32, record, run } from "./run.ts";

const LLAMA3 = { kind: "llama3", factor: 8, low: 1, high: 4, original: 8192 } as const;

describe("frequencies", () => {
  test("plain and linear", () => {
    expect(ropeFrequencies(10000, 4, { kind: "none" })).toEqual([1, 0.01]);
    expect(ropeFrequencies(10000, 4, { kind: "linear", factor: 4 })).toEqual([0.25, 0.0025]);
  });

  test("llama3: high ones stay, low ones are divided, those between are blended", () => {
    const plain = ropeFrequencies(500000, 128, { kind: "none" });
    const scaled = ropeFrequencies(500000, 128, LLAMA3);
    const wavelength = plain.map((frequency) => (2 * Math.PI) / frequency);
    wavelength.forEach((length, j) => {
      const ratio = scaled[j]! / plain[j]!;
      if (length < 8192 / 4) expect(ratio).toBe(1);
      else if (length > 8192) expect(ratio).toBeCloseTo(1 / 8, 14);
      else expect(ratio).toBeCloseTo((1 - (8192 / length - 1) / 3) / 8 + (8192 / length - 1) / 3, 14);
    });
    const kinds = new Set(wavelength.map((length) => (length < 2048 ? "high" : length > 8192 ? "low" : "between")));
    expect(kinds.size).toBe(3);
  });
});

const YARN_TRUNCATED = [1, 0.025, 0.0025, 0.00025];
const YARN_EXACT = [1.0, 0.07069291122240923, 0.012703318703865369, 0.0028635566981650563, 0.0006454972243679028, 0.00014550669345351648, 3.2799827854423836e-5, 7.393671601942641e-6]; // prettier-ignore

/** As `_compute_yarn_parameters` of transformers 5.24 gives them in f64. */
describe("yarn", () => {
  const plain = { kind: "yarn", factor: 4, original: 32, fast: 32, slow: 1 } as const;
  const close = (found: readonly number[], expected: readonly number[]) => {
    expect(found).toHaveLength(expected.length);
    expected.forEach((each, j) => expect(found[j]! / each).toBeCloseTo(1, 12));
  };
  test("the ends of the blend rounded outwards to whole pairs", () => {
    close(ropeFrequencies(10000, 8, { ...plain, truncate: true }), YARN_TRUNCATED);
  });
  test("and not rounded", () => {
    close(ropeFrequencies(150000, 16, { ...plain, truncate: false }), YARN_EXACT);
  });
  test("bands: pairs that turn often stay, those that hardly turn are divided", () => {
    const long = { ...plain, original: 4096, factor: 32, truncate: true };
    const ratio = ropeFrequencies(150000, 64, long).map((each, j) => each * 150000 ** (j / 32));
    expect(ratio.slice(0, 9).every((each) => Math.abs(each - 1) < 1e-12)).toBe(true);
    expect(ratio.slice(18).every((each) => Math.abs(each * 32 - 1) < 1e-12)).toBe(true);
    expect(ratio.slice(9, 18).every((each, j) => each < ratio[8 + j]!)).toBe(true);
  });
});

test("longrope: a factor for each pair", () => {
  expect(ropeFrequencies(10000, 4, { kind: "longrope", factors: [2, 4] })).toEqual([0.5, 0.0025]);
});

describe("rotation", () => {
  const attrs = { frequencies: [Math.PI / 2, 0], scale: 1 };
  test("halves: channel j turns with j + F", () => {
    const out = run("rope", [f32([1, 4], [1, 2, 3, 4]), i32([1], [1])], attrs);
    [-3, 2, 1, 4].forEach((x, i) => expect(out.data[i]).toBeCloseTo(x, 14));
  });
  test("neighbours: channel 2 j turns with 2 j + 1", () => {
    const out = run("rope", [f32([1, 4], [1, 2, 3, 4]), i32([1], [1])], { ...attrs, interleaved: true });
    [-2, 1, 3, 4].forEach((x, i) => expect(out.data[i]).toBeCloseTo(x, 14));
  });
  test("position 0 changes nothing, and channels beyond pass through", () => {
    const x = f32([1, 5], [1, 2, 3, 4, 5]);
    expect(run("rope", [x, i32([1], [0])], attrs)).toEqual(x);
    expect(run("rope", [x, i32([1], [9])], attrs).data[4]).toBe(5);
  });
  test("each row has its own positions", () => {
    const x = f32([2, 1, 1, 2], [1, 0, 1, 0]);
    const out = run("rope", [x, i32([2, 1], [0, 1])], { frequencies: [Math.PI / 2] });
    [1, 0, 0, 1].forEach((y, i) => expect(out.data[i]).toBeCloseTo(y, 14));
  });
});

describe("surface", () => {
  const T = Dim.symbol("T");
  const build = (args: Readonly<Record<string, SurfaceArg>>) => {
    const b = new Builder(OPS);
    const x = value(tensorType("f32", [Dim.symbol("B"), 3, T, 8]));
    const made = record("rope").surface!.build(b, { x, theta: 10000, ...args });
    return typeof made === "string" ? made : "kind" in made ? made : b.ops;
  };
  test("brings its own positions along T", () => {
    const ops = build({});
    expect(ops).toMatchObject([{ name: "iota", attrs: { shape: [T] } }, { name: "rope" }]);
    expect(build({ positions: value(tensorType("i32", [T])) })).toHaveLength(1);
  });
  test("dims", () => {
    expect(build({ dims: 4 })).toMatchObject([{}, { attrs: { frequencies: [1, 0.01], interleaved: false } }]);
    const refused = (words: string) => ({ kind: "bad-argument", param: "dims", sentence: expect.stringContaining(words) as string }); // prettier-ignore
    expect(build({ dims: 3 })).toMatchObject(refused("dims is 3, and it must be even"));
    expect(build({ dims: 10 })).toMatchObject(refused("at most the 8 channels"));
  });
  test("scaling", () => {
    const llama3 = { scaling: "llama3", factor: 8, low: 1, high: 4, original: 8192 };
    expect(build(llama3)).toMatchObject([{}, { attrs: { frequencies: ropeFrequencies(10000, 8, LLAMA3) } }]);
    expect(build({ ...llama3, high: 1 })).toContain("low below high");
    expect(build({ scaling: "linear" })).toBe("scaling: linear needs a factor");
    expect(() => build({ scaling: "ntk" })).toThrow("ntk is none of none, default, linear, llama3, yarn, longrope");
    expect(build({ scaling: "none" })).toHaveLength(2);
    expect(build({ scale: 0.5 })).toMatchObject([{}, { attrs: { scale: 0.5 } }]);
  });
  test("yarn scales by its factor unless told otherwise", () => {
    const yarn = { scaling: "yarn", factor: 4, original: 32 };
    const frequencies = ropeFrequencies(10000, 8, { kind: "yarn", factor: 4, original: 32, fast: 32, slow: 1, truncate: true }); // prettier-ignore
    expect(build(yarn)).toMatchObject([{}, { attrs: { frequencies, scale: 0.1 * Math.log(4) + 1 } }]);
    expect(build({ ...yarn, scale: 1, truncate: false, beta_fast: 4, beta_slow: 2 })).toMatchObject([
      {},
      { attrs: { frequencies: ropeFrequencies(10000, 8, { kind: "yarn", factor: 4, original: 32, fast: 4, slow: 2, truncate: false }), scale: 1 } }, // prettier-ignore
    ]);
    expect(build({ ...yarn, factor: 0.5 })).toMatchObject([{}, { attrs: { scale: 1 } }]);
    expect(build({ scaling: "yarn", factor: 4 })).toBe("scaling: yarn needs original");
    expect(build({ ...yarn, theta: 1 })).toContain("theta above 1");
    expect(build({ ...yarn, beta_fast: 1, beta_slow: 2 })).toContain("beta_fast, here 1");
  });
  test("longrope has as many factors as pairs", () => {
    const made = build({ scaling: "longrope", factors: [1, 2, 3, 4], scale: 1.25 });
    expect(made).toMatchObject([
      {},
      { attrs: { frequencies: [1, 0.1 / 2, 0.01 / 3, 0.001 / 4].map((each) => expect.closeTo(each, 14) as number), scale: 1.25 } }, // prettier-ignore
    ]);
    expect(build({ scaling: "longrope" })).toBe("scaling: longrope needs factors");
    expect(build({ scaling: "longrope", factors: [1, 2] })).toContain("each of the 4 pairs");
    expect(build({ scaling: "longrope", factors: [1, 2, 3, 0] })).toContain("above 0");
  });
  test("transpose swaps the last two axes where no order is given", () => {
    const swap = (dims: number[]) => {
      const b = new Builder(OPS);
      const made = record("transpose").surface!.build(b, { x: value(tensorType("f32", dims)) });
      return typeof made === "string" ? made : b.ops[0]?.attrs["perm"];
    };
    expect(swap([2, 3, 4])).toEqual([0, 2, 1]);
    expect(swap([2])).toBe("x is f32[2], which has no two axes to swap");
  });
});
