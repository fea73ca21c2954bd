/**
 * What a command prints: data to stdout, messages to stderr; with `--json` exactly one JSON document on stdout.
 * Colour only on a terminal, and not under `NO_COLOR`, `CI` or `TERM=dumb`.
 */
import { diagnosticJson, renderDiagnostic } from "../support/render-diagnostic.ts";
import type { JsonDiagnostic } from "../support/render-diagnostic.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import type { CommandFailure } from "./failure.ts";

export type Files = ReadonlyMap<string, SourceFile>;

export class Output {
  constructor(readonly json: boolean) {}

  /** The command's result: the document with `--json`, else the text. */
  result(document: Readonly<Record<string, unknown>>, text: string): void {
    if (this.json) process.stdout.write(`${JSON.stringify({ ok: true, ...document })}\n`);
    else if (text !== "") process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** For people only. */
  message(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  diagnostics(diagnostics: readonly Diagnostic[], files: Files): void {
    if (this.json) return;
    for (const d of diagnostics) process.stderr.write(`${renderDiagnostic(d, files, { colour: hasColour() })}\n`);
  }

  /** The failure's document or text. Diagnostics are drawn before the message. */
  failure(failure: CommandFailure): void {
    const { files } = failure;
    if (this.json) {
      const { code, message } = failure;
      const diagnostics = failure.diagnostics.map((d) => diagnosticDocument(d, files));
      const error = { code, message, ...(diagnostics.length > 0 ? { diagnostics } : {}) };
      process.stdout.write(`${JSON.stringify({ ok: false, error })}\n`);
      return;
    }
    this.diagnostics(failure.diagnostics, files);
    process.stderr.write(`llmc: ${failure.message}\n`);
  }
}

/**
 * A diagnostic as scripts read it: always with a place. One about a value from the command line has none of its own: it
 * gets that of the declaration it is about, else the start of the source, which is the last of `files`.
 */
export function diagnosticDocument(diagnostic: Diagnostic, files: Files): JsonDiagnostic {
  const document = diagnosticJson(diagnostic, files);
  if (document.file !== null) return document;
  const [declaration] = document.related;
  const start = { line: 1, column: 1, offset: 0 };
  const { file, ...place } = declaration ?? { file: [...files.keys()].at(-1) ?? "", start, end: start };
  return { ...document, file, start: place.start, end: place.end };
}

export function hasColour(): boolean {
  const { NO_COLOR, CI, TERM } = process.env;
  return process.stderr.isTTY === true && !NO_COLOR && !CI && TERM !== "dumb";
}
