/** Every sample of every op that kernels compute, lowered alone: interpreter of the tensor IR = kernel interpreter = JavaScript. */
import { describe, expect, it } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import { elementCount } from "../../src/ir/index.ts";
import type { OpDef, Sample } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runPlan } from "../support/run-plan.ts";
import type { Executor } from "../support/run-plan.ts";
import { opTolerance } from "../support/tolerance.ts";

describe.each([
  [js, "js"],
  [webgpuCpu, "js"],
  [webgpuBase, "interpreter"],
] as const)("ops lowered alone for $name", (info, executor) => {
  for (const def of OP_LIST.filter(isLoweredAlone))
    it(def.name, () => {
      for (const sample of def.samples(new Rng(7))) expect(difference(def, sample, info, executor)).toBeUndefined();
    });
});

function difference(def: OpDef, sample: Sample, info: TargetInfo, executor: Executor): string | undefined {
  const opCase = caseOf(def, sample, OPS);
  // Capacities larger than the call, so that a size taken for a capacity is seen.
  const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + 3]));
  const { program, diagnostics } = lowerModule(opCase.module, { ops: OPS, info, capacities });
  expect(diagnostics).toEqual([]);
  // Legalize does not write out stores of f16 and bf16 for targets that lack them: no pass stores a narrow float yet.
  const isNarrow = opCase.func.body.yields.some(({ type }) => type.dtype === "f16" || type.dtype === "bf16");
  const run = isNarrow ? "interpreter" : executor;
  const results = runPlan(program, "op", { sizes: opCase.symbols, inputs: opCase.args }, run);
  const expected = evaluateCase(opCase, OPS, "exact");
  const tolerances = opTolerance(opCase, sample, OPS);
  for (const [i, tensor] of expected.entries()) {
    const { type } = opCase.func.body.yields[i]!;
    expect(elementCount(type).evaluate(opCase.symbols)).toBe(tensor.data.length);
    const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
    const what = `${def.name} (${sample.label})`;
    const found = compareTensors(actual, tensor, tolerances[i] ?? 0, { what, seed: 7 });
    if (found !== undefined) return found;
  }
  return undefined;
}
