/** Where a space stands between two tokens of one line. */
import type { Token, TokenKind } from "./tokens.ts";

const OPERAND_ENDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "word",
  "number",
  "string",
  "true",
  "false",
  ")",
  "]",
  "}",
]);
const NEVER_BEFORE: ReadonlySet<TokenKind> = new Set<TokenKind>([")", "]", ",", ".", "..", ":"]);
const NEVER_AFTER: ReadonlySet<TokenKind> = new Set<TokenKind>(["(", "[", ".", ".."]);
const ATTACHES: ReadonlySet<TokenKind> = new Set<TokenKind>(["word", ")", "]", "string", "forward"]);

/** `-` or `!` before an operand, where no operand ends before it. */
export function isSign(token: Token, before: Token | undefined): boolean {
  if (token.kind !== "-" && token.kind !== "!") return false;
  return token.kind === "!" || before === undefined || !OPERAND_ENDS.has(before.kind);
}

/** The text between `before` and `token`; `isSliced`: they stand directly in `[...]`, where `:` makes a slice. */
export function spaceBetween(before: Token, token: Token, isAfterSign: boolean, isSliced: boolean): "" | " " {
  if (isAfterSign || NEVER_BEFORE.has(token.kind) || NEVER_AFTER.has(before.kind)) return "";
  if (before.kind === ":") return isSliced ? "" : " ";
  if (token.kind === "(" || token.kind === "[") return ATTACHES.has(before.kind) ? "" : " ";
  return " ";
}
