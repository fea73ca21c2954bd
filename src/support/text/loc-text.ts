/** `loc("llama.llm":29:31-29:40)`, the same in all three IRs. */
import type { Loc } from "../source.ts";
import { quote } from "./literals.ts";
import type { TextReader } from "./reader.ts";

export function locText(loc: Loc): string {
  const { start, end } = loc;
  return `loc(${quote(loc.path)}:${start.line}:${start.column}-${end.line}:${end.column})`;
}

/** Reads a location if one stands here. */
export function acceptLoc(reader: TextReader): Loc | undefined {
  if (!reader.accept("loc")) return undefined;
  reader.expect("(");
  const path = reader.string();
  reader.expect(":");
  const line = reader.integer();
  reader.expect(":");
  const column = reader.integer();
  // The lexer takes the minus sign for the sign of the end line.
  const endLine = reader.accept("-") ? reader.integer() : -reader.integer();
  reader.expect(":");
  const endColumn = reader.integer();
  reader.expect(")");
  return { path, start: { line, column }, end: { line: endLine, column: endColumn } };
}
