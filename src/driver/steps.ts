/** The steps of a compilation by name: every pass, and `lower`, which makes another IR. */
import { kernelPipeline, planPipeline, tensorPipeline } from "../../passes/pipelines.ts";

/** The name under which lowering is timed and inspected; it is no pass, because it makes another IR. */
export const LOWER = "lower";

export type PassStage = "tensor" | "kernel" | "plan";

/** The stage whose text a pass changes, by the pass's name; undefined where there is no such pass. */
export function stageOfPass(name: string): PassStage | undefined {
  return PASS_STAGES.find(({ pass }) => pass === name)?.stage;
}

const PASS_STAGES: readonly { readonly pass: string; readonly stage: PassStage }[] = [
  ...tensorPipeline(["forward", "generate"]).passes.map((pass) => ({ pass: pass.name, stage: "tensor" as const })),
  { pass: LOWER, stage: "kernel" },
  ...kernelPipeline.passes.map((pass) => ({ pass: pass.name, stage: "kernel" as const })),
  ...planPipeline.passes.map((pass) => ({ pass: pass.name, stage: "plan" as const })),
];

/** What has a text behind it, in order: the names of all passes, and `lower`. */
export const STEP_NAMES: readonly string[] = [...new Set(PASS_STAGES.map(({ pass }) => pass))];

/** The names of all passes, in their order: each can be switched off. */
export const PASS_NAMES: readonly string[] = STEP_NAMES.filter((name) => name !== LOWER);

/** The step behind which a stage is at its end; undefined where that is the end of all. */
export function lastStepOf(stage: string): string | undefined {
  return PASS_STAGES.filter((step) => step.stage === stage).at(-1)?.pass;
}
