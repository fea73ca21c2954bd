/** LLM04xx: what a target or a device profile cannot hold. */
import { entry } from "./entry.ts";

export const TARGET = {
  LLM0401: entry(
    "a tensor is larger than a binding",
    "A WebGPU device binds at most `maxStorageBufferBindingSize` bytes of a buffer; `webgpu-base` promises 128 MiB.",
    "model Wide(vocab: int = 200000, dim: int = 4096) { } // --profile webgpu-base",
    "model Wide(vocab: int = 200000, dim: int = 4096) { } // --profile webgpu-gpu",
  ),
  LLM0402: entry(
    "a kernel needs too many workgroups",
    "A dispatch has at most `maxComputeWorkgroupsPerDimension` workgroups in each dimension (65,535 in WebGPU).",
    "model Wide(vocab: int = 10000000) { } // one workgroup a row",
    "model Wide(vocab: int = 50000) { }",
  ),
  LLM0403: entry(
    "a kernel needs too many bindings",
    "A stage binds at most `maxStorageBuffersPerShaderStage` buffers; fewer ops in one kernel need fewer.",
    "let h = a + b + c + d + e + f + g + k + l // fused to one kernel with nine inputs",
    "let h = (a + b + c + d) + (e + f + g + k + l) // with --passes=-fuse",
  ),
  LLM0404: entry(
    "a kernel needs too much workgroup memory",
    "The tiles of this schedule do not fit `maxComputeWorkgroupStorageSize`.",
    "model Wide(head_dim: int = 4096) { }",
    "model Wide(head_dim: int = 128) { }",
  ),
  LLM0405: entry(
    "a workgroup is too large",
    "A workgroup has at most `maxComputeInvocationsPerWorkgroup` invocations (256 in `webgpu-base`).",
    "model Wide() { } // a profile whose tiles ask for 512",
    "model Wide() { } // --profile webgpu-gpu",
  ),
  LLM0407: entry(
    "a kernel needs workgroup memory that the profile lacks",
    "Invocations of a workgroup can share values only through workgroup memory; this profile says that it has none.",
    "model Wide() { } // a profile without workgroup memory whose tiles put 64 invocations on a row",
    "model Wide() { } // --profile webgpu-base",
  ),
  LLM0408: entry(
    "a profile cannot store a float type",
    "Two f16 or bf16 share a word where the device lacks the type; writing one of them would race with the other.",
    "model Half() { } // a kernel that keeps f16 between kernels, for --profile webgpu-base",
    "model Half() { } // --profile webgpu-gpu",
  ),
  LLM0409: entry(
    "an op has no schedule",
    "A schedule says how one kernel computes an op. `scan` (a loop over positions with state) has none yet, on any target.",
    "%y = scan %x in(%tokens = %t) { ... } // in the text of the tensor IR",
    "%y = repeat %i in 0..4 (%x = %t) { ... } // layers, or ops on whole tensors",
  ),
  LLM0410: entry(
    "a model is larger than a profile's memory",
    "All buffers of a program lie in one memory: weights, caches, activations. WebAssembly addresses 4 GiB.",
    "llmc build llama.llm --target cpu --set dim=4096 // 16 GiB of weights in f16",
    "llmc build llama.llm --target webgpu --set dim=4096",
  ),
} as const;
