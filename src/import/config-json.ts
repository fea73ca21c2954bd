/** The text of a config as strict JSON, with the place of each key for messages. */
import { StrictJsonError, parseStrictJson } from "../runtime/strict-json.ts";
import type { StrictJson } from "../runtime/strict-json.ts";
import type { SourceFile, Span } from "../support/source.ts";

export type ConfigJson =
  | { readonly ok: true; readonly value: StrictJson; readonly places: ReadonlyMap<string, Span> }
  | { readonly ok: false; readonly message: string; readonly span: Span };

/** Reads a whole file; `places` holds keys as `rope_scaling` and `rope_scaling.factor`. */
export function parseConfigJson(file: SourceFile): ConfigJson {
  const places = new Map<string, Span>();
  try {
    const value = parseStrictJson(file.text, (path, start, end) => places.set(path.join("."), { file, start, end }));
    return { ok: true, value, places };
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    return { ok: false, message: error.problem, span: { file, start: error.start, end: error.end } };
  }
}
