/**
 * The semantic analysis: from the tree of a file to the tensor IR of one model. Config values are substituted first;
 * then names, shapes and element types are resolved, blocks are inlined at their calls, and layer arrays become loops.
 * Nothing a user writes makes it throw: mistakes are diagnostics, and there is a model only where there is no error.
 */
import type { File, ModelItem } from "../../grammar/ast.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import type { Module } from "../ir/ir.ts";
import type { OpTable } from "../ir/op-def.ts";
import type { DType } from "../ir/type.ts";
import { Dim } from "../support/dim.ts";
import type { Span } from "../support/source.ts";
import { declareBody } from "./block-shape.ts";
import { checkDeclarations } from "./declarations.ts";
import { callableEntity } from "./declare.ts";
import { newEffort } from "./effort.ts";
import type { ConfigValue, Entity } from "./entity.ts";
import { int, poison } from "./entity.ts";
import { buildForward, forwardOf } from "./forward.ts";
import type { ConfigSettings } from "./model-config.ts";
import { CONTEXT, bindModelConfig, checkEndOfText } from "./model-config.ts";
import type { ParameterInfo } from "./parameters.ts";
import { parametersOf } from "./parameters.ts";
import { Reporter, didYouMean } from "./report.ts";
import { Scope } from "./scope.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { warnSuspicious } from "./suspicious.ts";
import { warnUnused } from "./unused.ts";
import type { WeightRules } from "./weight-rules.ts";
import { weightRulesOf } from "./weight-rules.ts";

export type { ConfigValue, Origin } from "./entity.ts";
export type { ParameterInfo } from "./parameters.ts";
export type { WeightRules } from "./weight-rules.ts";
export type { ConfigSettings } from "./model-config.ts";
export { matchesPath } from "./path-pattern.ts";

export interface AnalyzeOptions {
  /** The parsed standard library, all its files merged. */
  readonly library: File;
  readonly ops: OpTable;
  /** Which model, when the file has several. */
  readonly model?: string;
  /** Config values from outside; texts are read by the declared type. */
  readonly set: ConfigSettings;
  /** Whether `tap` and the inputs and outputs of layers become results. */
  readonly taps: boolean;
  /** The storage type of the parameter at a concrete path. */
  readonly storage: (path: string) => DType;
}

export interface AnalyzedModel {
  readonly name: string;
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** The config value `context`: the default capacity of the cache, in tokens. */
  readonly context?: number;
  /** Holds `@forward`; its first result is `logits`, then come the taps. */
  readonly module: Module;
  readonly parameters: readonly ParameterInfo[];
  readonly weights: WeightRules;
}

export interface Analyzed {
  /** Absent where a diagnostic is an error. */
  readonly model?: AnalyzedModel;
  readonly diagnostics: readonly Diagnostic[];
}

/** Analyzes one model of a file. */
export function analyze(ast: File, options: AnalyzeOptions): Analyzed {
  const libraryFiles = new Set(options.library.items.map((item) => item.span.file));
  const reporter = new Reporter(libraryFiles);
  const root = new Scope();
  for (const symbol of ["B", "T"]) root.define(symbol, int(Dim.symbol(symbol)));
  const context: Context = {
    session: {
      ...options,
      reporter,
      libraryFiles,
      sizes: new WeakMap(),
      effort: newEffort(),
      parameterPlaces: new Map(),
    },
    scope: root,
    owners: new Map(),
    active: [],
  };
  declareItems(context, options.library, ast);
  const item = chooseModel(context, ast, options.model);
  const model = item && analyzeModel(context, ast, item, options);
  if (!reporter.hasErrors) {
    warnUnused(context, ast);
    warnSuspicious(context, ast);
  }
  return { ...(model === undefined || reporter.hasErrors ? {} : { model }), diagnostics: reporter.diagnostics };
}

/** Blocks and functions of the library, then those of the file, which may replace them. */
function declareItems(context: Context, library: File, ast: File): void {
  const entityOf = (item: File["items"][number]): Entity | undefined =>
    item.kind === "block" || item.kind === "fn" ? callableEntity(context, item) : undefined;
  for (const item of library.items) {
    const entity = entityOf(item);
    if (entity !== undefined) context.scope.define(item.name.text, entity);
  }
  const own = new Map<string, Span>();
  for (const item of ast.items) {
    const entity = entityOf(item);
    const first = own.get(item.name.text);
    if (first !== undefined) {
      report(context, "LLM0202", `the name \`${item.name.text}\` is declared twice`, item.name.span, {
        related: [{ message: "the first one", at: first }],
      });
      context.scope.define(item.name.text, poison);
    } else if (entity !== undefined) context.scope.define(item.name.text, entity);
    own.set(item.name.text, first ?? item.name.span);
  }
}

function chooseModel(context: Context, ast: File, wanted: string | undefined): ModelItem | undefined {
  const declared = ast.items.filter((item) => item.kind === "model");
  // A second model of the same name has been reported.
  const models = declared.filter(
    (item, index) => !declared.slice(0, index).some((b) => b.name.text === item.name.text),
  );
  const names = models.map((model) => model.name.text);
  const [first] = models;
  if (wanted !== undefined) {
    const found = models.find((model) => model.name.text === wanted);
    if (found === undefined)
      report(context, "LLM0308", `there is no model named \`${wanted}\``, undefined, didYouMean(wanted, names));
    return found;
  }
  if (models.length === 1) return first;
  if (first === undefined) report(context, "LLM0308", "the file declares no model", ast.span);
  else
    report(context, "LLM0308", `the file declares ${models.length} models: ${names.join(", ")}`, models[1]?.name.span, {
      related: [{ message: "the first one", at: first.name.span }],
      help: `choose one by its name behind the source: \`${first.name.span.file.path}#${first.name.text}\``,
    });
  return undefined;
}

function analyzeModel(
  context: Context,
  ast: File,
  item: ModelItem,
  options: AnalyzeOptions,
): AnalyzedModel | undefined {
  const configScope = new Scope(context.scope, "config");
  const config = bindModelConfig({ ...context, scope: configScope }, item, options.set);
  const inner: Context = { ...context, scope: new Scope(configScope) };
  const shape = declareBody(inner, item, item.body);
  const parameters = parametersOf(shape, context.session);
  // A mistake in a declaration may have cost parameters: then a path that names none is no second mistake.
  const isComplete = !context.session.reporter.hasErrors;
  reportSamePaths(inner, parameters);
  const forward = forwardOf(inner, item);
  const parameterPlaces = new Map(parameters.map(({ path, loc }) => [path, loc]));
  const placing: Context = { ...inner, session: { ...context.session, parameterPlaces } };
  const func = forward && buildForward(placing, shape, forward);
  checkEndOfText(inner, item, func?.body.yields[0]?.type.dims.at(-1)?.asNumber());
  const weights = weightRulesOf(inner, shape, item.body, parameters, isComplete);
  checkDeclarations(inner, ast, item.name.text, isComplete ? parameters : undefined);
  if (func === undefined) return undefined;
  const tokens = config[CONTEXT];
  return {
    name: item.name.text,
    config,
    ...(typeof tokens === "number" ? { context: tokens } : {}),
    module: { name: item.name.text, funcs: [func] },
    parameters,
    weights,
  };
}

function reportSamePaths(context: Context, parameters: readonly ParameterInfo[]): void {
  const seen = new Map<string, ParameterInfo>();
  for (const parameter of parameters) {
    const before = seen.get(parameter.path);
    if (before !== undefined)
      report(context, "LLM0219", `two parameters have the path \`${parameter.path}\``, parameter.loc, {
        related: [{ message: "the other one", at: before.loc }],
      });
    seen.set(parameter.path, parameter);
  }
}
