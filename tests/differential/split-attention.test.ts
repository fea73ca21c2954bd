/**
 * Attention in chunks of keys and what puts them together, on every executor: every sample of attention with enough
 * keys, in chunks that end with the last key, before it and far behind it; rows that see no key, one chunk, all chunks.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Module } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { attention } from "../../src/ops/sequence/attention.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { runPlan } from "../support/run-plan.ts";
import type { PlanResults } from "../support/run-plan.ts";
import { opTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

/** Milliseconds on a loaded machine without a shader cache. */
const COLD = 300_000;
/** How much longer the cache may be than in the call: chunks behind its end are never reached. */
const SPARE = 20;

const CASES = attention.samples(new Rng(7)).flatMap((sample, i) => {
  const keys = sample.operands[1]?.dims[2] ?? 0;
  const chunk = keys > 100 ? [64, 75][i % 2]! : [1, 2][i % 2]!;
  return keys < 7 ? [] : [{ sample, keys, chunk, opCase: caseOf(attention, sample, OPS) }];
});
type Case = (typeof CASES)[number];

function build({ opCase }: Case, info: TargetInfo, keys: number): BuiltProgram {
  // Eight bindings are not enough for all operands and three results.
  const limits = { ...info.limits, maxStorageBuffers: Math.max(10, info.limits.maxStorageBuffers) };
  const split = { keys, mostQueries: 4096 };
  const tiles = { ...info.tiles, attention: { ...info.tiles.attention, split } };
  const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + SPARE]));
  const module: Module = { ...opCase.module, funcs: [{ ...opCase.func, name: "forward" }] };
  return buildProgram(module, { ...info, limits, tiles }, { capacities, tensorPasses: true });
}

function expectRight({ sample, opCase, chunk }: Case, results: Pick<PlanResults, "read">): void {
  const [expected] = evaluateCase(opCase, OPS, "exact");
  const [tolerance] = opTolerance(opCase, sample, OPS);
  const actual = results.read("y0", "f32", expected!.dims);
  const what = `${sample.label}, chunks of ${chunk}`;
  expect(compareTensors(actual, expected!, tolerance!, { what, seed: 7 })).toBeUndefined();
}

async function expectAllRight(info: TargetInfo, device: (built: BuiltProgram) => Device): Promise<void> {
  for (const found of CASES) {
    const built = build(found, info, found.chunk);
    expect(built.program.plans[0]!.steps.map(({ kernel }) => kernel)).toEqual(["attention_part", "attention"]);
    const call = { sizes: found.opCase.symbols, inputs: found.opCase.args };
    expectRight(found, await runOnDevice(device(built), built, "forward", call));
  }
}

describe("attention in chunks of keys", () => {
  let adapter: OpenAdapter | undefined;
  let unit: CudaUnit | undefined;
  const forCuda = CASES.map((found) => ({ found, built: build(found, cudaSm80, found.chunk) }));
  beforeAll(async () => {
    adapter = await openAdapter();
    if (simProblem() === undefined) unit = await CudaUnit.compile(forCuda.map(({ built }) => built.program));
  }, COLD);
  afterAll(() => {
    adapter?.close();
    unit?.close();
  });

  it("in JavaScript", () => expectAllRight(js, () => new JsDevice()));
  it("in WebAssembly", () => expectAllRight(cpuSimd, () => new CpuDevice()));
  it.for([webgpuCpu, webgpuBase])("for $name", { timeout: COLD }, async (info, { skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    const device = WebGpuDevice.inject(adapter.device);
    await expectAllRight(info, () => device);
  });
  it("in the CUDA simulator", { timeout: COLD }, async ({ skip }) => {
    if (unit === undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
    for (const { found, built } of forCuda) {
      const call = { sizes: found.opCase.symbols, inputs: found.opCase.args };
      expectRight(found, await runOnDevice(unit.device(built.program), built, "forward", call));
    }
  });
  it("without a race, in the kernel interpreter", { timeout: COLD }, () => {
    for (const found of CASES) {
      const call = { sizes: found.opCase.symbols, inputs: found.opCase.args };
      expectRight(found, runPlan(build(found, webgpuBase, found.chunk).program, "forward", call, "interpreter"));
    }
  });

  it("is one kernel where there would be fewer than four chunks", () => {
    const [found] = CASES;
    const steps = (keys: number): number => build(found!, webgpuBase, keys).program.plans[0]!.steps.length;
    expect([Math.ceil(found!.keys / 4), Math.ceil(found!.keys / 3)].map(steps)).toEqual([2, 1]);
  });
});
