/**
 * How fast a WebGPU adapter reads memory at most: kernels that only read buffers and keep a checksum, in the patterns in
 * which a kernel may walk a matrix. Written by hand, so that it does not depend on llmc's code.
 */
import { defined } from "../../src/support/errors.ts";

/** A binding of the default limits. */
const BUFFER_BYTES = 96 * 2 ** 20;
const WORKGROUP = 16;
/** Vectors of four words that an invocation reads. */
const EACH = 512;

/** Neighbouring invocations read neighbouring vectors, or each a stretch of its own. */
export type Pattern = "interleaved" | "stretches";

export interface Reader {
  /** Reads all bytes once and waits for it. */
  run(pattern: Pattern): Promise<void>;
  close(): void;
}

/** Reads `bytes`, in buffers of random words. */
export function reader(device: GPUDevice, bytes: number): Reader {
  const vectors = WORKGROUP * EACH;
  const buffers: { readonly groups: number; readonly words: GPUBuffer; readonly sums: GPUBuffer }[] = [];
  for (let left = bytes; left > 0; left -= BUFFER_BYTES) {
    const groups = Math.ceil(Math.min(left, BUFFER_BYTES) / (vectors * 16));
    const words = device.createBuffer({ size: groups * vectors * 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST }); // prettier-ignore
    const random = Uint32Array.from({ length: 2 ** 16 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
    for (let at = 0; at + random.byteLength <= words.size; at += random.byteLength)
      device.queue.writeBuffer(words, at, random);
    const sums = device.createBuffer({ size: groups * WORKGROUP * 16, usage: GPUBufferUsage.STORAGE });
    buffers.push({ groups, words, sums });
  }
  const pipelines: Record<Pattern, GPUComputePipeline> = {
    interleaved: pipeline(device, `group.x * ${vectors}u + local.x`, `${WORKGROUP}u`),
    stretches: pipeline(device, `(group.x * ${WORKGROUP}u + local.x) * ${EACH}u`, "1u"),
  };
  return {
    async run(pattern) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipelines[pattern]);
      for (const { groups, words, sums } of buffers) {
        const entries = [words, sums].map((buffer, binding) => ({ binding, resource: { buffer } }));
        pass.setBindGroup(0, device.createBindGroup({ layout: pipelines[pattern].getBindGroupLayout(0), entries }));
        pass.dispatchWorkgroups(groups);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
    close() {
      for (const { words, sums } of buffers) [words, sums].forEach((buffer) => buffer.destroy());
    },
  };
}

function pipeline(device: GPUDevice, first: string, step: string): GPUComputePipeline {
  // The loop's bound is not a constant, so that no driver unrolls it.
  const code = `
@group(0) @binding(0) var<storage, read> words: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<u32>>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  var sum: vec4<u32>;
  let first = ${first};
  let end = ${EACH}u + min(group.x, 0u);
  for (var i = 0u; i < end; i++) { sum ^= words[first + i * ${step}]; }
  sums[group.x * ${WORKGROUP}u + local.x] = sum;
}`;
  const module = device.createShaderModule({ code });
  return defined(device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } }), "a pipeline"); // prettier-ignore
}
