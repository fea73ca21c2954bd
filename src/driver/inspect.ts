/** The texts that `llmc inspect` and the playground show. */
import { TARGETS, targetNamed } from "../../codegen/targets.ts";
import { printModule } from "../ir/index.ts";
import { printKernel } from "../kernel/index.ts";
import { printProgram } from "../plan/index.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import { hasErrors } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import { defined } from "../support/errors.ts";
import { lastStepOf } from "./steps.ts";
import type { Compilation, ProfileBuild, Trace } from "./compile.ts";
import { parseSource } from "./front-end.ts";

/** A stage whose text is the code of one target is named as its files end: `wgsl`, `wat`, `js`. */
type CodeStage = (typeof TARGETS)[keyof typeof TARGETS]["extension"];

const CODE_STAGES: readonly CodeStage[] = Object.values(TARGETS).map(({ extension }) => extension);

/** The stages of a build, in their order. */
export const BUILD_STAGES = ["tensor", "kernel", ...CODE_STAGES, "plan"] as const;
export type BuildStage = (typeof BUILD_STAGES)[number];

/** The target whose code a stage shows; undefined where it is a stage of all targets. */
export function targetOfStage(stage: string): string | undefined {
  return Object.values(TARGETS).find(({ extension }) => extension === stage)?.name;
}

/** The stage that shows the code of a target. */
export function codeStageOf(target: string): string | undefined {
  return targetNamed(target)?.extension;
}

/** The syntax tree as JSON, where a place is `start-end` in UTF-16 units; undefined where the source does not parse. */
export function inspectAst(source: SourceFile): {
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { ast, diagnostics } = parseSource(source);
  if (hasErrors(diagnostics)) return { diagnostics };
  const compact = (key: string, value: unknown): unknown => {
    if (key !== "span") return value;
    const { start, end } = value as { start: number; end: number };
    return `${start}-${end}`;
  };
  return { text: JSON.stringify(ast, compact, 2), diagnostics };
}

/** The last step that a text needs; undefined where it needs all of a build. */
export function lastStepFor(stage: BuildStage, after: string | undefined): string | undefined {
  return after ?? (stage === "tensor" ? lastStepOf(stage) : undefined);
}

/** The text of a compilation's first profile: behind `step` where it went only so far, else the stage at its end. */
export function inspectCompilation(
  { builds: [build], traces: [trace] }: Compilation,
  stage: BuildStage,
  step: string | undefined,
): { readonly profile: string; readonly text: string } {
  if (step !== undefined && trace !== undefined) return { profile: trace.profile.name, text: textBehind(trace, step) };
  const complete = defined(build, "a compilation that succeeds has a build, or a trace up to its last step");
  return { profile: complete.profile.name, text: textOfStage(complete, stage) };
}

function textBehind({ records }: Trace, step: string): string {
  return defined(records.filter((record) => record.pass === step).at(-1)?.after, `no text behind ${step}`);
}

function textOfStage(build: ProfileBuild, stage: BuildStage): string {
  switch (stage) {
    case "tensor":
      return printModule(build.module, { locs: false });
    case "kernel":
      return build.program.kernels.map((kernel) => printKernel(kernel)).join("\n");
    case "plan":
      return printProgram({ ...build.program, kernels: [] }, printKernel);
    default:
      return targetNamed(build.profile.target)?.unit?.(build.program.kernels) ?? [...build.code.values()].join("\n");
  }
}
