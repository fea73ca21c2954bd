/**
 * The profiles of the target `cpu`: WebAssembly with SIMD128. A workgroup is one invocation; lanes are those of a vector
 * of four. A tile has eight vectors of sums, so that they and what a step loads stay in the sixteen vector registers of
 * x86-64. Measured on 256^3 in one thread of an AMD EPYC, Node 20: columns side by side 4 x 8 gives 47 GFLOP/s; terms
 * side by side 2 x 4 gives 51, where 3 x 4, 4 x 4, 2 x 8 and 4 x 8 give 27 to 32.
 */
import type { TargetInfo } from "../kernel/target-info.ts";

const GIB = 1024 * 1024 * 1024;

export const cpuSimd: TargetInfo = {
  name: "cpu-simd",
  target: "cpu",
  doc: "WebAssembly with SIMD128: runs wherever JavaScript does.",
  limits: {
    maxBindingBytes: 4 * GIB - 65536,
    maxBufferBytes: 4 * GIB - 65536,
    maxMemoryBytes: 4 * GIB - 65536,
    maxStorageBuffers: 64,
    maxWorkgroupsPerDimension: 2 ** 31 - 1,
    maxInvocationsPerWorkgroup: 1,
    maxWorkgroupMemoryBytes: 0,
    bindingOffsetAlignment: 64,
  },
  tiles: {
    elementwise: 1,
    rowLanes: 1,
    matmul: { rows: 4, columns: 8, workgroupRows: 1, workgroupColumns: 1, dotTile: { rows: 2, columns: 4 } },
    weight: { columns: 4, terms: 4 },
    matvec: { lanes: 1, columns: 4 },
    attention: { lanes: 1, keys: 4 },
  },
  launchBytes: 8192,
  storage: ["f32", "f16", "bf16", "i32", "u32"],
  hasSubgroups: false,
  hasWorkgroupMemory: false,
  hasF16: false,
  hasInfinity: true,
  accurate: ["floor", "abs", "neg", "not", "sqrt", "rsqrt", "div"],
  sumsInVectors: true,
  hasFiniteHalves: true,
  requires: { features: [], limits: {} },
};

/** The same where the engine has relaxed SIMD: Node 22 and later, Chromium, Firefox; not Node 20. */
export const cpuRelaxed: TargetInfo = {
  ...cpuSimd,
  name: "cpu-relaxed",
  doc: "WebAssembly with relaxed SIMD: a multiply-add is one instruction.",
  hasRelaxedFma: true,
  requires: { features: ["relaxed-simd"], limits: {} },
};
