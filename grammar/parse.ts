/** Text to AST. Never throws for any text; what could not be read is absent from the tree and reported. */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic } from "../src/support/diagnostic.ts";
import { locOf, offsetAt } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";
import type { File, Item } from "./ast.ts";
import { balance } from "./brackets.ts";
import { withoutCascades } from "./cascades.ts";
import type { OpenString } from "./cascades.ts";
import { Cursor } from "./cursor.ts";
import { parseItem, startsItem } from "./parse-item.ts";
import { divisionsInComments } from "./division-comments.ts";
import { DocComments } from "./doc-comments.ts";
import { tokenize } from "./tokens.ts";

/** The longest source file, in UTF-16 units: 1 MiB. */
export const MAX_LENGTH = 1 << 20;
/** More would not be read; each is a line or more on a screen. */
const MAX_DIAGNOSTICS = 100;

export interface Parsed {
  readonly ast: File;
  /** In the order of the text, at most 100. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses one file; reports LLM01xx. Sizes and names are not checked here. */
export function parse(file: SourceFile): Parsed {
  const span = { file, start: 0, end: file.text.length };
  if (file.text.length > MAX_LENGTH) {
    const found = diagnostic("LLM0108", `the file has ${file.text.length} characters; at most ${MAX_LENGTH} are read`, {
      loc: locOf({ file, start: 0, end: 0 }),
      help: "write layers that repeat as an array: `use layers: Layer[depth]`",
    });
    return { ast: { kind: "file", items: [], span }, diagnostics: [found] };
  }
  const { tokens, comments, diagnostics: lexical } = tokenize(file);
  const balanced = balance(file, tokens);
  const docs = new DocComments(file, comments);
  const causes = lexical.flatMap((each) => (each.loc === undefined ? [] : [offsetAt(file, each.loc.start)]));
  const cursor = new Cursor(file, balanced, docs, causes);
  const items: Item[] = [];
  while (!cursor.at("end")) {
    const item = cursor.recovering(() => parseItem(cursor), startsItem);
    if (item !== undefined) items.push(item);
    else if (cursor.atCloser()) cursor.next();
  }
  const all = [...lexical, ...withoutCascades(tokens, balanced.problems, cursor.findings, openStrings(file, lexical))];
  // A declaration that could not be read took no comments: then a stray one says nothing.
  if (all.length === 0) all.push(...docs.stray(), ...divisionsInComments(file, tokens, comments));
  return { ast: { kind: "file", items, span }, diagnostics: inOrder(all).slice(0, MAX_DIAGNOSTICS) };
}

/** The strings that end with their line, as LLM0102 has told. */
function openStrings(file: SourceFile, lexical: readonly Diagnostic[]): readonly OpenString[] {
  return lexical.flatMap(({ code, loc }) => {
    if (code !== "LLM0102" || loc === undefined) return [];
    const start = offsetAt(file, loc.start);
    return [{ start, text: file.text.slice(start, offsetAt(file, loc.end)) }];
  });
}

/** By line and column; at one place only the first is kept. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const key = (d: Diagnostic) => (d.loc === undefined ? 0 : d.loc.start.line * 2 ** 21 + d.loc.start.column);
  const sorted = [...diagnostics].sort((a, b) => key(a) - key(b));
  return sorted.filter((d, i) => i === 0 || key(d) !== key(sorted[i - 1] ?? d));
}
