/**
 * The profiles of WebGPU. Limits of `webgpu-base` are the defaults of the WebGPU specification; `webgpu-cpu` asks for two
 * more storage buffers, which llvmpipe has (16). Its product tiles are measured on llvmpipe (`bench/matmul.ts`); those of
 * the GPU profiles start from what is published and have not been tuned on our kernels.
 */
import type { Limits, TargetInfo } from "../kernel/target-info.ts";

const MIB = 1024 * 1024;

const baseLimits: Limits = {
  maxBindingBytes: 128 * MIB,
  maxBufferBytes: 256 * MIB,
  maxStorageBuffers: 8,
  maxWorkgroupsPerDimension: 65535,
  maxInvocationsPerWorkgroup: 256,
  maxWorkgroupMemoryBytes: 16384,
  bindingOffsetAlignment: 256,
};

/**
 * WGSL section 15.7.4 promises 3 + 2|x| ulp for exp, 2^-11 absolute for sin and cos, nothing better for tanh, and has
 * no erf; only what is correctly rounded up to a few ulp for all arguments stands here.
 */
const accurate = ["floor", "abs", "neg", "not", "sqrt", "rsqrt", "div"];

export const webgpuBase: TargetInfo = {
  name: "webgpu-base",
  target: "webgpu",
  doc: "Any WebGPU adapter: the specification's default limits, no optional feature.",
  limits: baseLimits,
  tiles: {
    elementwise: 64,
    rowLanes: 64,
    transpose: { tile: 32, lines: 8 },
    // 64 x 64 results a workgroup, 32 an invocation. Two for each of the 32 cores of a middling GPU.
    matmul: { rows: 8, columns: 4, workgroupRows: 8, workgroupColumns: 16, workgroupTerms: 16, fewestWorkgroups: 64 },
    matvec: { lanes: 32, columns: 4 },
    attention: { lanes: 64, keys: 32 },
    keySplit: { mostQueries: 128, least: 4096, keys: 256 },
    rowSplit: { mostRows: 32, least: 32768, columns: 2048 },
  },
  launchBytes: MIB,
  // A phone or an integrated GPU, of which our kernels reach a part.
  rates: {
    bytesPerSecond: 8e9,
    operationsPerSecond: 2e10,
    workgroupOperationsPerSecond: 2e9,
    launchSeconds: 2e-5,
    mostSeconds: 0.05,
  },
  storage: ["f32", "i32", "u32"],
  hasSubgroups: false,
  hasWorkgroupMemory: true,
  hasF16: false,
  hasInfinity: false,
  accurate,
  requires: { features: [], limits: {} },
};

export const webgpuGpu: TargetInfo = {
  ...webgpuBase,
  name: "webgpu-gpu",
  doc: "A desktop GPU: bindings of 2 GiB, f16 storage, workgroup memory.",
  limits: {
    ...baseLimits,
    maxBindingBytes: 2048 * MIB - 4,
    maxBufferBytes: 2048 * MIB,
    maxStorageBuffers: 10,
  },
  tiles: {
    ...webgpuBase.tiles,
    matvec: { lanes: 64, columns: 4 },
    keySplit: { mostQueries: 128, least: 1024, keys: 256 },
  },
  // 500 GB/s for the 4 us that a dispatch and the barrier in front of it take.
  launchBytes: 2 * MIB,
  rates: {
    bytesPerSecond: 5e10,
    operationsPerSecond: 2e11,
    workgroupOperationsPerSecond: 5e9,
    launchSeconds: 1e-5,
    mostSeconds: 0.05,
  },
  storage: ["f32", "f16", "i32", "u32"],
  hasF16: true,
  requires: {
    features: ["shader-f16"],
    limits: { maxBindingBytes: 2048 * MIB - 4, maxBufferBytes: 2048 * MIB, maxStorageBuffers: 10 },
  },
};

/** Reductions of a workgroup wait at two barriers instead of one for each halving. */
export const webgpuSubgroups: TargetInfo = {
  ...webgpuGpu,
  name: "webgpu-subgroups",
  doc: "A desktop GPU whose driver offers subgroups, of any size.",
  hasSubgroups: true,
  requires: { ...webgpuGpu.requires, features: ["shader-f16", "subgroups"] },
};

export const webgpuCpu: TargetInfo = {
  ...webgpuBase,
  name: "webgpu-cpu",
  doc: "A CPU adapter (llvmpipe, SwiftShader): products in registers, no workgroup memory.",
  limits: { ...baseLimits, maxStorageBuffers: 10 },
  tiles: {
    elementwise: 16,
    rowLanes: 1,
    matmul: { rows: 8, columns: 8, workgroupRows: 8, workgroupColumns: 8, outerTerms: 1, dotColumns: 4 },
    // Invocations side by side are the lanes of a vector, which reads columns that lie side by side in one piece: of one
    // row 1.3 times as fast as terms, of 128 rows 1.4 times.
    weight: { columns: 4, terms: 1, columnsLast: true },
    matvec: { lanes: 1, columns: 4 },
    attention: { lanes: 1, keys: 4 },
  },
  launchBytes: 8192,
  // Two cores that others use as well: half of what llvmpipe does alone there.
  rates: {
    bytesPerSecond: 2e9,
    operationsPerSecond: 2e9,
    workgroupOperationsPerSecond: 1e9,
    launchSeconds: 2e-5,
    mostSeconds: 0.05,
  },
  hasWorkgroupMemory: false,
  mostUnrolled: 4,
  // A pseudo-feature of the runtime: the adapter says that it is a CPU.
  requires: { features: ["software"], limits: { maxStorageBuffers: 10 } },
};
