/**
 * Every sample of every composite that has no kernel of its own, as the whole function of a program: decomposed, fused
 * and scheduled as a model is, in JavaScript, WebAssembly, on WebGPU and in the CUDA simulator.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Module } from "../../src/ir/index.ts";
import { hasTrait } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuCpu } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { runPlan } from "../support/run-plan.ts";
import type { PlanArguments, PlanResults } from "../support/run-plan.ts";
import { opTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

/** Milliseconds for compiling all kernels of an op on a loaded machine, without a shader cache. */
const COLD = 300_000;

const CASES = OP_LIST.filter((def) => hasTrait(def, "composite") && !isLoweredAlone(def)).flatMap((def) =>
  def
    .samples(new Rng(7))
    .filter((sample) => sample.special !== true)
    .map((sample) => ({ name: def.name, sample, opCase: caseOf(def, sample, OPS) })),
);
type Case = (typeof CASES)[number];
const NAMES = [...new Set(CASES.map(({ name }) => name))];
const casesOf = (name: string): readonly Case[] => CASES.filter((found) => found.name === name);

/** As `@forward`, built with capacities larger than the call, so that a size taken for a capacity is seen. */
function built({ opCase }: Case, info: TargetInfo): BuiltProgram {
  const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + 3]));
  const module: Module = { ...opCase.module, funcs: [{ ...opCase.func, name: "forward" }] };
  return buildProgram(module, info, { capacities: { B: 4, T: 8, S: 16, ...capacities }, tensorPasses: true });
}

function difference({ name, sample, opCase }: Case, results: Pick<PlanResults, "read">): string | undefined {
  const tolerances = opTolerance(opCase, sample, OPS);
  return evaluateCase(opCase, OPS, "exact")
    .map((tensor, i) => {
      const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
      return compareTensors(actual, tensor, tolerances[i] ?? 0, { what: `${name} (${sample.label})`, seed: 7 });
    })
    .find((problem) => problem !== undefined);
}

function callOf({ opCase }: Case): PlanArguments {
  return { sizes: opCase.symbols, inputs: opCase.args };
}

describe.each([js, ...CPU_PROFILES])("composites for $name", (info) => {
  it.each(NAMES)("%s", (name) => {
    for (const found of casesOf(name)) {
      const executor = info === js ? "js" : info;
      const results = runPlan(built(found, info).program, "forward", callOf(found), executor);
      expect(difference(found, results)).toBeUndefined();
    }
  });
});

describe("composites on WebGPU", () => {
  let adapter: OpenAdapter | undefined;
  let device: WebGpuDevice | undefined;
  beforeAll(async () => {
    adapter = await openAdapter();
    device = adapter === undefined ? undefined : WebGpuDevice.inject(adapter.device);
    if (adapter === undefined) console.log("skipped: composites on WebGPU, because there is no adapter");
  });
  afterAll(() => adapter?.close());

  it.each(NAMES)("%s", { timeout: COLD }, async (name) => {
    if (device === undefined) return;
    for (const found of casesOf(name)) {
      const program = built(found, webgpuCpu);
      expect(difference(found, await runOnDevice(device, program, "forward", callOf(found)))).toBeUndefined();
    }
  });
});

describe("composites in CUDA", () => {
  const programs = new Map(CASES.map((found) => [found, built(found, cudaSm80)]));
  let unit: CudaUnit | undefined;
  beforeAll(async () => {
    if (simProblem() === undefined) unit = await CudaUnit.compile([...programs.values()].map(({ program }) => program));
  }, COLD);
  afterAll(() => unit?.close());

  it.each(NAMES)("%s", { timeout: COLD }, async (name) => {
    if (unit === undefined) return console.log(`skipped: no CUDA simulator on this machine: ${simProblem()}`);
    for (const found of casesOf(name)) {
      const program = programs.get(found)!;
      const results = await runOnDevice(unit.device(program.program), program, "forward", callOf(found));
      expect(difference(found, results)).toBeUndefined();
    }
  });
});
