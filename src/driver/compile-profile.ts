/**
 * One profile's way from the model to code. The tensor passes and lowering are shared by profiles that agree in every fact
 * that was read there (`facts.ts`): those with and without subgroups, with and without relaxed SIMD.
 */
import { targetNamed } from "../../codegen/targets.ts";
import { lowerModule } from "../../passes/lower/index.ts";
import type { PassContext } from "../../passes/manager/pass.ts";
import { runPipeline } from "../../passes/manager/pipeline.ts";
import type { Instrument, PassRecord, Pipeline } from "../../passes/manager/pipeline.ts";
import { kernelPipeline, planPipeline, tensorPipeline } from "../../passes/pipelines.ts";
import { printModule } from "../ir/index.ts";
import type { Module } from "../ir/ir.ts";
import { printKernel } from "../kernel/index.ts";
import type { TargetInfo } from "../kernel/target-info.ts";
import { OPS } from "../ops/index.ts";
import { printProgram } from "../plan/index.ts";
import type { Program } from "../plan/ir.ts";
import type { AnalyzedModel } from "../sema/index.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import { hasErrors } from "../support/diagnostic.ts";
import { defined } from "../support/errors.ts";
import type { Capacities, CompileOptions, ProfileBuild, Trace } from "./compile.ts";
import { agrees, noting } from "./facts.ts";
import type { Facts } from "./facts.ts";
import { budgetProblems } from "./memory-budget.ts";
import { parameterProblems } from "./parameter-limits.ts";
import { LOWER, stageOfPass } from "./steps.ts";

/** Neither a build nor a trace where the profile refuses the model. */
export interface Outcome {
  readonly build?: ProfileBuild;
  readonly trace?: Trace;
  readonly diagnostics: readonly Diagnostic[];
}

/** The tensor passes and lowering; without `lowered` where they were refused, or wanted no further. */
interface Front {
  readonly records: readonly PassRecord[];
  readonly diagnostics: readonly Diagnostic[];
  readonly module?: Module;
  readonly lowered?: Program;
}

/** Compiles one model for several profiles, each fact once. */
export class ProfileCompiler {
  private readonly fronts: { readonly chunk: number; readonly facts: Facts; readonly front: Front }[] = [];

  constructor(
    private readonly model: AnalyzedModel,
    private readonly options: CompileOptions,
  ) {}

  compile(profile: TargetInfo, capacities: Capacities): Outcome {
    const { options, model } = this;
    const { until } = options;
    const last = until === undefined ? undefined : stageOfPass(until);
    const tooLarge = last === "tensor" ? [] : parameterProblems(model, profile);
    if (tooLarge.length > 0) return { diagnostics: tooLarge };
    const front = this.frontFor(profile, capacities);
    const { module, lowered } = front;
    const [diagnostics, records] = [[...front.diagnostics], [...front.records]];
    const trace: Trace = { profile, records };
    if (hasErrors(diagnostics)) return { diagnostics };
    if (module === undefined || lowered === undefined || until === LOWER) return { trace, diagnostics };
    const run = this.runner(profile, capacities, diagnostics, records);
    const legal = run(kernelPipeline, { ...lowered, profile: profile.name }, print);
    if (legal !== undefined && last === "kernel") return { trace, diagnostics };
    const program = legal === undefined ? undefined : run(planPipeline, legal, print);
    if (program === undefined) return { diagnostics };
    const overspent = budgetProblems(program, options.memoryBudget ?? Infinity);
    if (overspent.length > 0) return { diagnostics: [...diagnostics, ...overspent] };
    if (last === "plan") return { trace, diagnostics };
    const { emit } = defined(targetNamed(profile.target), `no code generator for ${profile.target}`);
    const code = new Map(program.kernels.map((kernel) => [kernel.name, emit(kernel)] as const));
    return { build: { ...trace, capacities, module, lowered, program, code }, diagnostics };
  }

  private frontFor(profile: TargetInfo, capacities: Capacities): Front {
    // Whoever hears decisions hears those of every profile.
    const isShared = this.options.decided === undefined;
    const known = this.fronts.find(({ chunk, facts }) => isShared && chunk === capacities.T && agrees(profile, facts));
    if (known !== undefined) return { ...known.front, records: known.front.records.map((record) => ({ ...record, seconds: 0 })) }; // prettier-ignore
    const { noted, facts } = noting(profile);
    const front = this.makeFront(noted, capacities);
    // Where nothing is said, nobody is named.
    const read = new Map([...facts].filter(([path]) => path !== "/name" || front.diagnostics.length > 0));
    this.fronts.push({ chunk: capacities.T, facts: read, front });
    return front;
  }

  private makeFront(info: TargetInfo, capacities: Capacities): Front {
    const { model, options } = this;
    const { clock, texts, until } = options;
    const diagnostics: Diagnostic[] = [];
    const records: PassRecord[] = [];
    const run = this.runner(info, capacities, diagnostics, records);
    const module = run(tensorPipeline(options.entries, options.compute), model.module, (ir) => printModule(ir, { locs: false })); // prettier-ignore
    if (module === undefined || (until !== undefined && stageOfPass(until) === "tensor"))
      return { records, diagnostics };
    const start = clock?.();
    const { program: lowered, diagnostics: limits } = lowerModule(module, this.contextOf(info, capacities));
    const seconds = start === undefined ? undefined : (clock?.() ?? 0) - start;
    records.push({ pass: LOWER, mode: "run", seconds, after: texts === true ? print(lowered) : undefined });
    diagnostics.push(...limits);
    return { records, diagnostics, module, lowered };
  }

  private contextOf(info: TargetInfo, capacities: Capacities): PassContext {
    return { ops: OPS, info, capacities: { ...capacities }, decided: this.options.decided };
  }

  /** Runs pipelines as the options say, and notes what they say. */
  private runner(info: TargetInfo, capacities: Capacities, diagnostics: Diagnostic[], records: PassRecord[]) {
    const { clock, texts, until, off = [] } = this.options;
    return <IR>(pipeline: Pipeline<IR>, ir: IR, text: (ir: IR) => string): IR | undefined => {
      const instrument: Instrument<IR> = { clock, print: texts === true ? text : undefined };
      const done = runPipeline(upTo(pipeline, until), ir, this.contextOf(info, capacities), { off: new Set(off), instrument }); // prettier-ignore
      diagnostics.push(...done.diagnostics);
      records.push(...done.records);
      return hasErrors(done.diagnostics) ? undefined : done.ir;
    };
  }
}

function print(program: Program): string {
  return printProgram(program, printKernel);
}

/** The pipeline without what stands behind the last pass of that name; all of it where it has none. */
function upTo<IR>(pipeline: Pipeline<IR>, name: string | undefined): Pipeline<IR> {
  const at = pipeline.passes.map((pass) => pass.name).lastIndexOf(name ?? "");
  return at < 0 ? pipeline : { ...pipeline, passes: pipeline.passes.slice(0, at + 1) };
}
