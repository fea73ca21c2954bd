/**
 * Every kernel that reduces by subgroups, in the kernel interpreter with subgroups of 4, 8 and 32 invocations: ops by
 * their samples, and random programs. Workgroups are larger than a subgroup, as large, and smaller; samples in large
 * workgroups take a minute and are left to `npm run test:long`.
 */
import { describe, expect, it } from "vitest";
import type { OpDef, Sample } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import type { Program } from "../../src/plan/ir.ts";
import { Rng } from "../../src/support/random.ts";
import { buildRandom, programOf } from "../fuzz/compiled.ts";
import { referenceOf } from "../fuzz/reference.ts";
import { buildProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { alone, isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runPlan } from "../support/run-plan.ts";
import { WEBGPU_VARIANTS } from "../support/schedule-variants.ts";
import { opTolerance } from "../support/tolerance.ts";

const SIZES = [4, 8, 32] as const;
const BY_SUBGROUPS = WEBGPU_VARIANTS.filter(({ hasSubgroups }) => hasSubgroups);

const IS_LONG = process.env["LLMC_LONG"] !== undefined;
const OP_VARIANTS = BY_SUBGROUPS.filter(({ tiles }) => IS_LONG || tiles.rowLanes <= 8);

function usesSubgroups({ kernels }: Program): boolean {
  return kernels.some(({ requires }) => requires.includes("subgroups"));
}

describe.each(OP_VARIANTS)("ops for $name", (info) => {
  const found = OP_LIST.filter(isLoweredAlone).flatMap((def) =>
    def.samples(new Rng(7)).flatMap((sample) => {
      // No pass writes out stores of narrow floats, which only a cast makes.
      if (caseOf(def, sample, OPS).func.body.yields.some(({ type }) => type.dtype === "f16" || type.dtype === "bf16")) return []; // prettier-ignore
      const program = programOfSample(def, sample, info);
      return usesSubgroups(program) ? [{ def, sample, program }] : [];
    }),
  );

  it("are all that share a row, a product or a query", () => {
    const names = [...new Set(found.map(({ def }) => def.name))];
    expect(names.sort()).toEqual(["argmax", "attention", "attention_part", "matmul", "mean", "reduce_max", "reduce_min", "sample", "sum", "topk_indices"]); // prettier-ignore
  });

  it.each(SIZES)("give the reference's answers with subgroups of %i", { timeout: 300_000 }, (subgroupSize) => {
    for (const { def, sample, program } of found) {
      const opCase = caseOf(def, sample, OPS);
      const results = runPlan(program, "op", { sizes: opCase.symbols, inputs: opCase.args }, { subgroupSize });
      const tolerances = opTolerance(opCase, sample, OPS);
      evaluateCase(opCase, OPS, "exact").forEach((tensor, i) => {
        const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
        const what = `${def.name} (${sample.label})`;
        expect(compareTensors(actual, tensor, tolerances[i] ?? 0, { what, seed: 7 })).toBeUndefined();
      });
    }
  });
});

describe.each(Array.from({ length: 24 }, (_, seed) => seed))("random program %i", (seed) => {
  const info = BY_SUBGROUPS[seed % BY_SUBGROUPS.length]!;
  it(`gives the reference's answers for ${info.name} at each size of subgroups`, () => {
    const program = programOf(seed);
    const { program: built } = buildRandom(program, info);
    for (const subgroupSize of SIZES) {
      const inputs = Object.fromEntries(Object.entries(program.args).filter(([name]) => name in built.plans[0]!.inputs)); // prettier-ignore
      const weights = (path: string) => program.params.get(path)!;
      const results = runPlan(built, "forward", { sizes: program.symbols, inputs, weights }, { subgroupSize });
      for (const { name, exact, tolerance } of referenceOf(program, OPS)) {
        const actual = results.read(name, exact.dtype, exact.dims);
        expect(compareTensors(actual, exact, tolerance, { what: name, seed })).toBeUndefined();
      }
    }
  });
});

/** Capacities are larger than the call, so that a size taken for a capacity is seen. */
function programOfSample(def: OpDef, sample: Sample, info: TargetInfo): Program {
  const { module, symbols } = caseOf(def, sample, OPS);
  const capacities = Object.fromEntries(Object.entries(symbols).map(([name, size]) => [name, size + 3]));
  return buildProgram(module, alone(info), { capacities }).program;
}
