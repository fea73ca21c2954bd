/**
 * A program on a WebGPU device. Everything is made once: one buffer for each of the program, one pipeline for each
 * distinct shader text and layout, one bind group for each distinct set of bindings, one uniform buffer for the scalars
 * of a call and one for those of launches. A call is one compute pass and one submit.
 */
import type { ManifestRange, ManifestStep, ProgramManifest } from "../../plan/manifest.ts";
import { DeviceError } from "../errors.ts";
import { scalarBytes } from "../uniforms.ts";
import type { KernelCode, PreparedProgram, Recording, Sizes } from "./device.ts";
import { Staging } from "./webgpu-staging.ts";

/** The smallest alignment of uniform offsets that every device accepts. */
const SLOT = 256;

/** Aligned records of one uniform buffer; equal bytes share one. */
class Slots {
  readonly records: Uint8Array[] = [];
  private readonly known = new Map<string, number>();

  offset(record: Uint8Array, key = record.join()): number {
    let index = this.known.get(key);
    if (index === undefined) {
      index = this.records.push(record) - 1;
      this.known.set(key, index);
    }
    return index * SLOT;
  }
}

interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

/** How the device fares. */
export interface Health {
  readonly failure: Error | undefined;
  /** What is behind an error that a call on the device gave: the loss of the device, or the error itself. */
  causeOf(error: unknown): Promise<unknown>;
}

interface Parts {
  /** Those of the program. */
  readonly buffers: readonly GPUBuffer[];
  readonly launches: readonly (readonly Launch[])[];
  readonly callBuffer: GPUBuffer;
  /** What each slot of `callBuffer` holds. */
  readonly callScalars: readonly ProgramManifest["kernels"][number]["call"][];
}

type MakeBuffer = (label: string, size: number, usage: number) => GPUBuffer;

export class WebGpuProgram implements PreparedProgram {
  private constructor(
    private readonly device: GPUDevice,
    private readonly parts: Parts,
    /** All buffers but those of `staging`. */
    private readonly owned: readonly GPUBuffer[],
    private readonly staging: Staging,
    private readonly health: Health,
  ) {}

  /** Throws `DeviceError` where a buffer, a shader or a bind group is refused, and leaves nothing on the device. */
  static async create(
    device: GPUDevice,
    program: ProgramManifest,
    code: KernelCode,
    bytesOf: (buffer: number) => number,
    health: Health,
  ): Promise<WebGpuProgram> {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const owned: GPUBuffer[] = [];
    const make: MakeBuffer = (label, size, usage) => {
      const buffer = device.createBuffer({ label, size, usage });
      owned.push(buffer);
      return buffer;
    };
    try {
      // The device may be the caller's: both scopes are closed, whatever happens.
      const problems: (GPUError | null)[] = [];
      const parts = await makeParts(device, make, program, code, bytesOf).finally(async () => {
        problems.push(await device.popErrorScope(), await device.popErrorScope());
      });
      for (const problem of problems)
        if (problem !== null) throw new DeviceError(`the device refused the model: ${problem.message}`);
      return new WebGpuProgram(device, parts, owned, new Staging(device), health);
    } catch (error) {
      for (const buffer of owned) buffer.destroy();
      throw error;
    }
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    const whole = bytes.length % 4 === 0 ? bytes : padded(bytes);
    this.device.queue.writeBuffer(at(this.parts.buffers, buffer), offset, whole as Uint8Array<ArrayBuffer>);
  }

  begin(sizes: Sizes): Recording {
    const { callBuffer, callScalars, launches } = this.parts;
    const table = new Uint8Array(callScalars.length * SLOT);
    callScalars.forEach((scalars, i) => table.set(scalarBytes(scalars, scalars.map(({ name }) => sizes[name] ?? 0)), i * SLOT)); // prettier-ignore
    this.device.queue.writeBuffer(callBuffer, 0, table);
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    return {
      launch: (plan, step, groups) => {
        const { pipeline, group } = at(at(launches, plan), step);
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...groups);
      },
      submit: (read) => {
        pass.end();
        return this.finish(encoder, read);
      },
    };
  }

  private async finish(encoder: GPUCommandEncoder, read: ManifestRange | undefined): Promise<Uint8Array> {
    if (read === undefined) {
      this.device.queue.submit([encoder.finish()]);
      return new Uint8Array(0);
    }
    const [buffer, offset, bytes] = read;
    const size = align(bytes, 4);
    const target = this.staging.take(size);
    encoder.copyBufferToBuffer(at(this.parts.buffers, buffer), offset, target, 0, size);
    this.device.queue.submit([encoder.finish()]);
    const result = await this.staging.read(target, bytes).catch(async (error: unknown) => {
      throw await this.health.causeOf(error);
    });
    const { failure } = this.health;
    if (failure !== undefined) throw failure;
    return result;
  }

  close(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.staging.close();
  }
}

/** The buffers of a program, and of each step its pipeline and bind group. */
async function makeParts(
  device: GPUDevice,
  make: MakeBuffer,
  program: ProgramManifest,
  code: KernelCode,
  bytesOf: (buffer: number) => number,
): Promise<Parts> {
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
  const buffers = program.buffers.map(({ name }, index) =>
    make(name, align(bytesOf(index), 16), STORAGE | COPY_DST | COPY_SRC),
  );
  const pipelines = await createPipelines(device, program, code);
  const calls = new Slots();
  const callScalars: ProgramManifest["kernels"][number]["call"][] = [];
  const launches = new Slots();
  const places = program.plans.map((plan) =>
    plan.steps.map(([kernelIndex, , , scalars]) => {
      const kernel = at(program.kernels, kernelIndex);
      const call = calls.offset(new Uint8Array(kernel.call.length * 4), JSON.stringify(kernel.call));
      callScalars[call / SLOT] = kernel.call;
      return { call, launch: launches.offset(scalarBytes(kernel.launch, scalars)) };
    }),
  );
  const uniform = (label: string, slots: Slots): GPUBuffer =>
    make(label, Math.max(1, slots.records.length) * SLOT, UNIFORM | COPY_DST);
  const callBuffer = uniform("call scalars", calls);
  const launchBuffer = uniform("launch scalars", launches);
  launches.records.forEach((record, i) =>
    device.queue.writeBuffer(launchBuffer, i * SLOT, record as Uint8Array<ArrayBuffer>),
  );

  const groups = new Map<string, GPUBindGroup>();
  const entriesOf = (step: ManifestStep, place: { readonly call: number; readonly launch: number }): Launch => {
    const [kernelIndex, , bindings] = step;
    const kernel = at(program.kernels, kernelIndex);
    const { pipeline, layout, layoutKey } = at(pipelines, kernelIndex);
    const resources: GPUBufferBinding[] = bindings.map((rangeIndex) => {
      const [buffer, offset, bytes] = at(program.ranges, rangeIndex);
      const size = Math.min(align(bytes, 4), align(bytesOf(buffer), 16) - offset);
      return { buffer: at(buffers, buffer), offset, size };
    });
    if (kernel.call.length > 0) resources.push({ buffer: callBuffer, offset: place.call, size: align(kernel.call.length * 4, 16) }); // prettier-ignore
    if (kernel.launch.length > 0) resources.push({ buffer: launchBuffer, offset: place.launch, size: align(kernel.launch.length * 4, 16) }); // prettier-ignore
    const key = `${layoutKey} ${bindings.join()} ${place.call} ${place.launch}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = device.createBindGroup({ label: kernel.name, layout, entries: resources.map((resource, binding) => ({ binding, resource })) }); // prettier-ignore
      groups.set(key, group);
    }
    return { pipeline, group };
  };
  const prepared = program.plans.map((plan, p) => plan.steps.map((step, s) => entriesOf(step, at(at(places, p), s))));
  return { buffers, launches: prepared, callBuffer, callScalars };
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly layoutKey: string;
}

/** One pipeline a kernel; kernels of equal text and layout share one. */
async function createPipelines(
  device: GPUDevice,
  program: ProgramManifest,
  code: KernelCode,
): Promise<readonly Pipeline[]> {
  const layouts = new Map<string, GPUBindGroupLayout>();
  const known = new Map<string, Promise<GPUComputePipeline>>();
  return Promise.all(
    program.kernels.map(async (kernel): Promise<Pipeline> => {
      const uniforms = (kernel.call.length > 0 ? 1 : 0) + (kernel.launch.length > 0 ? 1 : 0);
      const layoutKey = `${kernel.access}${"u".repeat(uniforms)}`;
      const layout = layouts.get(layoutKey) ?? bindGroupLayout(device, layoutKey);
      layouts.set(layoutKey, layout);
      const text = code[kernel.name];
      if (typeof text !== "string") throw new DeviceError(`the package has no WGSL for the kernel ${kernel.name}`);
      const key = `${layoutKey} ${text}`;
      let pending = known.get(key);
      if (pending === undefined) {
        const module = device.createShaderModule({ label: kernel.name, code: text });
        const descriptor = { label: kernel.name, layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }) };
        pending = device.createComputePipelineAsync({ ...descriptor, compute: { module } });
        known.set(key, pending);
      }
      const pipeline = await pending.catch((error: unknown) => {
        throw new DeviceError(`the device refused the kernel ${kernel.name}: ${String(error)}`);
      });
      return { pipeline, layout, layoutKey };
    }),
  );
}

const BINDING_TYPES: Readonly<Record<string, GPUBufferBindingType>> = {
  r: "read-only-storage",
  w: "storage",
  u: "uniform",
};

function bindGroupLayout(device: GPUDevice, key: string): GPUBindGroupLayout {
  const entries = [...key].map((letter, binding): GPUBindGroupLayoutEntry => {
    return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: BINDING_TYPES[letter] ?? "storage" } };
  });
  return device.createBindGroupLayout({ entries });
}

function align(bytes: number, to: number): number {
  return Math.max(to, Math.ceil(bytes / to) * to);
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(align(bytes.length, 4));
  whole.set(bytes);
  return whole;
}

function at<V>(items: readonly V[], index: number): V {
  const item = items[index];
  if (item === undefined) throw new DeviceError(`the package's plan points at item ${index} of ${items.length}`);
  return item;
}
