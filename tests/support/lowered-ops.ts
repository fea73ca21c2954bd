/** Which ops of the list have a kernel when they stand alone. */
import { hasTrait } from "../../src/ir/index.ts";
import type { OpDef } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";

/** Composites with a kernel of their own; all others are decomposed before lowering. */
const KEPT = ["attention", "attention_part"];

export function isLoweredAlone(def: OpDef): boolean {
  if (hasTrait(def, "load-time")) return false;
  return !hasTrait(def, "composite") || KEPT.includes(def.name) || def.scalar !== undefined;
}

/** The profile with a binding for each operand and result of an op that stands alone; in programs some of them share one. */
export function alone(info: TargetInfo): TargetInfo {
  return { ...info, limits: { ...info.limits, maxStorageBuffers: Math.max(10, info.limits.maxStorageBuffers) } };
}
