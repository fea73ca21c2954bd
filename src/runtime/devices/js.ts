/**
 * The JavaScript device: kernels are functions over typed arrays, run at once on the calling thread. Slow, needs no
 * driver. A kernel is called as `kernel(buffers, scalars, grid)`: typed arrays by name (16-bit floats as their bits),
 * the values of all scalars by name, and the number of workgroups along x, y and z.
 */
import type { ManifestKernel, ManifestRange, ProgramManifest } from "../../plan/manifest.ts";
import type { Element } from "../../kernel/ir.ts";
import { DeviceError } from "../errors.ts";
import type { Device, DeviceInfo, KernelCode, PreparedProgram, Recording, Sizes } from "./device.ts";

type Elements = Float32Array | Int32Array | Uint32Array | Uint16Array;
export type JsKernel = (
  buffers: Readonly<Record<string, Elements>>,
  scalars: Readonly<Record<string, number>>,
  grid: readonly [number, number, number],
) => void;

export class JsDevice implements Device {
  readonly info: DeviceInfo = { target: "js", adapter: "JavaScript", isSoftware: true };
  /** Never: there is nothing to lose. */
  readonly lost = new Promise<never>(() => {});
  readonly compilesLate = false;

  prepare(program: ProgramManifest, code: KernelCode, bytesOf: (buffer: number) => number): Promise<PreparedProgram> {
    return Promise.resolve(new JsProgram(program, code, bytesOf));
  }

  close(): void {}
}

interface Launch {
  readonly run: JsKernel;
  readonly kernel: ManifestKernel;
  readonly views: Readonly<Record<string, Elements>>;
  readonly scalars: readonly number[];
}

class JsProgram implements PreparedProgram {
  private readonly memory: readonly ArrayBuffer[];
  private readonly launches: readonly (readonly Launch[])[];

  constructor(program: ProgramManifest, code: KernelCode, bytesOf: (buffer: number) => number) {
    this.memory = program.buffers.map((_, index) => new ArrayBuffer(Math.ceil(bytesOf(index) / 4) * 4));
    this.launches = program.plans.map((plan) =>
      plan.steps.map(([kernelIndex, , bindings, scalars]): Launch => {
        const kernel = at(program.kernels, kernelIndex);
        const run = code[kernel.name];
        if (typeof run !== "function") throw new DeviceError(`the package has no code for the kernel ${kernel.name}`);
        const views: Record<string, Elements> = {};
        kernel.buffers.forEach(([name, element], i) => {
          views[name] = this.view(at(program.ranges, bindings[i] ?? -1), element);
        });
        return { run: run as JsKernel, kernel, views, scalars };
      }),
    );
  }

  private view([buffer, offset, bytes]: ManifestRange, element: Element): Elements {
    const memory = at(this.memory, buffer);
    // Words that pack two halves may reach past the last one; the memory is a whole number of words.
    const size = Math.min(Math.ceil(bytes / 4) * 4, memory.byteLength - offset);
    switch (element) {
      case "f32":
        return new Float32Array(memory, offset, size >> 2);
      case "i32":
        return new Int32Array(memory, offset, size >> 2);
      case "u32":
        return new Uint32Array(memory, offset, size >> 2);
      case "f16":
      case "bf16":
        return new Uint16Array(memory, offset, size >> 1);
    }
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    new Uint8Array(at(this.memory, buffer)).set(bytes, offset);
  }

  begin(sizes: Sizes): Recording {
    return {
      launch: (plan, step, groups) => {
        const { run, kernel, views, scalars } = at(at(this.launches, plan), step);
        const values: Record<string, number> = {};
        for (const { name } of kernel.call) values[name] = sizes[name] ?? 0;
        kernel.launch.forEach(({ name }, i) => (values[name] = scalars[i] ?? 0));
        run(views, values, groups);
      },
      submit: async (read) => {
        if (read === undefined) return new Uint8Array(0);
        const [buffer, offset, bytes] = read;
        const copy = new Uint8Array(at(this.memory, buffer).slice(offset, offset + bytes));
        // Timers, signals and the page get their turn between calls.
        await new Promise((resolve) => setTimeout(resolve, 0));
        return copy;
      },
    };
  }

  close(): void {}
}

function at<V>(items: readonly V[], index: number): V {
  const item = items[index];
  if (item === undefined) throw new DeviceError(`the package's plan points at item ${index} of ${items.length}`);
  return item;
}
