/** The helpers that other tests trust: they must accept what is right and see what is wrong. */
import { describe, expect, it } from "vitest";
import { OP_LIST, OPS } from "../../src/ops/index.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "./compare-tensors.ts";
import { caseOf, evaluateCase } from "./op-case.ts";
import { randomTensor, tensorOf } from "./random-tensor.ts";
import { opTolerance, programTolerance, unitInLastPlace } from "./tolerance.ts";

const f32 = (...data: number[]): ReturnType<typeof tensorOf> => tensorOf("f32", [data.length], data);

describe("compareTensors", () => {
  const compare = (actual: number[], expected: number[], tolerance: number | Float64Array): string | undefined =>
    compareTensors(f32(...actual), f32(...expected), tolerance, { what: "add", seed: 7, repeat: "npm test" });

  it("accepts what lies within the tolerance, also on its border", () => {
    expect(compare([1, 2.5], [1, 2], 0.5)).toBeUndefined();
    expect(compare([1, 2.5], [1, 2], Float64Array.of(0, 0.5))).toBeUndefined();
    expect(compare([NaN, Infinity, -0], [NaN, Infinity, -0], 0)).toBeUndefined();
    expect(compare([-0], [0], 1e-9)).toBeUndefined();
    expect(compare([1], [1.5], NaN)).toMatch(/differ/);
  });

  it("says op, shape, seed, worst index, both values and the command", () => {
    expect(compare([1, 2.75, 4], [1, 2, 3], 0.5)).toBe(
      "add f32[3], seed 7: 2 of 3 elements differ, worst at [2]: 4, expected 3 within 0.5\n  repeat with: npm test",
    );
  });

  it("sees special values, the sign of zero, shapes and types", () => {
    expect(compare([NaN], [1], 10)).toMatch(/worst at \[0\]: NaN, expected 1/);
    expect(compare([1], [NaN], 10)).toMatch(/1, expected NaN/);
    expect(compare([Infinity], [-Infinity], 10)).toMatch(/Infinity, expected -Infinity/);
    expect(compare([-0], [0], 0)).toMatch(/differ/);
    expect(compareTensors(f32(1), tensorOf("f32", [1, 1], [1]), 1, { what: "x" })).toMatch(/the result is f32\[1\]/);
    expect(compareTensors(f32(1), tensorOf("i32", [1], [1]), 1, { what: "x" })).toMatch(/the result is f32\[1\]/);
    const [a, b] = [tensorOf("f32", [2, 3], [0, 0, 0, 0, 0, 9]), tensorOf("f32", [2, 3], [0, 0, 0, 0, 0, 0])];
    expect(compareTensors(a, b, 1, { what: "x" })).toMatch(/worst at \[1, 2\]/);
  });
});

describe("randomTensor", () => {
  it("is repeatable and holds numbers of its type", () => {
    expect(randomTensor(new Rng(1), "f16", [40])).toEqual(randomTensor(new Rng(1), "f16", [40]));
    expect(randomTensor(new Rng(1), "f32", [40])).not.toEqual(randomTensor(new Rng(2), "f32", [40]));
    const { data } = randomTensor(new Rng(1), "f32", [40]);
    expect(data.every((x) => Math.fround(x) === x)).toBe(true);
    expect(new Set(randomTensor(new Rng(1), "bool", [40]).data)).toEqual(new Set([0, 1]));
  });
});

describe("tolerances", () => {
  it("of programs: the distance of the modes, capped", () => {
    expect(programTolerance(f32(4, -8), f32(4, -8))).toBe(8 * 2 ** -22);
    expect(programTolerance(f32(0, 8), f32(2 ** -20, 8))).toBe(16 * 2 ** -20 + 8 * 2 ** -22);
    expect(programTolerance(f32(0, 8), f32(1, 8))).toBe(8e-4);
  });

  it("know the units in the last place", () => {
    expect(unitInLastPlace(1, "f32")).toBe(2 ** -23);
    expect(unitInLastPlace(-1.99, "f32")).toBe(2 ** -23);
    expect(unitInLastPlace(2, "f16")).toBe(2 ** -9);
    expect(unitInLastPlace(1e-300, "f32")).toBe(2 ** -149);
  });

  const samples = OP_LIST.flatMap((def) =>
    def
      .samples(new Rng(5))
      .flatMap((sample) => (sample.special === true ? [] : [[def.name, sample.label, def, sample] as const])),
  );
  it.each(samples)("hold for %s, %s in rounded mode", (name, _, def, sample) => {
    const opCase = caseOf(def, sample, OPS);
    const exact = evaluateCase(opCase, OPS, "exact");
    const rounded = evaluateCase(opCase, OPS, "rounded");
    const bounds = opTolerance(opCase, sample, OPS);
    exact.forEach((tensor, i) => {
      expect(compareTensors(rounded[i]!, tensor, bounds[i]!, { what: name })).toBeUndefined();
    });
  });

  it("of a product see one wrong term", () => {
    const def = OPS.get("matmul")!;
    const rng = new Rng(3);
    const operands = [randomTensor(rng, "f32", [4, 33]), randomTensor(rng, "f32", [33, 5])];
    const sample = { label: "", operands, attrs: {} };
    const opCase = caseOf(def, sample, OPS);
    const exact = evaluateCase(opCase, OPS, "exact")[0]!;
    const bound = opTolerance(opCase, sample, OPS)[0]!;
    const [row, column] = [operands[0]!.data, operands[1]!.data];
    const wrong = exact.data.map((x, i) => (i === 0 ? x - row[32]! * column[32 * 5]! : x));
    expect(compareTensors(exact, exact, bound, { what: "matmul" })).toBeUndefined();
    expect(compareTensors({ ...exact, data: wrong }, exact, bound, { what: "matmul" })).toMatch(/worst at \[0, 0\]/);
  });
});
