/**
 * The parser's place in the tokens, and how it reports. A mistake that the parser cannot read on from is a
 * `SyntaxFailure`, thrown to the statement or declaration that holds it, which skips to the next one: one mistake, one
 * diagnostic. Nothing else is thrown, and it never leaves `grammar/`.
 */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic } from "../src/support/diagnostic.ts";
import type { DiagnosticCode } from "../src/support/diagnostic-catalogue.ts";
import { defined } from "../src/support/errors.ts";
import { locOf } from "../src/support/source.ts";
import type { SourceFile, Span } from "../src/support/source.ts";
import type { Expr, Name, StringLiteral } from "./ast.ts";
import type { Balanced } from "./brackets.ts";
import { MAX_PROBLEMS } from "./cascades.ts";
import type { Finding } from "./cascades.ts";
import type { DocComments } from "./doc-comments.ts";
import { KEYWORDS } from "./tokens.ts";
import type { Token, TokenKind } from "./tokens.ts";
import { stringValue } from "./string-value.ts";

/** Thrown after its diagnostic was recorded. */
export class SyntaxFailure extends Error {
  override readonly name = "SyntaxFailure";
}

const KEYWORD_KINDS: ReadonlySet<string> = new Set(KEYWORDS);
const FOREIGN_HELP: Readonly<Record<string, string>> = {
  "**": "a power is `pow(x, y)`",
  "&": "both conditions is `a && b`",
  "|": "either condition is `a || b`",
  "?": "a choice is `if condition { a } else { b }`",
  "^": "a power is `pow(x, y)`",
  "~": "a negation is `!x`",
  not: "a negation is `!x`",
  if: "a choice is `if condition { a } else { b }`",
  and: "both conditions is `a && b`",
  or: "either condition is `a || b`",
};

export class Cursor {
  private index = 0;
  private found: Finding[] = [];
  /** How many of `found` belong to a part that is done. */
  private settled = 0;
  private lacking: Finding["lacks"];
  /** Keywords that were taken as names after a report. */
  private readonly named = new Set<string>();
  /** Levels of an expression's tree, for the limit on chains. */
  readonly depths = new WeakMap<Expr, number>();

  constructor(
    readonly file: SourceFile,
    private readonly balanced: Balanced,
    private readonly docs: DocComments,
    /** Offsets of what the lexer reported: what follows from it in the same part is not said again. */
    private readonly earlier: readonly number[],
  ) {}

  get findings(): readonly Finding[] {
    return this.found;
  }

  /** The token `ahead` places further; the end token for all places behind it. */
  peek(ahead = 0): Token {
    const { tokens } = this.balanced;
    return defined(tokens[Math.min(this.index + ahead, tokens.length - 1)], "the token list has no end token");
  }

  /** The token before the current one, or the current one at the start of the file. */
  previous(): Token {
    return this.balanced.tokens[this.index - 1] ?? this.peek();
  }

  /** The doc comments right before the current token. */
  takeDoc(): string {
    return this.docs.take(this.index === 0 ? 0 : this.previous().end, this.peek().start);
  }

  at(kind: TokenKind): boolean {
    return this.peek().kind === kind;
  }

  /** The current token is this word; words like `in` and `weights` are keywords in some places only. */
  atWord(text: string): boolean {
    return this.peek().kind === "word" && this.peek().text === text;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.index += 1;
    return token;
  }

  eat(kind: TokenKind): Token | undefined {
    return this.at(kind) ? this.next() : undefined;
  }

  /** The token of this kind that must stand here; `what` completes "expected ...". */
  expect(kind: TokenKind, what = `\`${kind}\``, help?: string): Token {
    const token = this.eat(kind);
    if (token !== undefined) return token;
    if (kind === "{" || kind === "}") this.lacking = kind;
    return this.failExpected(what, help);
  }

  expectWord(text: string): Token {
    return this.atWord(text) ? this.next() : this.failExpected(`\`${text}\``);
  }

  /** A name; a keyword in its place is reported and taken as the name, unless it starts a line. */
  expectName(what: string): Name {
    const token = this.peek();
    if (token.kind === "word") return this.nameOf(this.next());
    if (!KEYWORD_KINDS.has(token.kind) || token.startsLine) return this.failExpected(what);
    this.named.add(token.text);
    this.report("LLM0114", `\`${token.text}\` is a keyword and cannot be a name`, this.spanOf(token), {
      help: `choose another name, for example \`${token.text}_\``,
    });
    return this.nameOf(this.next());
  }

  /** The current token is a keyword that was declared as a name: then its uses are no further mistakes. */
  atNamedKeyword(): boolean {
    return this.named.has(this.peek().text) && !this.peek().startsLine;
  }

  expectString(what: string): StringLiteral {
    return this.stringOf(this.expect("string", what));
  }

  stringOf(token: Token): StringLiteral {
    const { value, badEscapes } = stringValue(token.text);
    for (const { at, text } of badEscapes) {
      const start = Math.min(token.start + at, token.end);
      const span = { file: this.file, start, end: Math.min(start + text.length, token.end) };
      this.report("LLM0112", `\`${text}\` is not an escape`, span, {
        help: 'the escapes are `\\"`, `\\\\`, `\\n`, `\\t`, `\\u{...}`',
      });
    }
    return { kind: "string", value, span: this.spanOf(token) };
  }

  nameOf(token: Token): Name {
    return { text: token.text, span: this.spanOf(token) };
  }

  spanOf(token: Token): Span {
    return { file: this.file, start: token.start, end: token.end };
  }

  /** From the start of `first` to the end of the last token that was read. */
  spanFrom(first: Token | Span): Span {
    return { file: this.file, start: first.start, end: Math.max(first.end, this.previous().end) };
  }

  report(code: DiagnosticCode, message: string, span: Span, rest: Partial<Diagnostic> = {}): void {
    if (this.found.length === MAX_PROBLEMS) return;
    const found = diagnostic(code, message, { loc: locOf(span), ...rest });
    this.found.push({ diagnostic: found, start: span.start, at: this.peek().start, lacks: this.lacking });
    this.lacking = undefined;
  }

  fail(code: DiagnosticCode, message: string, span: Span, rest: Partial<Diagnostic> = {}): never {
    this.report(code, message, span, rest);
    throw new SyntaxFailure(message);
  }

  /** LLM0104 at the current token, or right behind the previous one where a new line hides what is missing. */
  failExpected(what: string, help?: string): never {
    const token = this.peek();
    if (token.kind === "foreign" || (token.kind === "word" && (token.text === "and" || token.text === "or")))
      this.failForeign();
    const isElsewhere = (token.startsLine || token.text === "") && this.index > 0;
    const end = this.previous().end;
    const span = isElsewhere ? { file: this.file, start: end, end } : this.spanOf(token);
    const found =
      token.kind === "end" ? "the end of the file" : token.text === "" ? "a missing bracket" : `\`${token.text}\``;
    const label = isElsewhere ? `${what} is missing here` : undefined;
    this.fail("LLM0104", `expected ${what}, found ${found}`, span, { label, help });
  }

  /** LLM0122: the current token is an operator of another language. */
  failForeign(): never {
    const token = this.peek();
    const help = FOREIGN_HELP[token.text] ?? "values are named once: `let name = value`";
    this.fail("LLM0122", `\`${token.text}\` is not an operator here`, this.spanOf(token), { help });
  }

  /**
   * Runs `read`; after a failure skips to the next token for which `isStart` holds, stepping over whole brackets from
   * where the part began, and gives undefined. Ends at the closing bracket that surrounds the part, or the file's end.
   */
  recovering<V>(read: () => V, isStart: (cursor: Cursor) => boolean): V | undefined {
    const from = this.index;
    const start = this.peek().start;
    this.settled = this.found.length;
    try {
      return read();
    } catch (failure) {
      if (!(failure instanceof SyntaxFailure)) throw failure;
      // The part was in doubt already, so the failure probably follows from what was reported before.
      if (this.found.length > this.settled + 1) this.found.pop();
      const failedAt = this.index;
      this.index = from;
      while (!this.at("end") && !this.atCloser()) {
        if (this.index >= failedAt && this.index > from && isStart(this)) break;
        this.index = (this.balanced.partner.get(this.index) ?? this.index) + 1;
      }
      return undefined;
    } finally {
      const follows = (at: number) => this.earlier.some((cause) => start <= cause && cause <= at);
      this.found = this.found.filter((each, i) => i < this.settled || !follows(each.start));
      this.settled = this.found.length;
    }
  }

  atCloser(): boolean {
    return this.at(")") || this.at("]") || this.at("}");
  }
}
