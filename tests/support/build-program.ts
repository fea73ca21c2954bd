/** From a tensor module to what a device runs: placed plans, legal kernels, and their code, as `compile` does it. */
import { targetNamed } from "../../codegen/targets.ts";
import { lowerModule } from "../../passes/lower/index.ts";
import type { PassContext } from "../../passes/manager/pass.ts";
import { runPipeline } from "../../passes/manager/pipeline.ts";
import type { Pipeline } from "../../passes/manager/pipeline.ts";
import { kernelPipeline, planPipeline, tensorPipeline } from "../../passes/pipelines.ts";
import { verifyModule } from "../../src/ir/index.ts";
import type { Module } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { verifyKernel } from "../../src/kernel/verify.ts";
import { OPS } from "../../src/ops/index.ts";
import type { Program } from "../../src/plan/ir.ts";
import { verifyProgram } from "../../src/plan/verify.ts";

export interface BuiltProgram {
  readonly info: TargetInfo;
  readonly program: Program;
  /** The text of each kernel, by its name. */
  readonly code: ReadonlyMap<string, string>;
}

export interface BuildOptions {
  readonly capacities: Readonly<Record<string, number>>;
  /** Run the tensor passes on `@forward`; without them each op is a kernel of its own. */
  readonly tensorPasses?: boolean;
  /** Passes that are switched off. */
  readonly off?: readonly string[];
}

/** Throws where a pass reports a diagnostic, or the result of one does not verify. */
export function buildProgram(module: Module, info: TargetInfo, options: BuildOptions): BuiltProgram {
  const { capacities, tensorPasses = false, off = [] } = options;
  const context: PassContext = { ops: OPS, info, capacities };
  const run = <IR>(pipeline: Pipeline<IR>, ir: IR): IR => {
    const done = runPipeline(pipeline, ir, context, { off: new Set(off) });
    refuse(done.diagnostics.map(({ message }) => message));
    return done.ir;
  };
  const grouped = tensorPasses ? run(tensorPipeline(["forward"]), module) : module;
  refuse(verifyModule(grouped, OPS));
  const { program: lowered, diagnostics } = lowerModule(grouped, context);
  refuse(diagnostics.map(({ message }) => message));
  const program = run(planPipeline, run(kernelPipeline, lowered));
  refuse(program.kernels.flatMap(verifyKernel));
  refuse(verifyProgram(program, info.limits));
  const target = targetNamed(info.target);
  if (target === undefined) throw new Error(`no code generator for ${info.target}`);
  return { info, program, code: new Map(program.kernels.map((kernel) => [kernel.name, target.emit(kernel)])) };
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
