/**
 * Tests that run the same cases on every executor: JavaScript, WebAssembly, WebGPU with the kernels of either kind of
 * adapter, CUDA C++ in the simulator (all cases one unit), and the kernel interpreter, which sees races.
 */
import { afterAll, beforeAll, it } from "vitest";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import type { BuiltProgram } from "./build-program.ts";
import { CudaUnit } from "./cuda-device.ts";
import { simProblem } from "./cuda-sim.ts";
import { runOnDevice } from "./run-on-device.ts";
import { runPlan } from "./run-plan.ts";
import type { PlanArguments, PlanResults } from "./run-plan.ts";
import { openAdapter } from "./webgpu.ts";
import type { OpenAdapter } from "./webgpu.ts";

/** Milliseconds on a loaded machine without a shader cache. */
const COLD = 300_000;

/** What the kernel interpreter, which runs lane after lane, has time for. */
const fewLanes: TargetInfo = {
  ...webgpuBase,
  name: "webgpu-base (few lanes)",
  tiles: { ...webgpuBase.tiles, elementwise: 8, rowLanes: 8, attention: { ...webgpuBase.tiles.attention, lanes: 8 } },
};

export interface DeviceCase {
  /** The program of `@forward` for a profile. */
  build(info: TargetInfo): BuiltProgram;
  readonly call: PlanArguments;
  /** Expects the results to be right. */
  check(results: Pick<PlanResults, "read">): void;
}

/** For the body of a `describe`: one test for each executor, which runs all cases. */
export function onEveryDevice(cases: readonly DeviceCase[]): void {
  let adapter: OpenAdapter | undefined;
  let unit: CudaUnit | undefined;
  const forCuda = cases.map((each) => each.build(cudaSm80));
  beforeAll(async () => {
    adapter = await openAdapter();
    if (simProblem() === undefined) unit = await CudaUnit.compile(forCuda.map(({ program }) => program));
  }, COLD);
  afterAll(() => {
    adapter?.close();
    unit?.close();
  });
  const runAll = async (info: TargetInfo, device: Device): Promise<void> => {
    for (const each of cases) each.check(await runOnDevice(device, each.build(info), "forward", each.call));
  };

  it("in JavaScript", { timeout: COLD }, () => runAll(js, new JsDevice()));
  it("in WebAssembly", { timeout: COLD }, () => runAll(cpuSimd, new CpuDevice()));
  it.for([webgpuCpu, webgpuBase])("for $name", { timeout: COLD }, async (info, { skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    await runAll(info, WebGpuDevice.inject(adapter.device));
  });
  it("in the CUDA simulator", { timeout: COLD }, async ({ skip }) => {
    if (unit === undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
    for (const [i, each] of cases.entries()) {
      const built = forCuda[i]!;
      each.check(await runOnDevice(unit.device(built.program), built, "forward", each.call));
    }
  });
  it("without a race, in the kernel interpreter", { timeout: COLD }, () => {
    for (const each of cases) each.check(runPlan(each.build(fewLanes).program, "forward", each.call, "interpreter"));
  });
}
