/**
 * Pairs brackets before anything is parsed, so that one missing bracket is one diagnostic and the parser always sees
 * balanced text: a missing closer is put in, a closer without partner is left out. It also refuses deep nesting, which
 * is why the parser and every later walk may recurse.
 */
import { diagnostic } from "../src/support/diagnostic.ts";
import type { Diagnostic, Related } from "../src/support/diagnostic.ts";
import { locOf, positionAt } from "../src/support/source.ts";
import type { SourceFile } from "../src/support/source.ts";
import type { Token, TokenKind } from "./tokens.ts";

/** The most brackets around one token. */
export const MAX_NESTING = 200;

export interface Balanced {
  readonly tokens: readonly Token[];
  /** For the index of an opening bracket, the index of its closing one. */
  readonly partner: ReadonlyMap<number, number>;
  readonly diagnostics: readonly Diagnostic[];
}

const CLOSER: Partial<Record<TokenKind, TokenKind>> = { "(": ")", "[": "]", "{": "}" };
const CLOSERS: ReadonlySet<TokenKind> = new Set<TokenKind>([")", "]", "}"]);
/** Keywords that stand in no parenthesis: at the start of a line they show that one was not closed. */
const STATEMENT: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "let", "use", "param", "require", "return", "tap", "block", "fn", "forward",
]); // prettier-ignore

interface Open {
  readonly token: Token;
  readonly index: number;
}

/** Balances `tokens`; reports LLM0105, LLM0106 and LLM0107 (then the result holds the end token only). */
export function balance(file: SourceFile, tokens: readonly Token[]): Balanced {
  const out: Token[] = [];
  const partner = new Map<number, number>();
  const diagnostics: Diagnostic[] = [];
  const stack: Open[] = [];
  /** A block whose closing brace stood further left than the line that opened it: the likely culprit at the end. */
  let suspect: Token | undefined;

  const close = (token: Token) => {
    const open = stack.pop();
    if (open !== undefined) partner.set(open.index, out.length);
    out.push(token);
  };
  const closeMissing = (before: Token) => {
    const open = stack.at(-1);
    const at = out.at(-1)?.end ?? before.start;
    if (open !== undefined)
      close({ kind: CLOSER[open.token.kind] ?? "}", text: "", start: at, end: at, startsLine: false });
  };
  const reportOpen = (open: Token, related: readonly Related[]) =>
    diagnostics.push(
      diagnostic("LLM0105", `\`${open.text}\` is never closed`, {
        loc: locOf({ file, start: open.start, end: open.end }),
        label: `its \`${CLOSER[open.kind] ?? ""}\` is missing`,
        related,
        help: `add the missing \`${CLOSER[open.kind] ?? ""}\``,
      }),
    );
  const place = (token: Token, message: string): Related => ({
    message,
    loc: locOf({ file, start: token.start, end: token.end }),
  });
  const indentOf = (token: Token) => {
    const { line, column } = positionAt(file, token.start);
    const first = file.text.slice(token.start - column + 1).match(/^[ \t]*/)?.[0].length ?? 0;
    return { line, indent: first };
  };

  for (const [index, token] of tokens.entries()) {
    if (CLOSER[token.kind] !== undefined) {
      if (stack.length === MAX_NESTING) return tooDeep(file, token);
      stack.push({ token, index: out.length });
      out.push(token);
    } else if (CLOSERS.has(token.kind)) {
      const matches = (open: Open) => CLOSER[open.token.kind] === token.kind;
      const top = stack.at(-1);
      if (top === undefined || (!stack.some(matches) && top.token.kind === "{")) {
        diagnostics.push(
          diagnostic("LLM0106", `\`${token.text}\` closes nothing`, {
            loc: locOf({ file, start: token.start, end: token.end }),
            help: "remove it, or add the bracket that it should close",
          }),
        );
      } else if (!stack.some(matches)) {
        reportOpen(top.token, [place(token, "this bracket is of another kind")]);
        close({ ...token, kind: CLOSER[top.token.kind] ?? token.kind });
      } else {
        for (let open = stack.at(-1); open !== undefined && !matches(open); open = stack.at(-1)) {
          reportOpen(open.token, [place(token, "closed too early by this")]);
          closeMissing(token);
        }
        const open = stack.at(-1);
        if (open !== undefined && token.kind === "}" && token.startsLine && suspect === undefined) {
          const [opening, closing] = [indentOf(open.token), indentOf(token)];
          if (closing.line > opening.line && closing.indent < opening.indent) suspect = open.token;
        }
        close(token);
      }
    } else {
      if (token.startsLine && STATEMENT.has(token.kind))
        for (let open = stack.at(-1); open !== undefined && open.token.kind !== "{"; open = stack.at(-1)) {
          reportOpen(open.token, [place(token, "a new statement starts here")]);
          closeMissing(token);
        }
      const endsAll = token.kind === "end" || startsDeclaration(tokens, index);
      const innermost = stack.at(-1);
      if (endsAll && innermost !== undefined) {
        const what = token.kind === "end" ? "the file ends here" : "a new declaration starts here";
        reportOpen(suspect ?? innermost.token, [place(token, what)]);
        while (stack.length > 0) closeMissing(token);
        suspect = undefined;
      }
      out.push(token);
    }
  }
  return { tokens: out, partner, diagnostics };
}

/** `model Name(`, `train Name(` or `adapt Name(` at the start of a line: legal at the top of a file only. */
function startsDeclaration(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || !token.startsLine || !["model", "train", "adapt"].includes(token.text)) return false;
  return token.kind === "word" && tokens[index + 1]?.kind === "word" && tokens[index + 2]?.kind === "(";
}

function tooDeep(file: SourceFile, token: Token): Balanced {
  const end = { kind: "end", text: "", start: file.text.length, end: file.text.length, startsLine: true } as const;
  const found = diagnostic("LLM0107", `brackets are nested more than ${MAX_NESTING} deep`, {
    loc: locOf({ file, start: token.start, end: token.end }),
    help: "name the inner parts with `let`",
  });
  return { tokens: [end], partner: new Map(), diagnostics: [found] };
}
