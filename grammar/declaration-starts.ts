/** Where a declaration of a file's top level surely begins, whatever the brackets before it say. */
import type { Token } from "./tokens.ts";

const WORDS: ReadonlySet<string> = new Set(["model", "fn", "train", "adapt"]);

/**
 * `model Name(`, `fn name(`, `train Name(` or `adapt Name(` at the start of a line: legal at the top of a file only. A
 * `block` is not among them, because blocks stand in models too.
 */
export function startsDeclaration(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || !token.startsLine || !WORDS.has(token.text)) return false;
  if (token.kind !== "word" && token.kind !== "fn") return false;
  return tokens[index + 1]?.kind === "word" && tokens[index + 2]?.kind === "(";
}
