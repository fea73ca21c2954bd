/**
 * Plans of a built program on a device of the runtime, run by the runtime's own executor. Memory that a plan must write
 * before it reads starts as NaN; state starts as zero and stays between runs.
 */
import { LINKED_MODULE } from "../../codegen/package/index.ts";
import { targetNamed } from "../../codegen/targets.ts";
import type { DType, Tensor } from "../../src/ir/index.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import type { ProgramManifest } from "../../src/plan/manifest.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { Executor } from "../../src/runtime/executor.ts";
import type { BuiltProgram } from "./build-program.ts";
import type { PlanArguments } from "./run-plan.ts";
import { bytesFromTensor, inLayout, tensorFromBytes } from "./tensor-bytes.ts";

export interface DeviceResults {
  read(name: string, dtype: DType, dims: readonly number[]): Tensor;
}

export class ProgramOnDevice {
  private constructor(
    private readonly manifest: ProgramManifest,
    private readonly executor: Executor,
  ) {}

  /** Throws `DeviceError` where the device refuses a kernel. `context` is the capacity of S. */
  static async create(
    device: Device,
    { program, code, info }: BuiltProgram,
    weights: (path: string) => Tensor,
    context = 1,
  ): Promise<ProgramOnDevice> {
    const manifest = manifestOf(program);
    const make = (text: string): unknown => (info.target === "js" ? new Function(`return ${text}`)() : text);
    const linked = targetNamed(info.target)?.link?.(program.kernels);
    const kernels =
      linked === undefined
        ? Object.fromEntries([...code].map(([name, text]) => [name, make(text)]))
        : { [LINKED_MODULE]: linked };
    const executor = await Executor.create(device, manifest, kernels, context, context);
    manifest.buffers.forEach((buffer, index) => {
      const { kind, bytes, name, path } = buffer;
      if (kind === "weight") executor.writeBuffer(index, 0, bytesFromTensor(inLayout(weights(path ?? name), buffer)));
      if (["temporary", "arena", "output"].includes(kind)) executor.writeBuffer(index, 0, notANumber(bytes));
    });
    return new ProgramOnDevice(manifest, executor);
  }

  /** Runs the plan of this very name with all its results read back. Arguments of no effect are left out. */
  async run(
    entry: string,
    sizes: Readonly<Record<string, number>>,
    inputs: Readonly<Record<string, Tensor>>,
  ): Promise<DeviceResults> {
    const index = this.manifest.plans.findIndex((found) => found.entry === entry);
    const plan = this.manifest.plans[index];
    if (plan === undefined) throw new Error(`no plan for ${entry}`);
    for (const [name, tensor] of Object.entries(inputs)) {
      const range = plan.inputs[name];
      if (range !== undefined) this.executor.writeBuffer(range[0], range[1], bytesFromTensor(tensor));
    }
    await this.executor.run(index, sizes);
    const found = new Map<string, Uint8Array>();
    for (const [name, range] of Object.entries(plan.outputs)) found.set(name, await this.executor.read(range));
    return {
      read: (name, dtype, dims) => {
        const bytes = found.get(name);
        if (bytes === undefined) throw new Error(`no result ${name}`);
        return tensorFromBytes(bytes, dtype, dims);
      },
    };
  }

  close(): void {
    this.executor.close();
  }
}

/** One run of one plan. */
export async function runOnDevice(
  device: Device,
  built: BuiltProgram,
  entry: string,
  { sizes = {}, inputs = {}, weights = noWeight }: PlanArguments,
): Promise<DeviceResults> {
  const program = await ProgramOnDevice.create(device, built, weights);
  try {
    return await program.run(entry, sizes, inputs);
  } finally {
    program.close();
  }
}

function noWeight(path: string): never {
  throw new Error(`no weight ${path}`);
}

function notANumber(bytes: number): Uint8Array {
  return new Uint8Array(new Uint32Array(Math.ceil(bytes / 4)).fill(0x7fc00000).buffer);
}
