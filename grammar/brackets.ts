/**
 * Pairs brackets before anything is parsed, so that one missing bracket is one diagnostic and the parser always sees
 * balanced text: a missing closer is put in, a closer without partner is left out. It also refuses deep nesting, which
 * is why the parser and every later walk may recurse. Indentation tells which of several braces lacks its partner.
 */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic, Related } from "../src/support/diagnostic.ts";
import { locOf, positionAt } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";
import { startsDeclaration } from "./declaration-starts.ts";
import type { Token, TokenKind } from "./tokens.ts";

/** The most brackets around one token. */
export const MAX_NESTING = 200;

export interface BracketProblem {
  readonly diagnostic: Diagnostic;
  /** The offset of the bracket that is reported. */
  readonly start: number;
  /** What cannot be trusted behind it: the statement, or how bodies are nested. */
  readonly upsets: "statement" | "nesting";
  readonly isSurplus: boolean;
  /** The bracket that is missing; absent where one is too many. */
  readonly lacks?: string;
}

export interface Balanced {
  readonly tokens: readonly Token[];
  /** For the index of an opening bracket, the index of its closing one. */
  readonly partner: ReadonlyMap<number, number>;
  readonly problems: readonly BracketProblem[];
}

const CLOSER: Partial<Record<TokenKind, TokenKind>> = { "(": ")", "[": "]", "{": "}" };
const CLOSERS: ReadonlySet<TokenKind> = new Set<TokenKind>([")", "]", "}"]);
/** Keywords that stand in no parenthesis: at the start of a line they show that one was not closed. */
export const STATEMENT_KEYWORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "let", "use", "param", "require", "return", "tap", "block", "fn", "forward",
]); // prettier-ignore

/** Balances `tokens`; finds LLM0105, LLM0106 and LLM0107 (then the result holds the end token only). */
export function balance(file: SourceFile, tokens: readonly Token[]): Balanced {
  return new Balancer(file, tokens).run();
}

interface Open {
  readonly token: Token;
  readonly index: number;
}

/** An opening brace and the closing one it was paired with, whose indentation says that they are no pair. */
interface Suspect {
  readonly open: Token;
  readonly close: Token;
}

class Balancer {
  private readonly out: Token[] = [];
  private readonly partner = new Map<number, number>();
  private readonly problems: BracketProblem[] = [];
  private readonly stack: Open[] = [];
  /** The first closing brace that stands further left than its partner: a `}` before it is missing. */
  private early: Suspect | undefined;
  /** The first closing brace that stands further right than its partner: it, or a `}` before it, is one too many. */
  private late: Suspect | undefined;

  constructor(
    private readonly file: SourceFile,
    private readonly tokens: readonly Token[],
  ) {}

  run(): Balanced {
    for (const [index, token] of this.tokens.entries()) {
      if (CLOSER[token.kind] !== undefined) {
        if (this.stack.length === MAX_NESTING) return this.tooDeep(token);
        this.stack.push({ token, index: this.out.length });
        this.out.push(token);
      } else if (CLOSERS.has(token.kind)) this.closer(token);
      else {
        if (token.startsLine && STATEMENT_KEYWORDS.has(token.kind)) this.endParentheses(token);
        if (token.kind === "end" || startsDeclaration(this.tokens, index)) this.endAll(token);
        this.out.push(token);
      }
    }
    return { tokens: this.out, partner: this.partner, problems: this.problems };
  }

  private closer(token: Token): void {
    const matches = (open: Open) => CLOSER[open.token.kind] === token.kind;
    const top = this.stack.at(-1);
    if (top === undefined || (!this.stack.some(matches) && top.token.kind === "{")) return this.surplus(token);
    if (!this.stack.some(matches)) {
      this.unclosed(top.token, this.place(token, "this bracket is of another kind"), "statement");
      return this.close({ ...token, kind: CLOSER[top.token.kind] ?? token.kind });
    }
    for (let open = this.stack.at(-1); open !== undefined && !matches(open); open = this.stack.at(-1)) {
      const upsets = token.kind === "}" || open.token.kind === "{" ? "nesting" : "statement";
      this.unclosed(open.token, this.place(token, "closed too early by this"), upsets);
      this.closeMissing(token);
    }
    const open = this.stack.at(-1)?.token;
    if (open !== undefined && token.kind === "}") this.compareIndents({ open, close: token });
    this.close(token);
  }

  private compareIndents(pair: Suspect): void {
    const [opening, closing] = [this.indentOf(pair.open), this.indentOf(pair.close)];
    if (closing.line === opening.line) return;
    if (closing.indent < opening.indent && pair.close.startsLine) this.early ??= pair;
    if (closing.indent > opening.indent) this.late ??= pair;
  }

  private endParentheses(statement: Token): void {
    for (let open = this.stack.at(-1); open !== undefined && open.token.kind !== "{"; open = this.stack.at(-1)) {
      this.unclosed(open.token, this.place(statement, "a new statement starts here"), "statement");
      this.closeMissing(statement);
    }
  }

  /** The file or a new declaration of its top level: nothing may be open. */
  private endAll(token: Token): void {
    const innermost = this.stack.at(-1);
    if (innermost !== undefined) {
      const what = token.kind === "end" ? "the file ends here" : "a new declaration starts here";
      const { early } = this;
      if (early === undefined) this.unclosed(innermost.token, this.place(token, what), "nesting");
      else this.unclosed(early.open, this.place(early.close, "closed by this, which stands further left"), "nesting");
    }
    while (this.stack.length > 0) this.closeMissing(token);
    [this.early, this.late] = [undefined, undefined];
  }

  private surplus(token: Token): void {
    const { late } = this;
    if (token.kind !== "}" || late === undefined) {
      const found = diagnostic("LLM0106", `\`${token.text}\` closes nothing`, {
        loc: this.place(token, "").loc,
        help: "remove it, or add the bracket that it should close",
      });
      this.add(found, token, token.kind === "}" ? "nesting" : "statement", true);
      return;
    }
    const found = diagnostic("LLM0106", "there is one `}` too many", {
      loc: this.place(late.close, "").loc,
      label: "stands further right than its partner",
      related: [this.place(late.open, "closes this")],
      help: "remove it, or add the `{` that it should close",
    });
    this.add(found, late.close, "nesting", true);
    this.late = undefined;
  }

  private unclosed(open: Token, related: Related, upsets: BracketProblem["upsets"]): void {
    const closer = CLOSER[open.kind] ?? "";
    const found = diagnostic("LLM0105", `\`${open.text}\` is never closed`, {
      loc: this.place(open, "").loc,
      label: `its \`${closer}\` is missing`,
      related: [related],
      help: `add the missing \`${closer}\``,
    });
    this.add(found, open, upsets, false, closer);
  }

  private add(
    found: Diagnostic,
    at: Token,
    upsets: BracketProblem["upsets"],
    isSurplus: boolean,
    lacks?: string,
  ): void {
    this.problems.push({ diagnostic: found, start: at.start, upsets, isSurplus, ...(lacks === undefined ? {} : { lacks }) }); // prettier-ignore
  }

  private close(token: Token): void {
    const open = this.stack.pop();
    if (open !== undefined) this.partner.set(open.index, this.out.length);
    this.out.push(token);
  }

  private closeMissing(before: Token): void {
    const open = this.stack.at(-1);
    const at = this.out.at(-1)?.end ?? before.start;
    const kind = CLOSER[open?.token.kind ?? "{"] ?? "}";
    this.close({ kind, text: "", start: at, end: at, startsLine: false });
  }

  private place(token: Token, message: string): Related {
    return { message, loc: locOf({ file: this.file, start: token.start, end: token.end }) };
  }

  private indentOf(token: Token): { readonly line: number; readonly indent: number } {
    const { line, column } = positionAt(this.file, token.start);
    let indent = 0;
    for (let at = token.start - column + 1; /[ \t]/.test(this.file.text.charAt(at)); at++) indent += 1;
    return { line, indent };
  }

  private tooDeep(token: Token): Balanced {
    const { length } = this.file.text;
    const found = diagnostic("LLM0107", `brackets are nested more than ${MAX_NESTING} deep`, {
      loc: this.place(token, "").loc,
      help: "name the inner parts with `let`",
    });
    return {
      tokens: [{ kind: "end", text: "", start: length, end: length, startsLine: true }],
      partner: new Map(),
      problems: [{ diagnostic: found, start: token.start, upsets: "nesting", isSurplus: false }],
    };
  }
}
