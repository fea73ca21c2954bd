/**
 * A diagnostic as people see it (a picture of the source with marks) and as scripts see it (JSON). Both are interfaces:
 * the picture is a snapshot in the tests, the JSON's fields are a promise.
 */
import type { Diagnostic } from "./diagnostic.ts";
import { snippetRows } from "./snippet.ts";
import type { Mark, Paint } from "./snippet.ts";
import { offsetAt } from "./source.ts";
import type { Loc, Position, SourceFile } from "./source.ts";

export interface RenderOptions {
  /** ANSI colours. */
  readonly colour: boolean;
}

/**
 * The picture, without a newline at its end. `files` by path; a place in a file that is not among them is named without
 * its text.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  files: ReadonlyMap<string, SourceFile>,
  { colour }: RenderOptions,
): string {
  const paint = paintOf(diagnostic, colour);
  const marks = marksOf(diagnostic);
  const shown = marks.filter((mark) => files.has(mark.loc.path));
  const lineNumbers = shown.map((mark) => String(mark.loc.start.line).length);
  const width = Math.max(2, ...lineNumbers);
  const margin = " ".repeat(width + 1);

  const rows = [`${paint.primary(`${diagnostic.severity}[${diagnostic.code}]`)}: ${paint.strong(diagnostic.message)}`];
  for (const [path, ofFile] of byFile(marks)) {
    const file = files.get(path);
    const at = (ofFile.find((mark) => mark.isPrimary) ?? ofFile[0])?.loc.start;
    rows.push(`${margin}${paint.gutter("┌─")} ${path}:${at?.line ?? 1}:${at?.column ?? 1}`);
    if (file !== undefined)
      rows.push(
        `${margin}${paint.gutter("│")}`,
        ...snippetRows(file, ofFile, width, paint),
        `${margin}${paint.gutter("│")}`,
      );
    else for (const mark of ofFile) if (mark.label !== "") rows.push(`${margin}${paint.gutter("│")} ${mark.label}`);
  }
  const facts = [
    ...diagnostic.notes.map((note) => `note: ${note}`),
    ...(diagnostic.help === undefined ? [] : [`help: ${diagnostic.help}`]),
    `explain: \`llmc explain ${diagnostic.code}\``,
  ];
  for (const fact of facts) rows.push(`${margin}${paint.gutter("=")} ${fact}`);
  return rows.join("\n");
}

/** A place in JSON: lines and columns from 1, offsets from 0, columns and offsets in UTF-16 units. */
export interface JsonPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export interface JsonPlace {
  readonly file: string;
  readonly start: JsonPosition;
  readonly end: JsonPosition;
}

/** One element of `diagnostics` in `llmc check --json`; `file`, `start`, `end` are null where there is no place. */
export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file: string | null;
  readonly start: JsonPosition | null;
  readonly end: JsonPosition | null;
  readonly related: readonly ({ readonly message: string } & JsonPlace)[];
  readonly help: string | null;
}

export function diagnosticJson(diagnostic: Diagnostic, files: ReadonlyMap<string, SourceFile>): JsonDiagnostic {
  const { code, severity, message } = diagnostic;
  const place = diagnostic.loc === undefined ? { file: null, start: null, end: null } : placeOf(diagnostic.loc, files);
  const related = diagnostic.related.map((other) => ({ message: other.message, ...placeOf(other.loc, files) }));
  return { code, severity, message, ...place, related, help: diagnostic.help ?? null };
}

function placeOf(loc: Loc, files: ReadonlyMap<string, SourceFile>): JsonPlace {
  const file = files.get(loc.path);
  const at = (position: Position) => ({ ...position, offset: file === undefined ? 0 : offsetAt(file, position) });
  return { file: loc.path, start: at(loc.start), end: at(loc.end) };
}

function marksOf(diagnostic: Diagnostic): readonly Mark[] {
  const related = diagnostic.related.map(({ loc, message }) => ({ loc, label: message, isPrimary: false }));
  if (diagnostic.loc === undefined) return related;
  return [{ loc: diagnostic.loc, label: diagnostic.label ?? "", isPrimary: true }, ...related];
}

/** The file of the primary place first, the others in the order they are named. */
function byFile(marks: readonly Mark[]): ReadonlyMap<string, readonly Mark[]> {
  const files = new Map<string, Mark[]>();
  for (const mark of marks) files.set(mark.loc.path, [...(files.get(mark.loc.path) ?? []), mark]);
  return files;
}

interface FullPaint extends Paint {
  readonly strong: (text: string) => string;
}

function paintOf(diagnostic: Diagnostic, colour: boolean): FullPaint {
  const style = (code: string) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const severity = diagnostic.severity === "error" ? "1;31" : "1;33";
  return { primary: style(severity), secondary: style("1;34"), gutter: style("34"), strong: style("1") };
}
