/**
 * A device of the runtime that launches kernels in the CUDA simulator, so that plans, sessions and whole models run the
 * emitted text. Programs share one compiled unit, in which equal kernels stand once.
 */
import { emitCuda, emitCudaUnit } from "../../codegen/cuda/emit.ts";
import { kernelName } from "../../codegen/cuda/names.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { Program } from "../../src/plan/ir.ts";
import type { ManifestKernel, ManifestRange, ProgramManifest } from "../../src/plan/manifest.ts";
import type { ProfileEntry } from "../../src/runtime/devices/open.ts";
import { UNIT } from "../../src/driver/package-data.ts";
import type { Device, DeviceInfo, PreparedProgram, Recording, Sizes } from "../../src/runtime/devices/device.ts";
import { compileSim } from "./cuda-sim.ts";
import type { Sim, SimBuffer, SimTraffic } from "./cuda-sim.ts";

/** Told of every launch: the kernel's name in its program, what was counted, and its buffers before. */
export type OnLaunch = (kernel: string, traffic: SimTraffic, buffers: readonly SimBuffer[]) => void;

/** The kernels of several programs in one unit of the simulator. */
export class CudaUnit {
  private constructor(
    readonly sim: Sim,
    readonly text: string,
    private readonly names: ReadonlyMap<Kernel, string>,
  ) {}

  static async compile(programs: readonly Program[]): Promise<CudaUnit> {
    const names = new Map<Kernel, string>();
    const byText = new Map<string, string>();
    const kernels: Kernel[] = [];
    for (const kernel of programs.flatMap((program) => program.kernels)) {
      // The body without the name and the places it comes from.
      const text = emitCuda({ ...kernel, name: "kernel", locs: [] });
      let name = byText.get(text);
      if (name === undefined) {
        name = `${kernel.name}_${kernels.length}`;
        byText.set(text, name);
        kernels.push({ ...kernel, name });
      }
      names.set(kernel, name);
    }
    const text = emitCudaUnit(kernels);
    return new CudaUnit(await compileSim(text, kernels.map(({ name }) => kernelName(name))), text, names); // prettier-ignore
  }

  /** A device for one of the programs. */
  device({ kernels }: Program, onLaunch: OnLaunch = () => {}): Device {
    const functions = new Map(kernels.map((kernel) => [kernel.name, kernelName(this.names.get(kernel) ?? "")]));
    return new CudaSimDevice(this.sim, functions, onLaunch);
  }

  close(): void {
    this.sim.close();
  }
}

/** A device for the profile of one program, whose unit it compiles. */
export async function cudaDeviceFor(
  profile: ProfileEntry,
  onLaunch: OnLaunch = () => {},
): Promise<{ device: Device; sim: Sim }> {
  const { program, kernels } = await profile.load();
  const functions = new Map(program.kernels.map(({ name }) => [name, kernelName(name)]));
  const sim = await compileSim(String(kernels[UNIT]), [...functions.values()]);
  return { device: new CudaSimDevice(sim, functions, onLaunch), sim };
}

class CudaSimDevice implements Device {
  readonly info: DeviceInfo = { target: "cuda", adapter: "CUDA simulator", isSoftware: true };
  readonly lost = new Promise<never>(() => {});
  readonly compilesLate = false;

  constructor(
    private readonly sim: Sim,
    private readonly functions: ReadonlyMap<string, string>,
    private readonly onLaunch: OnLaunch,
  ) {}

  prepare(program: ProgramManifest, _: unknown, bytesOf: (buffer: number) => number): Promise<PreparedProgram> {
    return Promise.resolve(new SimProgram(program, bytesOf, this.sim, this.functions, this.onLaunch));
  }

  close(): void {}
}

class SimProgram implements PreparedProgram {
  private readonly memory: readonly Uint8Array[];
  /** Everything happens in the order in which it was asked for. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly program: ProgramManifest,
    bytesOf: (buffer: number) => number,
    private readonly sim: Sim,
    private readonly functions: ReadonlyMap<string, string>,
    private readonly onLaunch: OnLaunch,
  ) {
    this.memory = program.buffers.map((_, index) => new Uint8Array(bytesOf(index)));
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    const own = bytes.slice();
    void this.inOrder(() => this.memory[buffer]!.set(own, offset));
  }

  begin(sizes: Sizes): Recording {
    const work: (() => Promise<void>)[] = [];
    return {
      launch: (plan, step, groups) => void work.push(() => this.launch(plan, step, groups, sizes)),
      submit: (read) =>
        this.inOrder(async () => {
          for (const each of work) await each();
          return read === undefined ? new Uint8Array(0) : this.view(read).slice();
        }),
    };
  }

  private inOrder<V>(run: () => V | Promise<V>): Promise<V> {
    const result = this.last.then(run);
    this.last = result.catch(() => {});
    return result;
  }

  private async launch(
    plan: number,
    step: number,
    grid: readonly [number, number, number],
    sizes: Sizes,
  ): Promise<void> {
    // prettier-ignore
    const [kernelIndex, , bindings, values] = this.program.plans[plan]!.steps[step]!;
    const kernel = this.program.kernels[kernelIndex]!;
    const views = bindings.map((binding) => this.view(this.program.ranges[binding]!));
    const given = views.map((bytes, i): SimBuffer => {
      return { bytes, access: kernel.access[i] === "r" ? "read" : "read_write", isFilled: true };
    });
    const { buffers, traffic } = await this.sim.launch({
      kernel: this.functions.get(kernel.name)!,
      grid,
      block: kernel.workgroup,
      buffers: given,
      scalars: scalarsOf(kernel, values, sizes),
    });
    buffers.forEach((bytes, i) => {
      if (kernel.access[i] !== "r") views[i]!.set(bytes);
    });
    this.onLaunch(kernel.name, traffic, given);
  }

  /** A binding of a state that is shorter than its capacity ends with its buffer. */
  private view([buffer, offset, bytes]: ManifestRange): Uint8Array {
    const memory = this.memory[buffer]!;
    return memory.subarray(offset, Math.min(offset + bytes, memory.length));
  }

  close(): void {}
}

function scalarsOf(kernel: ManifestKernel, values: readonly number[], sizes: Sizes) {
  const typeOf = (type: string): "i32" | "u32" | "f32" => (type === "f32" || type === "u32" ? type : "i32");
  return [
    ...kernel.call.map(({ name, type }) => ({ type: typeOf(type), value: sizes[name] ?? 0 })),
    ...kernel.launch.map(({ type }, i) => ({ type: typeOf(type), value: values[i] ?? 0 })),
  ];
}
