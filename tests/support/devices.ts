/**
 * Every device that this machine can give a built program: JavaScript, WebAssembly, WebGPU with the kernels of either
 * kind of adapter, and CUDA C++ in the simulator. For tests that hold for all targets alike.
 */
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
import { openAdapter } from "./webgpu.ts";

/** One profile for each way in which kernels are written. */
export const DEVICE_PROFILES: readonly TargetInfo[] = [js, cpuSimd, webgpuCpu, webgpuBase, cudaSm80];

export interface OpenDevice {
  readonly device: Device;
  close(): void;
}

/** A device for this program, or why there is none. */
export async function deviceFor({ info, program }: BuiltProgram): Promise<OpenDevice | string> {
  switch (info.target) {
    case "js":
      return owned(new JsDevice());
    case "cpu":
      return owned(new CpuDevice());
    case "cuda": {
      const problem = simProblem();
      if (problem !== undefined) return `no CUDA simulator on this machine: ${problem}`;
      const unit = await CudaUnit.compile([program]);
      return { device: unit.device(program), close: () => unit.close() };
    }
    default: {
      const adapter = await openAdapter();
      if (adapter === undefined) return "no WebGPU adapter on this machine";
      return { device: WebGpuDevice.inject(adapter.device), close: () => adapter.close() };
    }
  }
}

function owned(device: Device): OpenDevice {
  return { device, close: () => device.close() };
}
