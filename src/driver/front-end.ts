/** From source text to the analyzed model: parse, sema, the formatter and the import of published configs. */
import { parse, format } from "../../grammar/index.ts";
import type { File } from "../../grammar/ast.ts";
import { configValues } from "../import/config-values.ts";
import { importConfig } from "../import/index.ts";
import { OPS } from "../ops/index.ts";
import { analyze } from "../sema/index.ts";
import type { AnalyzedModel, ConfigSettings } from "../sema/index.ts";
import type { DType } from "../ir/type.ts";
import { LIBRARY, TEMPLATES } from "../std/library.generated.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import { hasErrors } from "../support/diagnostic.ts";
import { InternalError } from "../support/errors.ts";
import type { SourceFile } from "../support/source.ts";

export type { AnalyzedModel, ConfigSettings };

export interface FrontEndOptions {
  /** Which model of a file that declares several. */
  readonly model?: string;
  /** Config values by name; a text is read by the declared type. */
  readonly set?: ConfigSettings;
  /** Adds the taps to the outputs of `forward`. */
  readonly taps?: boolean;
  /** The type of a parameter in memory; default f32. */
  readonly storage?: (path: string) => DType;
}

export interface FrontEnd {
  /** Absent where a diagnostic is an error. */
  readonly model?: AnalyzedModel;
  readonly diagnostics: readonly Diagnostic[];
  /** The texts that diagnostics and locations point into, by path. */
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** All diagnostics of a source and, without errors, its model. */
export function analyzeSource(source: SourceFile, options: FrontEndOptions = {}): FrontEnd {
  const files = new Map([...LIBRARY, source].map((file) => [file.path, file] as const));
  const parsed = parse(source);
  if (hasErrors(parsed.diagnostics)) return { diagnostics: parsed.diagnostics, files };
  const analyzed = analyze(parsed.ast, {
    library: library(),
    ops: OPS,
    model: options.model,
    set: options.set ?? {},
    taps: options.taps ?? false,
    storage: options.storage ?? (() => "f32"),
  });
  const diagnostics = [...parsed.diagnostics, ...analyzed.diagnostics];
  return { model: hasErrors(diagnostics) ? undefined : analyzed.model, diagnostics, files };
}

export function parseSource(source: SourceFile): { ast: File; diagnostics: readonly Diagnostic[] } {
  return parse(source);
}

export function formatSource(source: SourceFile): { text: string; diagnostics: readonly Diagnostic[] } {
  return format(source);
}

export interface ImportedSource {
  readonly source?: SourceFile;
  readonly diagnostics: readonly Diagnostic[];
  /** The file is no JSON at all. */
  readonly malformed: boolean;
}

/** The `.llm` text of a published `config.json`. */
export function importCheckpoint(config: SourceFile): ImportedSource {
  const imported = importConfig(config, TEMPLATES);
  const { source, diagnostics, malformed } = imported;
  return {
    source: source === undefined ? undefined : { path: `${config.path}.llm`, text: source },
    diagnostics,
    malformed,
  };
}

export interface PublishedSettings {
  readonly settings: ConfigSettings;
  readonly diagnostics: readonly Diagnostic[];
  /** The file is no JSON at all. */
  readonly malformed: boolean;
}

/** What a published `config.json` says of the config values that a model of `source` declares by the published names. */
export function publishedSettings(config: SourceFile, source: SourceFile, model?: string): PublishedSettings {
  const { values, diagnostics, malformed } = configValues(config, parse(source).ast, model);
  return { settings: values, diagnostics, malformed };
}

let parsedLibrary: File | undefined;

/** The standard library, parsed once a process. */
function library(): File {
  if (parsedLibrary === undefined) {
    const parsed = LIBRARY.map((file) => parse(file));
    const bad = parsed.flatMap((p) => p.diagnostics)[0];
    if (bad !== undefined) throw new InternalError(`the standard library does not parse: ${bad.message}`);
    const [first] = parsed;
    if (first === undefined) throw new InternalError("the standard library is empty");
    parsedLibrary = { ...first.ast, items: parsed.flatMap((p) => p.ast.items) };
  }
  return parsedLibrary;
}
