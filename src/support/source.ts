/**
 * Source files and places in them. `Span` (offsets into a file that is at hand) is what the parser and the AST carry;
 * `Loc` (path, lines, columns) is what diagnostics and the three IRs carry, because it survives being printed.
 */

/** One text file. `path` is what the user sees in messages; columns and offsets count UTF-16 units. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The half-open range `[start, end)` of offsets in `file`. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A place that outlives the text: printed as `loc("llama.llm":29:31-29:40)`. */
export interface Loc {
  readonly path: string;
  readonly start: Position;
  readonly end: Position;
}

const lineStarts = new WeakMap<SourceFile, readonly number[]>();

function startsOf(file: SourceFile): readonly number[] {
  let starts = lineStarts.get(file);
  if (starts === undefined) {
    const found = [0];
    for (let i = 0; i < file.text.length; i++) if (file.text.charCodeAt(i) === 10) found.push(i + 1);
    starts = found;
    lineStarts.set(file, starts);
  }
  return starts;
}

export function lineCount(file: SourceFile): number {
  return startsOf(file).length;
}

/** A line by its number, from 1, without its end; empty beyond the last. */
export function lineText(file: SourceFile, line: number): string {
  const starts = startsOf(file);
  const start = starts[line - 1];
  return start === undefined ? "" : file.text.slice(start, (starts[line] ?? file.text.length + 1) - 1);
}

/** The position of `offset` in `file`; offsets past the end are taken as the end. */
export function positionAt(file: SourceFile, offset: number): Position {
  const starts = startsOf(file);
  const at = Math.max(0, Math.min(offset, file.text.length));
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
}

/** The offset of a position, clamped to the file. Inverse of `positionAt`. */
export function offsetAt(file: SourceFile, position: Position): number {
  const start = startsOf(file)[position.line - 1] ?? file.text.length;
  return Math.min(start + position.column - 1, file.text.length);
}

export function locOf(span: Span): Loc {
  return { path: span.file.path, start: positionAt(span.file, span.start), end: positionAt(span.file, span.end) };
}

/** The smallest span that covers both; they lie in one file. */
export function spanning(a: Span, b: Span): Span {
  return { file: a.file, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}
