/** LLM04xx: what a target or a device profile cannot hold. */
import { entry } from "./entry.ts";
import type { ProfileExample } from "./example.ts";
import { model, planned } from "./example.ts";

const wide = `model Wide(dim: int = 8388608) {
  use table: Embedding(8, dim)
  forward(tokens: i32[B, T]) -> f[B, T] {
    return mean(table(tokens), axis: -1)
  }
}
`;
const sums = `model Sums() {
  forward(x: f[B, 4096]) -> f[B, 4096] {
    return softmax(x)
  }
}
`;
const mixed = `model Mixed(dim: int = 4096) {
  use mix: Linear(dim, dim)

  forward(x: f[B, dim]) -> f[B, dim] {
    return mix(softmax(x))
  }
}
`;
const deep = `model Deep(dim: int = 4096, depth: int = 100) {
  use layers: Linear(dim, dim)[depth]

  forward(x: f[B, dim]) -> f[B, dim] {
    return repeat(layers, x)
  }
}
`;
const NAMES = ["a", "b", "c", "d", "e", "g", "k", "m"];
const many = (names: readonly string[]): string => `model Many(dim: int = 4) {
  forward(
${names.map((name) => `    ${name}: f[B, T, dim],\n`).join("")}  ) -> f[B, T, dim] {
    let y = scan(h: f[B, dim]) over T with ${names.join(", ")} {
      let next = ${["h", ...names].join(" + ")}
      return (next, next)
    }
    return y
  }
}
`;
const half = `model Half(dim: int = 8) {
  forward(x: f[B, T, dim]) -> f16[B, T, dim] {
    return cast(x, f16)
  }
}
`;
const walk = (next: string): string =>
  model(`let y = scan(h: f[B, dim]) over T with x {\n  let next = ${next}\n  return (next, next)\n}\nreturn y`, {
    body: "param w: f[dim, dim]",
    config: "dim: int = 2048",
  });
const onProfile = (text: string, like: string, change: ProfileExample["change"]): ProfileExample => ({
  kind: "profile",
  text,
  like,
  change,
});
const forward = (profile: string, more = ""): string => `--entries forward --profile ${profile}${more}`;

export const TARGET = {
  LLM0401: entry(
    "a tensor is larger than a binding",
    "A WebGPU device binds at most `maxStorageBufferBindingSize` bytes of a buffer; `webgpu-base` promises 128 MiB. A weight of many rows or matrices is read in pieces, up to 32; other tensors, and weights of which eight rows are too large, are not cut.",
    planned(wide, forward("webgpu-base")),
    planned(wide, forward("webgpu-gpu")),
  ),
  LLM0402: entry(
    "a kernel needs too many workgroups",
    "A dispatch has at most `maxComputeWorkgroupsPerDimension` workgroups in each dimension (65,535 in WebGPU). A larger grid is launched in parts, up to 64.",
    { ...onProfile(sums, "webgpu-base", { limits: { maxWorkgroupsPerDimension: 2 } }), batch: 300 },
    { ...onProfile(sums, "webgpu-base", { limits: { maxWorkgroupsPerDimension: 3 } }), batch: 300 },
  ),
  LLM0403: entry(
    "a kernel needs too many bindings",
    "A stage binds at most `maxStorageBuffersPerShaderStage` buffers. What a kernel has in the memory of activations counts once; its inputs, parameters, states and results count each.",
    planned(many(NAMES), forward("webgpu-base")),
    planned(many(NAMES.slice(1)), forward("webgpu-base")),
  ),
  LLM0404: entry(
    "a kernel needs too much workgroup memory",
    "The tiles of this schedule do not fit `maxComputeWorkgroupStorageSize`.",
    onProfile(sums, "webgpu-base", { limits: { maxWorkgroupMemoryBytes: 255 } }),
    onProfile(sums, "webgpu-base", { limits: { maxWorkgroupMemoryBytes: 256 } }),
  ),
  LLM0405: entry(
    "a workgroup is too large",
    "A workgroup has at most `maxComputeInvocationsPerWorkgroup` invocations (256 in `webgpu-base`).",
    onProfile(sums, "webgpu-base", { limits: { maxInvocationsPerWorkgroup: 63 } }),
    onProfile(sums, "webgpu-base", { limits: { maxInvocationsPerWorkgroup: 64 } }),
  ),
  LLM0407: entry(
    "a kernel needs workgroup memory that the profile lacks",
    "Invocations of a workgroup can share values only through workgroup memory; this profile says that it has none.",
    onProfile(sums, "webgpu-cpu", { tiles: { rowLanes: 64 } }),
    onProfile(sums, "webgpu-cpu", { tiles: { rowLanes: 1 } }),
  ),
  LLM0408: entry(
    "a profile cannot store a float type",
    "A result is handed out in its type, and two f16 or bf16 share a word where the device lacks the type: writing one of them would race with the other. What stays on the device, between kernels or from call to call, lies there as f32, rounded.",
    planned(half, forward("webgpu-base")),
    planned(half, forward("webgpu-gpu")),
  ),
  LLM0409: entry(
    "an op has no schedule",
    "A schedule says how one kernel computes an op. One of `scan` keeps the part of the state that its steps mix to one invocation, which holds at most 1,024 elements.",
    planned(walk("h @ w + x"), forward("webgpu-base")),
    planned(walk("h * w[0] + x"), forward("webgpu-base")),
  ),
  LLM0410: entry(
    "a model is larger than a profile's memory",
    "All buffers of a program lie in one memory: weights, caches, activations. WebAssembly addresses 4 GiB.",
    planned(deep, forward("cpu-simd")),
    planned(deep, forward("cpu-simd", " --set depth=10")),
  ),
  LLM0411: entry(
    "the activations need more memory than the budget",
    "`--memory-budget` bounds the bytes of activations, without weights and caches, for each plan. The places are those of the largest values that are alive at once; a chunk that nobody named is made smaller first.",
    planned(mixed, forward("webgpu-base", " --batch 64 --memory-budget 1048575")),
    planned(mixed, forward("webgpu-base", " --batch 64 --memory-budget 1048576")),
  ),
} as const;
