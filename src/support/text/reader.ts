/**
 * Reads the text of an IR: one lexer and one set of parse helpers for the tensor IR, the kernel IR and the plan.
 * Tokens: words (`for`, `matmul.registers`), `%values`, `@symbols`, `#constants`, numbers, strings, punctuation.
 * A malformed text is an `IrTextError` with line and column; IR text is ours, so it is thrown, not collected.
 */
import { parseFloatText, unquote } from "./literals.ts";

export class IrTextError extends Error {
  override readonly name = "IrTextError";
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`${line}:${column}: ${message}`);
  }
}

export type TokenKind = "word" | "value" | "symbol" | "constant" | "number" | "string" | "punct" | "end";
export interface Token {
  readonly kind: TokenKind;
  /** As written, without the sigil of values, symbols and constants. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const PATTERN =
  /(?<space>\s+|\/\/[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<number>-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|inf\b|nan\b))|(?<value>%[A-Za-z0-9_][A-Za-z0-9_.$]*)|(?<symbol>@[A-Za-z_][A-Za-z0-9_.$-]*)|(?<constant>#[A-Za-z0-9_]+)|(?<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(?<punct>->|\.\.|[()[\]{}<>,:;=+\-*/|&!?.])/y;

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  PATTERN.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    const column = at - lineStart + 1;
    if (match === null) throw new IrTextError(`unexpected character ${JSON.stringify(text[at])}`, line, column);
    const whole = match[0];
    const groups = match.groups ?? {};
    if (groups["space"] === undefined) {
      const kind = (Object.keys(groups) as TokenKind[]).find((name) => groups[name] !== undefined) ?? "punct";
      const bare = kind === "value" || kind === "symbol" || kind === "constant" ? whole.slice(1) : whole;
      tokens.push({ kind, text: bare, line, column });
    } else {
      for (let i = 0; i < whole.length; i++)
        if (whole.charCodeAt(i) === 10) {
          line++;
          lineStart = at + i + 1;
        }
    }
    at += whole.length;
  }
  tokens.push({ kind: "end", text: "", line, column: text.length - lineStart + 1 });
  return tokens;
}

export class TextReader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  /** The token `ahead` places on; the last one (`end`) repeats for ever. */
  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  /** Whether the next token is this word or punctuation. */
  is(text: string): boolean {
    const token = this.peek();
    return (token.kind === "word" || token.kind === "punct") && token.text === text;
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  expect(text: string): Token {
    if (!this.is(text)) this.fail(`expected \`${text}\``);
    return this.next();
  }

  kind(kind: TokenKind): string {
    if (this.peek().kind !== kind) this.fail(`expected a ${kind}`);
    return this.next().text;
  }

  word(): string {
    return this.kind("word");
  }
  string(): string {
    const token = this.peek();
    const quoted = this.kind("string");
    try {
      return unquote(quoted);
    } catch {
      return this.fail("a string with a malformed escape", token);
    }
  }
  number(): number {
    return parseFloatText(this.kind("number"));
  }
  integer(): number {
    const token = this.peek();
    const found = this.number();
    if (!Number.isSafeInteger(found)) this.fail("expected an integer", token);
    return found;
  }

  /** `item, item, ...` up to and including the closing punctuation; the opening one has been read. */
  list<V>(close: string, item: () => V): V[] {
    const items: V[] = [];
    if (this.accept(close)) return items;
    do items.push(item());
    while (this.accept(","));
    this.expect(close);
    return items;
  }

  atEnd(): boolean {
    return this.peek().kind === "end";
  }

  fail(message: string, token: Token = this.peek()): never {
    const found = token.kind === "end" ? "the end" : `\`${token.text}\``;
    throw new IrTextError(`${message}, found ${found}`, token.line, token.column);
  }
}
