/** Picks the profile: the first whose requirements the machine meets, in the order of the package. */
import { UnsupportedAdapterError } from "../errors.ts";
import type { Device, KernelCode, Requirements } from "./device.ts";
import type { ProgramManifest } from "../../plan/manifest.ts";
import { JsDevice } from "./js.ts";
import { requestAdapter, unmet } from "./webgpu-adapter.ts";
import { WebGpuDevice } from "./webgpu.ts";

/** A profile of a package; its code is fetched when it is chosen. */
export interface ProfileEntry {
  readonly name: string;
  readonly target: string;
  readonly requires: Requirements;
  load(): Promise<{ readonly program: ProgramManifest; readonly kernels: KernelCode }>;
}

export interface OpenOptions {
  /** Only profiles of this target. */
  readonly target?: string;
  /** Only the profile of this name. */
  readonly profile?: string;
  /** A WebGPU device of the caller's, not destroyed by `close`. */
  readonly device?: GPUDevice;
}

export interface Opened {
  readonly device: Device;
  readonly profile: ProfileEntry;
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
  for (const profile of candidates) {
    if (profile.target === "js") return { device: new JsDevice(), profile };
    if (profile.target !== "webgpu") {
      reasons.push(`${profile.name}: this runtime has no target ${profile.target}`);
      continue;
    }
    if (options.device === undefined)
      adapter ??= await requestAdapter().catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
    if (adapter instanceof Error) {
      reasons.push(`${profile.name}: ${adapter.message}`);
      continue;
    }
    const reason =
      options.device === undefined
        ? adapter && unmet(adapter, profile.requires)
        : unmet({ ...offerOf(options.device) }, profile.requires);
    if (reason !== undefined) reasons.push(`${profile.name}: the adapter lacks ${reason}`);
    else if (options.device !== undefined) return { device: WebGpuDevice.inject(options.device), profile };
    else if (adapter !== undefined) return { device: await WebGpuDevice.request(adapter, profile.requires), profile };
  }
  const names = profiles.map(({ name, target: of }) => `${name} (${of})`).join(", ");
  throw new UnsupportedAdapterError(
    reasons.length > 0
      ? `no profile of this package fits this machine:\n  ${reasons.join("\n  ")}`
      : `this package has no profile for the request; it has ${names}`,
  );
}

function offerOf(device: GPUDevice): Parameters<typeof unmet>[0] {
  return { features: device.features, limits: device.limits, info: device.adapterInfo };
}
