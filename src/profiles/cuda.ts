/**
 * The profiles of the target `cuda`. `cuda-sm80` uses what every NVIDIA GPU since Ampere has, and nothing of tensor cores
 * yet. Limits are those of compute capability 8.0 (CUDA C++ Programming Guide 13.0, table "Technical specifications per
 * compute capability"); tile sizes start from what is published and have not been tuned on our kernels.
 */
import type { TargetInfo } from "../kernel/target-info.ts";

const GIB = 1024 * 1024 * 1024;

export const cudaSm80: TargetInfo = {
  name: "cuda-sm80",
  target: "cuda",
  doc: "NVIDIA GPUs of compute capability 8.0 and later, plain CUDA C++.",
  limits: {
    maxBindingBytes: 64 * GIB,
    maxBufferBytes: 64 * GIB,
    maxStorageBuffers: 64,
    // Of y and z; x has more.
    maxWorkgroupsPerDimension: 65535,
    maxInvocationsPerWorkgroup: 1024,
    maxWorkgroupMemoryBytes: 48 * 1024,
    bindingOffsetAlignment: 256,
  },
  tiles: {
    elementwise: 256,
    rowLanes: 128,
    transpose: { tile: 32, lines: 8 },
    // One workgroup for each multiprocessor of an H100.
    matmul: { rows: 8, columns: 4, workgroupRows: 8, workgroupColumns: 16, workgroupTerms: 16, fewestWorkgroups: 132 },
    matvec: { lanes: 64, columns: 4 },
    attention: { lanes: 64, keys: 32 },
    keySplit: { mostQueries: 128, least: 1024, keys: 256 },
    rowSplit: { mostRows: 32, least: 32768, columns: 2048 },
  },
  // 3 TB/s for the 1.3 us that lie between two kernels.
  launchBytes: 4 * 1024 * 1024,
  storage: ["f32", "f16", "bf16", "i32", "u32"],
  hasSubgroups: true,
  wholeSubgroups: 32,
  hasWorkgroupMemory: true,
  hasF16: true,
  hasInfinity: true,
  // CUDA C++ Programming Guide 13.0, "Mathematical functions": at most 2 ulp, pow 4, without -use_fast_math.
  accurate: [
    "floor",
    "abs",
    "neg",
    "not",
    "sqrt",
    "rsqrt",
    "div",
    "exp",
    "log",
    "sin",
    "cos",
    "tanh",
    "erf",
    "pow",
    "round_f16",
    "round_bf16",
  ],
  requires: { features: [], limits: {} },
};
