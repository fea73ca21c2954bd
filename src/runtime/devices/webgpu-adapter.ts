/** Finds a WebGPU adapter (the browser's, or Dawn through the optional package `webgpu` in Node) and judges profiles. */
import { UnsupportedAdapterError } from "../errors.ts";
import type { Requirements } from "./device.ts";

/** Dawn's object must stay referenced while any adapter of it is in use, or the process aborts. */
let dawn: GPU | undefined;

/** The adapter, or `UnsupportedAdapterError` that says what to do. */
export async function requestAdapter(): Promise<GPUAdapter> {
  const gpu = globalThis.navigator?.gpu ?? (await dawnGpu());
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new UnsupportedAdapterError(
      "no WebGPU adapter was found; install a Vulkan driver (Debian: mesa-vulkan-drivers from bookworm-backports), or load the model with another target",
    );
  return adapter;
}

async function dawnGpu(): Promise<GPU> {
  dawn ??= await createDawn([]);
  return dawn;
}

/** Dawn in Node, with its own options. The caller keeps the object. */
export async function createDawn(options: readonly string[]): Promise<GPU> {
  // Hidden from bundlers: in a browser it is never asked for.
  const name = "webgpu";
  let module: { create(options: readonly string[]): GPU; globals: Readonly<Record<string, unknown>> };
  try {
    module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as typeof module;
  } catch {
    throw new UnsupportedAdapterError(
      "this environment has no WebGPU; in Node, install the optional package: npm install webgpu",
    );
  }
  Object.assign(globalThis, module.globals);
  return module.create(options);
}

const FEATURES: Readonly<Record<string, string>> = { f16: "shader-f16" };

/** The name of a limit in WebGPU, and whether a device must offer at least or at most the value. */
const LIMITS: Readonly<Record<string, readonly [keyof GPUSupportedLimits & string, "least" | "most"]>> = {
  maxBindingBytes: ["maxStorageBufferBindingSize", "least"],
  maxBufferBytes: ["maxBufferSize", "least"],
  maxStorageBuffers: ["maxStorageBuffersPerShaderStage", "least"],
  maxWorkgroupsPerDimension: ["maxComputeWorkgroupsPerDimension", "least"],
  maxInvocationsPerWorkgroup: ["maxComputeInvocationsPerWorkgroup", "least"],
  maxWorkgroupMemoryBytes: ["maxComputeWorkgroupStorageSize", "least"],
  bindingOffsetAlignment: ["minStorageBufferOffsetAlignment", "most"],
};

/** Software adapters say so in `info`, or are Mesa's llvmpipe or Google's SwiftShader. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return info.isFallbackAdapter === true || /llvmpipe|swiftshader|software|microsoft basic/.test(text);
}

export function adapterName(info: GPUAdapterInfo): string {
  return info.description || info.device || [info.vendor, info.architecture].filter(Boolean).join(" ") || "unknown";
}

/** The first demand that `offered` (an adapter or a device) does not meet, as words; undefined where it meets all. */
export function unmet(
  offered: {
    readonly features: ReadonlySet<string>;
    readonly limits: GPUSupportedLimits;
    readonly info: GPUAdapterInfo;
  },
  requires: Requirements,
): string | undefined {
  for (const feature of requires.features) {
    if (feature === "software" ? !isSoftware(offered.info) : !offered.features.has(FEATURES[feature] ?? feature))
      return `the feature ${feature}`;
  }
  for (const [name, value] of Object.entries(requires.limits)) {
    const known = LIMITS[name];
    const has = known === undefined ? undefined : offered.limits[known[0]];
    if (known === undefined || typeof has !== "number") return `the limit ${name}`;
    if (known[1] === "least" ? has < value : has > value) return `${known[0]} ${value} (it has ${has})`;
  }
  return undefined;
}

/** What to ask of the adapter for these requirements. */
export function deviceDescriptor(requires: Requirements): GPUDeviceDescriptor {
  const limits: Record<string, number> = {};
  for (const [name, value] of Object.entries(requires.limits)) {
    const known = LIMITS[name];
    if (known !== undefined) limits[known[0]] = value;
    if (name === "maxInvocationsPerWorkgroup") limits["maxComputeWorkgroupSizeX"] = value;
  }
  const features = requires.features
    .filter((feature) => feature !== "software")
    .map((feature) => FEATURES[feature] ?? feature);
  return { requiredFeatures: features as GPUFeatureName[], requiredLimits: limits };
}
