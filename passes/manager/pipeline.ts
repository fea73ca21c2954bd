/**
 * Pipelines: passes in an order that was checked before any program is seen, and the one loop that runs them.
 *
 * The check assumes the worst choice of `off`: a property counts as established only by a pass that cannot be absent
 * (required, so that it runs at least in its trivial mode), while every pass counts as destroying what it destroys.
 * Then any subset of the optional passes is a legal pipeline too. Nothing here knows what the IR is; clock, printer
 * and verifier come from the caller.
 */
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import { hasErrors } from "../../src/support/diagnostic.ts";
import { InternalError } from "../../src/support/errors.ts";
import type { Pass, PassContext, PassResult } from "./pass.ts";

export interface Pipeline<IR> {
  readonly name: string;
  readonly passes: readonly Pass<IR>[];
}

/** What a caller may watch while a pipeline runs. Each part is optional. */
export interface Instrument<IR> {
  /** Seconds since any fixed moment. */
  readonly clock?: () => number;
  /** How many ops (or kernels and steps) the program has. */
  readonly size?: (ir: IR) => number;
  /** The program's text; where it is given, records hold the text before and after each pass. */
  readonly print?: (ir: IR) => string;
  /** The first thing that is wrong with the program, as a sentence; asked after every pass. */
  readonly verify?: (ir: IR, context: PassContext) => string | undefined;
  /** Also check, on the program itself, what each pass says it establishes. */
  readonly checkProperties?: boolean;
  /** Replaces the program between two passes; tests send it through text and back. */
  readonly between?: (ir: IR) => IR;
}

export type PassMode = "run" | "trivial" | "off";

/** What one pass of one run did. Seconds, sizes and texts are there where the instrument gives them. */
export interface PassRecord {
  readonly pass: string;
  readonly mode: PassMode;
  readonly seconds?: number;
  readonly opsBefore?: number;
  readonly opsAfter?: number;
  readonly before?: string;
  readonly after?: string;
}

export interface RunOptions<IR> {
  /** Names of passes that are switched off; a required one then runs in its trivial mode. */
  readonly off: ReadonlySet<string>;
  readonly instrument?: Instrument<IR>;
}

export interface PipelineResult<IR> {
  readonly ir: IR;
  readonly diagnostics: readonly Diagnostic[];
  readonly records: readonly PassRecord[];
  /** Names in `off` that no pass of this pipeline has; a build with several pipelines reports those unknown to all. */
  readonly unknown: readonly string[];
}

/**
 * Makes a pipeline, or throws `InternalError` where its order is impossible: a pass requires a property that no
 * required pass before it establishes, or that one in between destroys.
 */
export function makePipeline<IR>(name: string, passes: readonly Pass<IR>[]): Pipeline<IR> {
  const holds = new Set<string>();
  const destroyer = new Map<string, string>();
  for (const pass of passes) {
    for (const property of pass.requires)
      if (!holds.has(property.name)) {
        const by = destroyer.get(property.name);
        const why = by === undefined ? "no required pass before it establishes that" : `${by} destroys that before it`;
        throw new InternalError(`pipeline ${name}: ${pass.name} requires "${property.name}", but ${why}`);
      }
    for (const property of pass.destroys) {
      holds.delete(property.name);
      destroyer.set(property.name, pass.name);
    }
    if (pass.required) for (const property of pass.establishes) holds.add(property.name);
  }
  return { name, passes };
}

/** The names that `--passes=-name` may use, each once, in pipeline order. */
export function passNames<IR>(pipeline: Pipeline<IR>): readonly string[] {
  return [...new Set(pipeline.passes.map((pass) => pass.name))];
}

/**
 * Runs the passes in order and stops after the first that reports an error. Throws `InternalError` where the
 * instrument's `verify` or a property's `check` finds the program broken after a pass: that is a bug of the pass.
 */
export function runPipeline<IR>(
  pipeline: Pipeline<IR>,
  ir: IR,
  context: PassContext,
  options: RunOptions<IR>,
): PipelineResult<IR> {
  const known = new Set(passNames(pipeline));
  const diagnostics: Diagnostic[] = [];
  const records: PassRecord[] = [];
  let current = ir;
  for (const pass of pipeline.passes) {
    const mode = modeOf(pass, options.off);
    const before = current;
    const { result, seconds } = timed(options.instrument, () => runIn(mode, pass, before, context));
    check(pipeline, pass, mode, result, context, options.instrument);
    diagnostics.push(...result.diagnostics);
    records.push({ pass: pass.name, mode, seconds, ...observed(options.instrument, before, result.ir) });
    if (hasErrors(result.diagnostics))
      return { ir: result.ir, diagnostics, records, unknown: unknown(options.off, known) };
    current = options.instrument?.between?.(result.ir) ?? result.ir;
  }
  return { ir: current, diagnostics, records, unknown: unknown(options.off, known) };
}

function modeOf<IR>(pass: Pass<IR>, off: ReadonlySet<string>): PassMode {
  if (!off.has(pass.name)) return "run";
  if (!pass.required) return "off";
  return pass.trivial === undefined ? "run" : "trivial";
}

function runIn<IR>(mode: PassMode, pass: Pass<IR>, ir: IR, context: PassContext): PassResult<IR> {
  if (mode === "off") return { ir, diagnostics: [] };
  return mode === "trivial" && pass.trivial !== undefined ? pass.trivial(ir, context) : pass.run(ir, context);
}

function timed<IR, R>(instrument: Instrument<IR> | undefined, work: () => R): { result: R; seconds?: number } {
  const clock = instrument?.clock;
  if (clock === undefined) return { result: work() };
  const start = clock();
  const result = work();
  return { result, seconds: clock() - start };
}

function observed<IR>(instrument: Instrument<IR> | undefined, before: IR, after: IR): Partial<PassRecord> {
  return {
    opsBefore: instrument?.size?.(before),
    opsAfter: instrument?.size?.(after),
    before: instrument?.print?.(before),
    after: instrument?.print?.(after),
  };
}

function check<IR>(
  pipeline: Pipeline<IR>,
  pass: Pass<IR>,
  mode: PassMode,
  result: PassResult<IR>,
  context: PassContext,
  instrument: Instrument<IR> | undefined,
): void {
  if (hasErrors(result.diagnostics)) return;
  const broken = instrument?.verify?.(result.ir, context);
  if (broken !== undefined) throw new InternalError(`pipeline ${pipeline.name}, after ${pass.name}: ${broken}`);
  if (instrument?.checkProperties !== true || mode === "off") return;
  for (const property of pass.establishes) {
    const failing = property.check(result.ir, context);
    if (failing !== undefined)
      throw new InternalError(
        `pipeline ${pipeline.name}: ${pass.name} (${mode}) does not establish "${property.name}": ${failing}`,
      );
  }
}

function unknown(off: ReadonlySet<string>, known: ReadonlySet<string>): readonly string[] {
  return [...off].filter((name) => !known.has(name));
}
