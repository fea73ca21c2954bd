/** Helpers of the semantic tests: the standard library as parsed, and one call from text to model or messages. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "../../../grammar/index.ts";
import type { File } from "../../../grammar/index.ts";
import { verifyModule, printModule } from "../../../src/ir/index.ts";
import { OPS } from "../../../src/ops/index.ts";
import { analyze } from "../../../src/sema/index.ts";
import type { AnalyzeOptions, Analyzed } from "../../../src/sema/index.ts";
import { renderDiagnostic } from "../../../src/support/render-diagnostic.ts";
import type { SourceFile } from "../../../src/support/source.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export function repositoryFile(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

const libraryFiles = readdirSync(join(root, "src/std"))
  .filter((name) => name.endsWith(".llm"))
  .sort()
  .map((name) => repositoryFile(`src/std/${name}`));
const parsedLibrary = libraryFiles.map((file) => parse(file).ast);

export const library: File = { ...parsedLibrary[0]!, items: parsedLibrary.flatMap((file) => file.items) };

export function analyzeFile(file: SourceFile, options: Partial<AnalyzeOptions> = {}): Analyzed {
  const { ast, diagnostics } = parse(file);
  if (diagnostics.length > 0) throw new Error(`the source does not parse: ${diagnostics[0]!.message}\n${file.text}`);
  return analyze(ast, { library, ops: OPS, set: {}, taps: false, storage: () => "f32", ...options });
}

export function analyzeText(text: string, options: Partial<AnalyzeOptions> = {}): Analyzed {
  return analyzeFile({ path: "test.llm", text }, options);
}

/** All diagnostics as a user sees them. */
export function rendered(text: string, options: Partial<AnalyzeOptions> = {}): string {
  const file = { path: "test.llm", text };
  const files = new Map([file, ...libraryFiles].map((each) => [each.path, each]));
  return analyzeFile(file, options)
    .diagnostics.map((each) => renderDiagnostic(each, files, { colour: false }))
    .join("\n\n");
}

export function codes(text: string, options: Partial<AnalyzeOptions> = {}): readonly string[] {
  return analyzeText(text, options).diagnostics.map((each) => each.code);
}

/** The text of the IR of a source without mistakes; the verifier agrees with it. */
export function irOf(text: string, options: Partial<AnalyzeOptions> = {}): string {
  const { model, diagnostics } = analyzeText(text, options);
  if (model === undefined) throw new Error(diagnostics.map((each) => `${each.code} ${each.message}`).join("\n"));
  const problems = verifyModule(model.module, OPS);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return printModule(model.module, { locs: false });
}

/** A model around a `forward` that maps f[B, T, dim] to itself. */
export function modelWith(parts: {
  readonly body?: string;
  readonly forward: string;
  readonly config?: string;
}): string {
  // What is declared and not used would be a warning.
  const isUsed = /\bheads\b/.test(`${parts.body} ${parts.forward}`);
  const config = parts.config ?? (isUsed ? "dim: int = 8, heads: int = 2" : "dim: int = 8");
  return `model Tiny(${config}) {\n${parts.body ?? ""}\n  forward(x: f[B, T, dim]) -> f[B, T, dim] {\n    ${parts.forward}\n  }\n}\n`;
}
