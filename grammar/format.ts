/** The one layout of a source file: two spaces a level, lines of at most 100 columns where brackets allow it. */
import type { Diagnostic } from "../src/support/diagnostic.ts";
import { hasErrors } from "../src/support/diagnostic.ts";
import type { SourceFile } from "../src/support/source.ts";
import { Layout } from "./layout.ts";
import { printDoc } from "./layout-doc.ts";
import { lineStartsOf } from "./line-starts.ts";
import { parse } from "./parse.ts";
import { tokenize } from "./tokens.ts";

const WIDTH = 100;

export interface Formatted {
  /** The text as it was where the file has syntax errors. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Lays out one file: the same tree, every comment kept, `format(format(x)) == format(x)`. */
export function format(file: SourceFile): Formatted {
  const { ast, diagnostics } = parse(file);
  if (hasErrors(diagnostics)) return { text: file.text, diagnostics };
  const { tokens, comments } = tokenize(file);
  const layout = new Layout(file.text, tokens, comments, lineStartsOf(ast));
  return { text: printDoc(layout.file(), WIDTH), diagnostics };
}
