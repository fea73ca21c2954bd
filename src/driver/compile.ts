/**
 * compile(): from source text to kernels, plans and code of each profile (`compile-profile.ts` has the order for one).
 * Pure: the clock comes from the caller, files are texts, and the same input gives the same bytes.
 */
import type { PassContext } from "../../passes/manager/pass.ts";
import type { PassRecord } from "../../passes/manager/pipeline.ts";
import { positionTables, positionsHeld } from "../../passes/tensor/extend/position-tables.ts";
import { COMPUTE_TYPES } from "../../passes/tensor/mixed-precision.ts";
import type { ComputeType } from "../../passes/tensor/mixed-precision.ts";
import type { Entry } from "../../passes/tensor/select-entries.ts";
import type { Module } from "../ir/ir.ts";
import { funcNamed } from "../ir/ir.ts";
import type { DType } from "../ir/type.ts";
import type { TargetInfo } from "../kernel/target-info.ts";
import { OPS } from "../ops/index.ts";
import type { Program } from "../plan/ir.ts";
import type { AnalyzedModel } from "../sema/index.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import type { SafetensorsFile } from "../runtime/safetensors.ts";
import { checkpointStorage } from "./checkpoint-storage.ts";
import { ProfileCompiler } from "./compile-profile.ts";
import type { Outcome } from "./compile-profile.ts";
import { analyzeSource } from "./front-end.ts";
import { fitChunk } from "./fit-chunk.ts";
import type { Attempted } from "./fit-chunk.ts";
import type { ConfigSettings, FrontEnd } from "./front-end.ts";

export { COMPUTE_TYPES };
export type { ComputeType, Entry };

export interface CompileOptions {
  readonly profiles: readonly TargetInfo[];
  readonly entries: readonly Entry[];
  /** What is built instead where generation cannot be derived from `forward`; without it that is an error. */
  readonly orElse?: readonly Entry[];
  /** Which model of a file that declares several. */
  readonly model?: string;
  /** Config values by name; a text is read by the declared type. */
  readonly set?: ConfigSettings;
  readonly taps?: boolean;
  /** The type of all weights in memory; default: what is computed in, where that is not f32; that of the checkpoint; f32. */
  readonly storage?: DType;
  /** What the operands of products are rounded to, where a profile has it; default: f32, which rounds nothing. */
  readonly compute?: ComputeType;
  /** The header of the weights that the build is for, if they are known. */
  readonly checkpoint?: SafetensorsFile;
  /** Capacities; defaults 1, up to 128 as the limits of a profile allow, and the model's context, else 1,024 or what its
   * tables of positions hold. */
  readonly batch?: number;
  readonly chunk?: number;
  readonly context?: number;
  /** Bytes that the activations of a plan may need; more is LLM0411. */
  readonly memoryBudget?: number;
  /** Passes that are switched off. */
  readonly off?: readonly string[];
  /** Seconds since any fixed moment; without it no pass is timed. */
  readonly clock?: () => number;
  /** Keep the text before and after each pass. */
  readonly texts?: boolean;
  /** Hears what fuse decides in each function, for each profile. */
  readonly decided?: PassContext["decided"];
  /** The last step to run, a name of `STEP_NAMES`: later ones can neither refuse nor fail, and there are no builds. */
  readonly until?: string;
}

/** What ran for a profile. */
export interface Trace {
  readonly profile: TargetInfo;
  readonly records: readonly PassRecord[];
}

export interface ProfileBuild extends Trace {
  /** Those of the compilation, but for a chunk that this profile's limits made smaller. */
  readonly capacities: Capacities;
  /** After the tensor passes, after lowering, and at the end. */
  readonly module: Module;
  readonly lowered: Program;
  readonly program: Program;
  /** The text of each kernel, by its name. */
  readonly code: ReadonlyMap<string, string>;
}

export interface Compilation {
  readonly model?: AnalyzedModel;
  /** Profiles that can hold the model; empty where a diagnostic is an error. */
  readonly builds: readonly ProfileBuild[];
  /** The same where the compilation went only `until` a step. */
  readonly traces: readonly Trace[];
  /** Why generation could not be derived, where the build therefore has `orElse`. */
  readonly noGeneration?: string;
  readonly capacities: Capacities;
  readonly diagnostics: readonly Diagnostic[];
  readonly files: ReadonlyMap<string, SourceFile>;
}

export interface Capacities {
  readonly B: number;
  readonly T: number;
  readonly S: number;
}

/** Compiles for each profile; one that cannot hold the model is left out with warnings, an error if none is left. */
export function compile(source: SourceFile, options: CompileOptions): Compilation {
  const front = analyzeFor(source, options);
  const { model, files } = front;
  const capacities = capacitiesOf(model, options);
  if (model === undefined) return { builds: [], traces: [], capacities, diagnostics: front.diagnostics, files };
  const diagnostics = [...front.diagnostics];
  const builds: ProfileBuild[] = [];
  const traces: Trace[] = [];
  const refused: Diagnostic[][] = [];
  const { attempts, noGeneration } = attemptAll(model, capacities, options);
  for (const attempt of attempts) {
    const { build, trace } = attempt;
    if (attempt.isRefused) refused.push([...attempt.diagnostics]);
    else {
      if (build !== undefined) builds.push(build);
      if (trace !== undefined) traces.push(trace);
      diagnostics.push(...attempt.diagnostics.filter((d) => !diagnostics.some((other) => same(other, d))));
    }
  }
  const left =
    builds.length + traces.length === 0
      ? nearest(refused)
      : refused.flat().map((d) => ({ ...d, severity: "warning" as const }));
  return { model, builds, traces, noGeneration, capacities, diagnostics: [...diagnostics, ...left], files };
}

type Attempt = Outcome & Attempted;

/** Whether generation can be derived is a matter of the model, so one profile's refusal changes the entries of all. */
function attemptAll(
  model: AnalyzedModel,
  capacities: Capacities,
  options: CompileOptions,
): { readonly attempts: readonly Attempt[]; readonly noGeneration?: string } {
  const attempt = (entries: readonly Entry[]): readonly Attempt[] => {
    const compiler = new ProfileCompiler(model, { ...options, entries });
    return options.profiles.map((profile) => {
      const withChunk = (T: number): Attempt => {
        const found = compiler.compile(profile, { ...capacities, T });
        return { ...found, isRefused: found.build === undefined && found.trace === undefined };
      };
      return options.chunk === undefined ? fitChunk(capacities.T, withChunk) : withChunk(capacities.T);
    });
  };
  const attempts = attempt(options.entries);
  const refusal = attempts.flatMap(({ diagnostics }) => diagnostics).find(({ code }) => NO_GENERATION.has(code));
  if (refusal === undefined || options.orElse === undefined) return { attempts };
  return { attempts: attempt(options.orElse), noGeneration: refusal.message };
}

/** `forward` is not causal, or not of the form that generation needs. */
const NO_GENERATION: ReadonlySet<string> = new Set(["LLM0501", "LLM0502"]);

/** Of profiles that all refuse the model the one with the fewest reasons: the others have reasons of their own as well. */
function nearest(refused: readonly (readonly Diagnostic[])[]): readonly Diagnostic[] {
  return [...refused].sort((a, b) => a.length - b.length)[0] ?? [];
}

/** The model with its storage types. Which tensor is which parameter is known only once the model is. */
function analyzeFor(
  source: SourceFile,
  { model, set, taps, checkpoint, compute, ...options }: CompileOptions,
): FrontEnd {
  const storage = options.storage ?? (compute === "f32" ? undefined : compute);
  const first = analyzeSource(source, { model, set, taps, storage: () => storage ?? "f32" });
  if (first.model === undefined || checkpoint === undefined || storage !== undefined) return first;
  return analyzeSource(source, { model, set, taps, storage: checkpointStorage(checkpoint, first.model) });
}

function capacitiesOf(model: AnalyzedModel | undefined, options: CompileOptions): Capacities {
  const S = options.context ?? model?.context ?? contextThatFits(model);
  return { B: options.batch ?? 1, T: Math.min(options.chunk ?? 128, S), S };
}

/** Where nobody says how long the context is: 1,024 tokens, or as many as the tables of positions have rows for. */
function contextThatFits(model: AnalyzedModel | undefined): number {
  const most = 1024;
  const forward = model && funcNamed(model.module, "forward");
  return (forward && positionsHeld(positionTables(forward, OPS), most)) || most;
}

function same(a: Diagnostic, b: Diagnostic): boolean {
  return a.code === b.code && a.message === b.message;
}
