/** The lines of a source file with marks under them: the middle part of a diagnostic's picture. */
import { cellsOf, widthOf } from "./display-width.ts";
import { lineCount, lineText } from "./source.ts";
import type { Loc, SourceFile } from "./source.ts";

/** A place to underline, `^` where it is the primary one and `-` elsewhere, with the words that follow. */
export interface Mark {
  readonly loc: Loc;
  readonly label: string;
  readonly isPrimary: boolean;
}

/** Puts colour around text, or does nothing. */
export interface Paint {
  readonly gutter: (text: string) => string;
  readonly primary: (text: string) => string;
  readonly secondary: (text: string) => string;
}

/** Longer lines are cut around their marks, in UTF-16 units. */
const MAX_LINE = 140;
const BEFORE_MARK = 40;

/**
 * The rows of `file` that hold marks, in the order of the lines, with `·` between distant ones. `width` is that of the
 * line numbers' column. A mark over several lines is drawn on its first.
 */
export function snippetRows(file: SourceFile, marks: readonly Mark[], width: number, paint: Paint): readonly string[] {
  const byLine = new Map<number, Mark[]>();
  for (const mark of [...marks].sort(inReadingOrder)) {
    const at = Math.min(mark.loc.start.line, lineCount(file));
    byLine.set(at, [...(byLine.get(at) ?? []), mark]);
  }
  const rows: string[] = [];
  let before: number | undefined;
  for (const [line, ofLine] of byLine) {
    if (before !== undefined && line > before + 1) rows.push(paint.gutter(`${" ".repeat(width)} ·`));
    before = line;
    const text = lineText(file, line).replace(/\r$/, "");
    const window = windowOf(text, ofLine);
    rows.push(`${paint.gutter(`${String(line).padStart(width)} │`)} ${draw(text, window)}`.trimEnd());
    for (const mark of ofLine)
      rows.push(`${paint.gutter(`${" ".repeat(width)} │`)} ${underline(text, window, mark, paint)}`);
  }
  return rows;
}

function inReadingOrder(a: Mark, b: Mark): number {
  return a.loc.start.line - b.loc.start.line || a.loc.start.column - b.loc.start.column;
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** The part of a line that is drawn: all of it, or about 140 units around the first mark. */
function windowOf(text: string, marks: readonly Mark[]): Window {
  if (text.length <= MAX_LINE) return { from: 0, to: text.length };
  const first = Math.min(...marks.map((mark) => mark.loc.start.column - 1));
  const from = first + BEFORE_MARK < MAX_LINE ? 0 : first - BEFORE_MARK;
  return { from, to: Math.min(text.length, from + MAX_LINE) };
}

function draw(text: string, { from, to }: Window): string {
  const shown = cellsOf(text).slice(from, to).map((cell) => cell.text).join(""); // prettier-ignore
  return `${from > 0 ? "…" : ""}${shown}${to < text.length ? "…" : ""}`;
}

function underline(text: string, window: Window, mark: Mark, paint: Paint): string {
  const cells = cellsOf(text);
  const { loc } = mark;
  const start = Math.max(window.from, Math.min(loc.start.column - 1, text.length));
  const lastOfLine = loc.end.line > loc.start.line ? text.length : loc.end.column - 1;
  const end = Math.max(start, Math.min(lastOfLine, window.to));
  const space = (window.from > 0 ? 1 : 0) + widthOf(cells.slice(window.from, start));
  const length = Math.max(1, widthOf(cells.slice(start, end)));
  const colour = mark.isPrimary ? paint.primary : paint.secondary;
  const marked = (mark.isPrimary ? "^" : "-").repeat(length);
  return " ".repeat(space) + colour(mark.label === "" ? marked : `${marked} ${mark.label}`);
}
