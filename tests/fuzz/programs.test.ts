/**
 * Random programs, 100 or in a long run 1,000: they verify, read back from their text, print the same again, evaluate to
 * finite numbers, and mean the same after the passes, on or off, for one profile or another.
 */
import { describe, expect, it } from "vitest";
import {
  equalModules, parseModule, printModule, removeDead, substituteSymbols, verifyModule, walk,
} from "../../src/ir/index.ts"; // prettier-ignore
import type { Func } from "../../src/ir/index.ts";
import { OPS } from "../../src/ops/index.ts";
import { Rng } from "../../src/support/random.ts";
import { passNames } from "../../passes/manager/pipeline.ts";
import { tensorPipeline } from "../../passes/pipelines.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CPU_VARIANTS, CUDA_VARIANTS, WEBGPU_VARIANTS } from "../support/schedule-variants.ts";
import { afterPasses } from "./compiled.ts";
import { randomProgram } from "./programs.ts";
import { referenceOf } from "./reference.ts";

const SEEDS = Array.from({ length: process.env["LLMC_LONG"] === undefined ? 100 : 1000 }, (_, seed) => seed);
const VARIANTS = [...WEBGPU_VARIANTS, ...CPU_VARIANTS, ...CUDA_VARIANTS];
const programOf = (seed: number): ReturnType<typeof randomProgram> => randomProgram(new Rng(seed), OPS);

describe.each(SEEDS)("random program %i", (seed) => {
  const program = programOf(seed);
  const func = program.module.funcs[0] as Func;

  it("verifies and reads back from its text", () => {
    expect(verifyModule(program.module, OPS)).toEqual([]);
    const text = printModule(program.module, { locs: true });
    const again = parseModule(text, OPS);
    expect(equalModules(again, program.module)).toBe(true);
    expect(printModule(again, { locs: true })).toBe(text);
  });

  it("evaluates to finite numbers in both modes", () => {
    const references = referenceOf(program, OPS);
    expect(references.length).toBeGreaterThan(0);
    for (const { exact, rounded, tolerance } of references) {
      expect(exact.data.every(Number.isFinite)).toBe(true);
      expect(compareTensors(rounded, exact, tolerance, { what: "random program", seed })).toBeUndefined();
    }
  });

  it("means the same without dead ops and with sizes for its symbols", () => {
    const expected = referenceOf(program, OPS);
    for (const other of [removeDead(func, OPS), substituteSymbols(func, OPS, program.symbols)]) {
      expect(verifyModule({ ...program.module, funcs: [other] }, OPS)).toEqual([]);
      referenceOf(program, OPS, other).forEach(({ exact }, i) => {
        const problem = compareTensors(exact, expected[i]!.exact, 0, { what: "rewritten program", seed });
        expect(problem).toBeUndefined();
      });
    }
  });
});

/** What f64 may lose of a tolerance made for f32. */
const IN_F64 = 2 ** -20;

describe.each(SEEDS)("random program %i after the passes", (seed) => {
  const program = programOf(seed);
  const info = VARIANTS[seed % VARIANTS.length]!;

  it.each([
    ["all on", []],
    ["those off that can be", passNames(tensorPipeline(["forward"]))],
  ])(`means the same for ${info.name}, %s`, (_, off) => {
    const module = afterPasses(program, info, off);
    const expected = referenceOf(program, OPS);
    referenceOf(program, OPS, module.funcs[0]).forEach(({ name, exact }, i) => {
      const { exact: wanted, tolerance } = expected[i]!;
      expect(compareTensors(exact, wanted, IN_F64 * tolerance, { what: name, seed })).toBeUndefined();
    });
  });
});

describe("random programs", () => {
  it("are the same for the same seed, and differ between seeds", () => {
    expect(equalModules(programOf(3).module, programOf(3).module)).toBe(true);
    expect(equalModules(programOf(3).module, programOf(4).module)).toBe(false);
  });

  it("reach nearly every op of the list, loops and parameters", () => {
    const met = new Set<string>();
    for (const seed of SEEDS.slice(0, 100)) walk(programOf(seed).module.funcs[0]!.body, (op) => met.add(op.name));
    expect(met).toContain("repeat");
    expect(met).toContain("param");
    expect([...OPS.keys()].filter((name) => met.has(name)).length).toBeGreaterThan(0.9 * OPS.size);
  });
});
