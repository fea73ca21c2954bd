/** The named profiles, in the order in which a package tries them: the most demanding of a target first. */
import type { TargetInfo } from "../kernel/target-info.ts";
import { cudaSm80 } from "./cuda.ts";
import { cpuRelaxed, cpuSimd } from "./cpu.ts";
import { js } from "./js.ts";
import { webgpuBase, webgpuCpu, webgpuGpu, webgpuSubgroups } from "./webgpu.ts";

export const PROFILES: readonly TargetInfo[] = [
  webgpuCpu,
  webgpuSubgroups,
  webgpuGpu,
  webgpuBase,
  cpuRelaxed,
  cpuSimd,
  cudaSm80,
  js,
];

/** The profile of this name, or undefined. */
export function profileNamed(name: string): TargetInfo | undefined {
  return PROFILES.find((profile) => profile.name === name);
}

/** The profiles of a target, in the order in which they are tried at load. */
export function profilesOf(target: string): readonly TargetInfo[] {
  return PROFILES.filter((profile) => profile.target === target);
}
