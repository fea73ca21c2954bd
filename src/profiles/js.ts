/** The profile of the JavaScript target: no device, all functions of `Math` exact enough, workgroups of one. */
import type { TargetInfo } from "../kernel/target-info.ts";

const GIB = 1024 * 1024 * 1024;

export const js: TargetInfo = {
  name: "js",
  target: "js",
  doc: "Plain JavaScript over typed arrays: slow and obvious, needs no driver.",
  limits: {
    maxBindingBytes: 2 * GIB,
    maxBufferBytes: 2 * GIB,
    maxStorageBuffers: 64,
    maxWorkgroupsPerDimension: 2 ** 31 - 1,
    maxInvocationsPerWorkgroup: 1024,
    maxWorkgroupMemoryBytes: 1024 * 1024,
    bindingOffsetAlignment: 4,
  },
  tiles: {
    elementwise: 1,
    rowLanes: 1,
    matmul: { rows: 2, columns: 4, workgroupRows: 1, workgroupColumns: 1 },
    matvec: { lanes: 1, columns: 4 },
    attention: { lanes: 1, keys: 16 },
  },
  launchBytes: 8192,
  storage: ["f32", "i32", "u32"],
  hasSubgroups: false,
  hasWorkgroupMemory: true,
  hasF16: false,
  hasInfinity: true,
  // `Math` has no erf; its other functions are within a few ulp of f64, so exact after rounding to f32.
  accurate: ["floor", "abs", "neg", "not", "sqrt", "rsqrt", "div", "exp", "log", "sin", "cos", "tanh", "pow"],
  requires: { features: [], limits: {} },
};
