/**
 * Values in f16 and bf16 that lie in memory between kernels, and as state between calls: also where a target stores no
 * halves, each is the number of its type.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseModule } from "../../src/ir/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import { fromBf16, fromF16, toBf16, toF16 } from "../../src/kernel/half.ts";
import { OPS } from "../../src/ops/index.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu, webgpuGpu } from "../../src/profiles/webgpu.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { buildProgram } from "../support/build-program.ts";
import { ProgramOnDevice } from "../support/run-on-device.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

let adapter: OpenAdapter | undefined;
beforeAll(async () => void (adapter = await openAdapter()));
afterAll(() => adapter?.close());

const N = 8;
const source = (type: string): string => `module "halves"

func @forward(%x: f32[B, ${N}], inout %kept: ${type}[B, ${N}]) -> (y: f32[B, ${N}], kept: inout) {
  %a = cast(%x) {dtype = ${type}} : ${type}[B, ${N}]
  %b = mul(%a, %a) : ${type}[B, ${N}]
  %c = add(%b, %kept) : ${type}[B, ${N}]
  %d = cast(%c) {dtype = f32} : f32[B, ${N}]
  return %d, %c
}
`;

const X = Array.from({ length: 2 * N }, (_, i) => (i - 5) * 0.3337 + 1e-3 * i * i);
const x: Tensor = { dtype: "f32", dims: [2, N], data: Float64Array.from(X) };

describe.each([
  ["f16", (x: number) => fromF16(toF16(x))],
  ["bf16", (x: number) => fromBf16(toBf16(x))],
] as const)("%s", (type, rounded) => {
  const module = parseModule(source(type), OPS);
  const once = X.map((each) => rounded(rounded(each) ** 2));
  const twice = once.map((each) => rounded(each + each));

  it.for([js, cpuSimd, webgpuBase, webgpuCpu, webgpuGpu].map((info) => [info.name, info] as const))(
    "is rounded where it is made, for %s",
    async ([, info], { skip }) => {
      const device = deviceFor(info);
      if (device === undefined) return skip("the machine has no WebGPU adapter, or one without f16");
      // Unfused, every value between two ops lies in memory.
      const built = buildProgram(module, info, { capacities: { B: 2 }, tensorPasses: true, off: ["fuse"] });
      const program = await ProgramOnDevice.create(device, built, () => x);
      for (const expected of [once, twice]) {
        const results = await program.run("forward", { B: 2 }, { x });
        expect([...results.read("y", "f32", [2, N]).data]).toEqual(expected);
      }
      program.close();
    },
  );
});

function deviceFor({ target, requires }: TargetInfo): Device | undefined {
  if (target === "js") return new JsDevice();
  if (target === "cpu") return new CpuDevice();
  const hasAll = !requires.features.includes("shader-f16") || adapter?.device.features.has("shader-f16") === true;
  return adapter !== undefined && hasAll ? WebGpuDevice.inject(adapter.device) : undefined;
}
