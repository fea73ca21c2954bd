/**
 * Every diagnostic llmc can give, by code: what `llmc explain` prints. The entries lie in one file a range of codes, in
 * `catalogue/`; a code is added there and may be used at once, because `DiagnosticCode` is read off this record.
 */
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { CONFIG } from "./catalogue/config.ts";
import { DERIVE } from "./catalogue/derive.ts";
import { SEMANTICS } from "./catalogue/semantics.ts";
import { SYNTAX } from "./catalogue/syntax.ts";
import { TARGET } from "./catalogue/target.ts";

export const DIAGNOSTICS = { ...SYNTAX, ...SEMANTICS, ...CONFIG, ...TARGET, ...DERIVE } as const;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;

/** The entry of a code given as text, or undefined where there is no such code. */
export function explanationOf(code: string): CatalogueEntry | undefined {
  return Object.hasOwn(DIAGNOSTICS, code) ? DIAGNOSTICS[code as DiagnosticCode] : undefined;
}
