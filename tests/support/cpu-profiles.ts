/**
 * The profiles of the target `cpu` that this engine runs: Node 20 has no relaxed SIMD. `npm test` runs the cpu suites
 * under Node 22 and 24 too, so both are tested wherever those can be had.
 */
import { cpuRelaxed, cpuSimd } from "../../src/profiles/cpu.ts";
import { cpuProblem } from "../../src/runtime/devices/cpu.ts";

export const CPU_PROFILES = [cpuSimd, cpuRelaxed].filter(({ requires }) => cpuProblem(requires.features) === undefined);

/** Whether relaxed SIMD must be among them. */
export const HAS_RELAXED = Number(process.versions.node.split(".")[0]) >= 22;
