/**
 * Picks the profile: the first whose requirements the machine meets, in the order of the package, but `cpu` before a
 * software adapter of WebGPU.
 */
import { OptionError, UnsupportedAdapterError } from "../errors.ts";
import type { Device, KernelCode, Requirements } from "./device.ts";
import type { ProgramManifest } from "../../plan/manifest.ts";
import type { LoadOptions } from "../public-types.ts";
import { CpuDevice, cpuProblem } from "./cpu.ts";
import { canShareMemory, machineThreads, warnOfOneThread } from "./cpu-threads.ts";
import { JsDevice } from "./js.ts";
import { isSoftware, requestAdapter, unmet } from "./webgpu-adapter.ts";
import { WebGpuDevice } from "./webgpu.ts";

/** A profile of a package; its code is fetched when it is chosen. */
export interface ProfileEntry {
  readonly name: string;
  readonly target: string;
  readonly requires: Requirements;
  load(): Promise<{ readonly program: ProgramManifest; readonly kernels: KernelCode }>;
}

/** Those of the options of `load` that choose; the public types know no WebGPU. */
export interface OpenOptions extends Pick<LoadOptions, "target" | "profile" | "threads"> {
  readonly device?: GPUDevice;
}

export interface Opened {
  readonly device: Device;
  readonly profile: ProfileEntry;
  /** Another device like it, for a model that has lost this one; absent where it cannot be lost or is the caller's. */
  readonly reopen?: () => Promise<Device>;
}

/** Throws `UnsupportedAdapterError` with the reason of every profile where none fits. */
export async function openDevice(profiles: readonly ProfileEntry[], options: OpenOptions): Promise<Opened> {
  const target = options.target ?? (options.device === undefined ? undefined : "webgpu");
  const candidates = profiles.filter(
    (profile) =>
      (target === undefined || profile.target === target) &&
      (options.profile === undefined || profile.name === options.profile),
  );
  const reasons: string[] = [];
  let adapter: GPUAdapter | Error | undefined;
  if (options.device === undefined && candidates.some((profile) => profile.target === "webgpu"))
    adapter = await requestAdapter().catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
  for (const profile of preferred(candidates, adapter)) {
    if (profile.target === "js") return { device: new JsDevice(), profile };
    if (profile.target === "cpu") {
      const problem = cpuProblem(profile.requires.features);
      if (problem === undefined) return { device: new CpuDevice(await threadsOf(options)), profile };
      reasons.push(`${profile.name}: ${problem}`);
      continue;
    }
    if (profile.target !== "webgpu") {
      reasons.push(
        `${profile.name}: the target ${profile.target} does not run in JavaScript; its package says how to build it`,
      );
      continue;
    }
    if (adapter instanceof Error) {
      reasons.push(adapter.message);
      continue;
    }
    const reason =
      options.device === undefined
        ? adapter && unmet(adapter, profile.requires)
        : unmet({ ...offerOf(options.device) }, profile.requires);
    if (reason !== undefined) reasons.push(`${profile.name}: the adapter lacks ${reason}`);
    else if (options.device !== undefined) return { device: WebGpuDevice.inject(options.device), profile };
    else if (adapter !== undefined) {
      const device = await WebGpuDevice.request(adapter, profile.requires);
      return { device, profile, reopen: reopener(profile.requires) };
    }
  }
  const names = profiles.map(({ name, target: of }) => `${name} (${of})`).join(", ");
  throw new UnsupportedAdapterError(
    reasons.length > 0
      ? `no profile of this package fits this machine:\n  ${[...new Set(reasons)].join("\n  ")}`
      : `this package has no profile for the request; it has ${names}`,
  );
}

/** Outside of `openDevice`, whose closures keep the options of `load` alive. An adapter gives one device only. */
function reopener(requires: Requirements): () => Promise<Device> {
  return async () => WebGpuDevice.request(await requestAdapter(), requires);
}

/** One where memory cannot be shared, whatever was asked for. */
async function threadsOf({ threads }: OpenOptions): Promise<number> {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 64))
    throw new OptionError(`threads must be an integer from 1 to 64, not ${threads}`);
  if (canShareMemory()) return threads ?? machineThreads();
  if (threads !== undefined && threads > 1) warnOfOneThread();
  return 1;
}

/** WebAssembly goes before an adapter that computes on the CPU as well. */
function preferred(
  candidates: readonly ProfileEntry[],
  adapter: GPUAdapter | Error | undefined,
): readonly ProfileEntry[] {
  if (adapter === undefined || adapter instanceof Error || !isSoftware(adapter.info)) return candidates;
  const isCpu = ({ target }: ProfileEntry): boolean => target === "cpu";
  return [...candidates.filter(isCpu), ...candidates.filter((profile) => !isCpu(profile))];
}

function offerOf(device: GPUDevice): Parameters<typeof unmet>[0] {
  return { features: device.features, limits: device.limits, info: device.adapterInfo };
}
