/**
 * The lexer: text to tokens, on chevrotain's lexer. It never fails: what is no token is reported and left out. Comments
 * are kept beside the tokens, because the formatter prints them and doc comments belong to the declaration they precede.
 */
import { createToken, Lexer } from "chevrotain";
import type { TokenType } from "chevrotain";
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic } from "../src/support/diagnostic.ts";
import { locOf } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";

/** Words that cannot name anything, except behind a point. The others (`model`, `in`, `on`, ...) depend on the place. */
export const KEYWORDS = [
  "let", "use", "param", "require", "if", "else", "for", "return", "tap", "block", "fn", "forward", "true", "false",
] as const; // prettier-ignore
export type Keyword = (typeof KEYWORDS)[number];

/** Longer ones first: the lexer takes the first that matches. */
const PUNCTUATION = [
  "...", "..", "->", "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "<", ">",
  "+", "-", "*", "/", "%", "@", "!",
] as const; // prettier-ignore
export type Punctuation = (typeof PUNCTUATION)[number];

/** `foreign` is an operator of other languages; the parser says what to write instead. */
export type TokenKind = Keyword | Punctuation | "word" | "number" | "string" | "foreign" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offsets, half-open. */
  readonly start: number;
  readonly end: number;
  /** It is the first token of its line. */
  readonly startsLine: boolean;
}

export interface Comment {
  readonly isDoc: boolean;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Tokens {
  /** The last one is of kind `end`. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
}

const word = createToken({ name: "word", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });
const space = createToken({ name: "space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
const docComment = createToken({ name: "doc", pattern: /\/\/\/(?!\/)[^\n]*/, group: "comments" });
const lineComment = createToken({ name: "comment", pattern: /\/\/[^\n]*/, group: "comments" });
const blockComment = createToken({
  name: "blockComment",
  pattern: /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/,
  line_breaks: true,
});
/** It must end where it ends: `1.5` is not found inside of `1.5.2` or `1.5x`, and `0..3` is a range. */
const number = createToken({
  name: "number",
  pattern: /\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w|\.\d|\.(?!\.))/,
});
const badNumber = createToken({ name: "badNumber", pattern: /\d(?:[eE][+-]\d|\w|\.(?!\.))*/ });
const string = createToken({ name: "string", pattern: /"(?:[^"\\\n]|\\[^\n])*"/ });
const openString = createToken({ name: "openString", pattern: /"(?:[^"\\\n]|\\[^\n])*\\?/ });
const quoted = createToken({
  name: "quoted",
  pattern: /'[^'"\n]*'|[\u2018\u201c][^"\n\u2018\u2019\u201c\u201d]*[\u2019\u201d]/,
});
/** A comment of other languages: reported, and skipped to the end of its line. */
const hash = createToken({ name: "hash", pattern: /#[^\n]*/ });
const semicolon = createToken({ name: "semicolon", pattern: /;/ });
const foreign = createToken({ name: "foreign", pattern: /\*\*|[-+*/%@]=(?!=)|=>|:=|[&|?~^]/ });

/** Longer ones first, or `for` would hide `forward`. */
const keywords = [...KEYWORDS]
  .sort((a, b) => b.length - a.length)
  .map((name) => createToken({ name, pattern: name, longer_alt: word }));

const types: readonly TokenType[] = [
  space, docComment, lineComment, blockComment, number, badNumber, string, openString, quoted, hash, semicolon,
  ...keywords, word,
  ...PUNCTUATION.slice(0, 9).map((name) => createToken({ name, pattern: name })), foreign,
  ...PUNCTUATION.slice(9).map((name) => createToken({ name, pattern: name })),
]; // prettier-ignore

const lexer = new Lexer([...types], { positionTracking: "onlyOffset", ensureOptimizations: false });
const KINDS: ReadonlySet<string> = new Set<TokenKind>([
  ...KEYWORDS,
  ...PUNCTUATION,
  "word",
  "number",
  "string",
  "foreign",
]);

function isTokenKind(name: string): name is TokenKind {
  return KINDS.has(name);
}

/** Splits `file` into tokens; reports LLM0101, LLM0102, LLM0103. */
export function tokenize(file: SourceFile): Tokens {
  const result = lexer.tokenize(file.text);
  const diagnostics: Diagnostic[] = [];
  const tokens: Token[] = [];
  const report = (code: "LLM0101" | "LLM0102" | "LLM0103", start: number, end: number, message: string, help: string) =>
    diagnostics.push(diagnostic(code, message, { loc: locOf({ file, start, end }), help }));

  let previousEnd = 0;
  for (const found of result.tokens) {
    const start = found.startOffset;
    const end = start + found.image.length;
    const name = found.tokenType.name;
    const startsLine = tokens.length === 0 || file.text.slice(previousEnd, start).includes("\n");
    const add = (kind: TokenKind, text = found.image) => tokens.push({ kind, text, start, end, startsLine });
    const isAfterPoint = tokens.at(-1)?.kind === ".";
    if (isTokenKind(name))
      add(isAfterPoint && /^[a-z]/.test(name) && name !== "number" && name !== "string" ? "word" : name);
    else if (name === "badNumber") {
      report(
        "LLM0103",
        start,
        end,
        `\`${found.image}\` is not a number`,
        "numbers are written `12`, `0.5`, `1e-5` or `1_000`",
      );
      add("number", "0");
    } else if (name === "openString") {
      report("LLM0102", start, end, "this string is not closed", 'put a `"` behind its last character');
      add("string", `${found.image.replace(/\\$/, "")}"`);
    } else if (name === "quoted") {
      report(
        "LLM0101",
        start,
        end,
        "strings are written in straight double quotes",
        `write \`"${found.image.slice(1, -1)}"\``,
      );
      add("string", `"${found.image.slice(1, -1).replaceAll("\\", "\\\\")}"`);
    } else if (name === "hash")
      report("LLM0101", start, start + 1, "`#` means nothing here", "comments start with `//`");
    else if (name === "semicolon")
      report("LLM0101", start, end, "`;` means nothing here", "statements need no separator; remove it");
    else report("LLM0101", start, end, "`/* ... */` is not a comment here", "start each line of the comment with `//`");
    previousEnd = end;
  }
  for (const error of result.errors) {
    const end = error.offset + Math.max(1, error.length);
    const text = file.text.slice(error.offset, Math.min(end, error.offset + 12));
    report(
      "LLM0101",
      error.offset,
      Math.min(end, file.text.length),
      `\`${text}\` means nothing here`,
      "remove it; other alphabets are for comments and strings",
    );
  }
  const length = file.text.length;
  tokens.push({ kind: "end", text: "", start: length, end: length, startsLine: true });
  const comments = (result.groups["comments"] ?? []).map((found) => ({
    isDoc: found.tokenType.name === "doc",
    text: found.image.trimEnd(),
    start: found.startOffset,
    end: found.startOffset + found.image.trimEnd().length,
  }));
  return { tokens, comments, diagnostics };
}
