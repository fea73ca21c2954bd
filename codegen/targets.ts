/** The targets by name: how each writes a legal kernel, and what a file of its kernels is called. */
import type { Kernel } from "../src/kernel/ir.ts";
import { emitCuda, emitCudaUnit } from "./cuda/emit.ts";
import { emitJs } from "./js/emit.ts";
import { emitWasm, emitWat } from "./wasm/emit.ts";
import { emitWgsl } from "./wgsl/emit.ts";

export interface Target {
  readonly name: string;
  readonly doc: string;
  /** File extension of emitted kernels. */
  readonly extension: string;
  /** The text of one kernel that was legalized for a profile of this target. */
  readonly emit: (kernel: Kernel) => string;
  /** If there, a package holds not those texts but this one translation unit of all kernels of a program. */
  readonly unit?: (kernels: readonly Kernel[]) => string;
  /** If there, a package holds not those texts but this binary module of all kernels of a program. */
  readonly link?: (kernels: readonly Kernel[]) => Uint8Array<ArrayBuffer>;
}

export const TARGETS = {
  webgpu: { name: "webgpu", doc: "WGSL for WebGPU", extension: "wgsl", emit: emitWgsl },
  cpu: { name: "cpu", doc: "WebAssembly with SIMD128", extension: "wat", emit: emitWat, link: emitWasm },
  cuda: { name: "cuda", doc: "CUDA C++ for NVIDIA GPUs", extension: "cu", emit: emitCuda, unit: emitCudaUnit },
  js: { name: "js", doc: "Plain JavaScript over typed arrays", extension: "js", emit: emitJs },
} as const satisfies Readonly<Record<string, Target>>;

/** The target of this name, or undefined. */
export function targetNamed(name: string): Target | undefined {
  return Object.hasOwn(TARGETS, name) ? TARGETS[name as keyof typeof TARGETS] : undefined;
}
