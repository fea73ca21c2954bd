/**
 * WebGPU for tests: one adapter a process (a real one, or Mesa's llvmpipe), and one dispatch of one kernel. The object
 * that `create` returns must stay referenced, or the process aborts; the device is destroyed by `close`.
 */
import { create, globals } from "webgpu";
import { emitWgsl } from "../../codegen/wgsl/emit.ts";
import { gridSize } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Kernel } from "../../src/kernel/ir.ts";

Object.assign(globalThis, globals);

export interface OpenAdapter {
  readonly device: GPUDevice;
  readonly description: string;
  close(): void;
}

const kept: unknown[] = [];

/** Asked for where the adapter has them. */
const OPTIONAL: readonly GPUFeatureName[] = ["subgroups", "shader-f16"];

/** Opens a device; undefined where there is no adapter. `backend: "null"` validates and runs nothing. */
export async function openAdapter(backend?: "null"): Promise<OpenAdapter | undefined> {
  const gpu = create(backend === undefined ? [] : [`backend=${backend}`]);
  kept.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return undefined;
  const { maxStorageBuffersPerShaderStage } = adapter.limits;
  const requiredFeatures = OPTIONAL.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: { maxStorageBuffersPerShaderStage } });
  return { device, description: adapter.info.description, close: () => device.destroy() };
}

/** Messages of the shader compiler about this text: `line:column message`; empty where it is valid. */
export async function validateWgsl(device: GPUDevice, code: string): Promise<readonly string[]> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const info = await module.getCompilationInfo();
  const error = await device.popErrorScope();
  const messages = info.messages.filter(({ type }) => type === "error");
  const found = messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`);
  return error === null || found.length > 0 ? found : [error.message];
}

/** Runs one dispatch of a legal kernel; the arrays of writable buffers hold its results afterwards. */
export async function runKernelOnWebgpu(
  device: GPUDevice,
  kernel: Kernel,
  buffers: ReadonlyMap<string, Bytes>,
  scalars: Readonly<Record<string, number>> = {},
): Promise<void> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: emitWgsl(kernel) });
  const types = kernel.buffers.map(({ access }): GPUBufferBindingType =>
    access === "read" ? "read-only-storage" : "storage",
  );
  const uniforms = (["call", "launch"] as const)
    .map((from) => kernel.scalars.filter((scalar) => scalar.from === from))
    .filter((fields) => fields.length > 0);
  const layout = device.createBindGroupLayout({
    entries: [...types, ...uniforms.map((): GPUBufferBindingType => "uniform")].map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
  const pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main" },
  });
  const upload = (data: Bytes, usage: number): GPUBuffer => {
    const size = Math.max(16, Math.ceil(data.byteLength / 4) * 4);
    const made = device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
    const bytes = new Uint8Array(size);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    device.queue.writeBuffer(made, 0, bytes);
    return made;
  };
  const storage = kernel.buffers.map(({ name }) => upload(buffers.get(name)!, GPUBufferUsage.STORAGE));
  const fields = uniforms.map((group) => {
    const view = new DataView(new ArrayBuffer(group.length * 4));
    group.forEach(({ name, type }, i) => {
      if (type.scalar === "f32") view.setFloat32(i * 4, scalars[name]!, true);
      else view.setInt32(i * 4, scalars[name]!, true);
    });
    return upload(new Uint32Array(view.buffer), GPUBufferUsage.UNIFORM);
  });
  const bindGroup = device.createBindGroup({
    layout,
    entries: [...storage, ...fields].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...gridSize(kernel.grid, scalars));
  pass.end();
  const written = kernel.buffers.flatMap(({ access, name }, i) => {
    if (access === "read") return [];
    const { size } = storage[i]!;
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    encoder.copyBufferToBuffer(storage[i]!, 0, staging, 0, size);
    return [{ name, staging }];
  });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(`kernel ${kernel.name}: ${error.message}`);
  for (const { name, staging } of written) {
    await staging.mapAsync(GPUMapMode.READ);
    const target = buffers.get(name)!;
    const bytes = new Uint8Array(staging.getMappedRange()).slice(0, target.byteLength);
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
    staging.unmap();
    staging.destroy();
  }
  for (const buffer of [...storage, ...fields]) buffer.destroy();
}
