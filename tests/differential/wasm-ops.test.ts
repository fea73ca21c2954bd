/** Every sample of every op that kernels compute, lowered alone for the cpu profiles and run in WebAssembly. */
import { describe, expect, it } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import type { OpDef, Sample } from "../../src/ir/index.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CPU_PROFILES, HAS_RELAXED } from "../support/cpu-profiles.ts";
import { isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runPlan } from "../support/run-plan.ts";
import { opTolerance } from "../support/tolerance.ts";

/** exp(y log |x|) loses the sign of zero and what powers of infinities are. */
const WITHOUT_INFINITY = ["pow"];

it("relaxed SIMD is tested where the engine has it", () => {
  expect(CPU_PROFILES.map(({ name }) => name)).toEqual(HAS_RELAXED ? ["cpu-simd", "cpu-relaxed"] : ["cpu-simd"]);
});

describe.each(CPU_PROFILES)("ops lowered alone for $name", (info) => {
  for (const def of OP_LIST.filter(isLoweredAlone))
    it(def.name, () => {
      const samples = def.samples(new Rng(7));
      for (const sample of samples)
        if (sample.special !== true || !WITHOUT_INFINITY.includes(def.name))
          expect(difference(def, sample, info)).toBeUndefined();
    });
});

function difference(def: OpDef, sample: Sample, info: TargetInfo): string | undefined {
  const opCase = caseOf(def, sample, OPS);
  // Capacities larger than the call, so that a size taken for a capacity is seen.
  const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + 3]));
  const { program, diagnostics } = lowerModule(opCase.module, { ops: OPS, info, capacities });
  expect(diagnostics).toEqual([]);
  const results = runPlan(program, "op", { sizes: opCase.symbols, inputs: opCase.args }, info);
  const tolerances = opTolerance(opCase, sample, OPS);
  for (const [i, tensor] of evaluateCase(opCase, OPS, "exact").entries()) {
    const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
    const what = `${def.name} (${sample.label})`;
    const found = compareTensors(actual, tensor, tolerances[i] ?? 0, { what, seed: 7 });
    if (found !== undefined) return found;
  }
  return undefined;
}
