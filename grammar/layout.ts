/**
 * Tokens and comments of a file without errors, laid out. It changes white space and last commas only, so that no token
 * and no comment can get lost; the tree says where lines start.
 */
import { blank, concat, group, hard, ifBroken, indent, line, softLine, suffix } from "./layout-doc.ts";
import type { Doc } from "./layout-doc.ts";
import { isSign, spaceBetween } from "./spacing.ts";
import type { Comment, Token, TokenKind } from "./tokens.ts";

type Element = { readonly token: Token } | { readonly comment: Comment; readonly isTrailing: boolean };

/** Long expressions are broken before these. */
const BREAKABLE: ReadonlySet<TokenKind> = new Set<TokenKind>(["||", "&&", "+", "-"]);
const CLOSERS: ReadonlySet<TokenKind> = new Set<TokenKind>([")", "]", "}"]);
const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>(["word", ")", "]"]);

export class Layout {
  private index = 0;
  private readonly elements: readonly Element[];

  constructor(
    private readonly text: string,
    tokens: readonly Token[],
    comments: readonly Comment[],
    private readonly lineStarts: ReadonlySet<number>,
  ) {
    const all = [...tokens.filter((token) => token.kind !== "end"), ...comments].sort((a, b) => a.start - b.start);
    this.elements = all.map((part, i): Element => {
      if ("kind" in part) return { token: part };
      const before = all[i - 1];
      return { comment: part, isTrailing: before !== undefined && !text.slice(before.end, part.start).includes("\n") };
    });
  }

  /** The whole file. */
  file(): Doc {
    return this.lines(true);
  }

  /** Statements and comments up to a closing brace or the end. */
  private lines(isTop: boolean): Doc {
    const parts: Doc[] = [];
    let lastWasItem = false;
    for (;;) {
      const element = this.elements[this.index];
      if (element === undefined || this.tokenKind() === "}") return concat(...parts);
      const isTrailing = "comment" in element && element.isTrailing;
      const isSecondItem = isTop && lastWasItem && !isTrailing;
      if (parts.length > 0 && (isSecondItem || this.followsBlankLine())) parts.push(blank);
      if ("comment" in element) {
        this.index += 1;
        parts.push(commentDoc(element.comment, isTrailing));
        if (!isTrailing) lastWasItem = false;
      } else {
        parts.push(hard, this.statement());
        lastWasItem = true;
      }
    }
  }

  /** One statement: segments of tokens with bodies in braces between them. */
  private statement(): Doc {
    const parts: Doc[] = [];
    let isFirst = true;
    for (;;) {
      const segment = this.sequence(isFirst);
      parts.push(group(segment));
      isFirst = false;
      if (this.tokenKind() !== "{") return concat(...parts);
      parts.push(" {", this.body(), "}");
      if (this.nextToken()?.kind !== "else") return concat(...parts);
      parts.push(this.comments(), " ");
    }
  }

  /** From `{` over its partner. */
  private body(): Doc {
    this.index += 1;
    if (this.tokenKind() === "}") {
      this.index += 1;
      return "";
    }
    const inner = this.lines(false);
    this.index += 1;
    return concat(indent(concat(hard, inner)), hard);
  }

  /**
   * Tokens up to a comma or the closer of the `brackets` around them; without those up to a body or the next statement.
   * `isStart`: the first token is the start of this statement, and not of the next one.
   */
  private sequence(isStart: boolean, brackets?: "(" | "["): Doc {
    const parts: Doc[] = [];
    let before: Token | undefined;
    let isAfterSign = false;
    for (;;) {
      const element = this.elements[this.index];
      if (element === undefined) return concat(...parts);
      if ("comment" in element) {
        if (brackets === undefined ? this.endsStatement() : this.endsItem() && before !== undefined)
          return concat(...parts);
        parts.push(indent(this.comments()));
        continue;
      }
      const { token } = element;
      const isStatement = brackets === undefined;
      if (CLOSERS.has(token.kind) || (!isStatement && token.kind === ",")) return concat(...parts);
      if (isStatement && (before !== undefined || !isStart) && this.startsLine(token)) return concat(...parts);
      if (isStatement && token.kind === "{") return concat(...parts);
      // What a scan walks along stays on one line though its states do not.
      if (isStatement && token.text === "over" && before?.kind === ")")
        return concat(...parts, " ", group(this.sequence(true)));
      const isSplit = before?.kind === "," || (BREAKABLE.has(token.kind) && !isSign(token, before));
      if (before !== undefined)
        parts.push(isSplit ? indent(line) : spaceBetween(before, token, isAfterSign, brackets === "["));
      isAfterSign = isSign(token, before);
      const isStatementIf = isStatement && (before === undefined || before.kind === "else");
      if (token.kind === "if" && !isStatementIf) {
        parts.push(this.choice());
        before = { ...token, kind: "}" };
      } else if (token.kind === "(" || token.kind === "[") {
        parts.push(this.bracketed(token.kind, before));
        before = { ...token, kind: token.kind === "(" ? ")" : "]" };
      } else {
        this.index += 1;
        parts.push(token.text);
        before = token;
      }
    }
  }

  /** A list in brackets, on one line or one item a line. */
  private bracketed(open: "(" | "[", before: Token | undefined): Doc {
    this.index += 1;
    const first = this.comments(true);
    const items: Doc[] = [];
    while (!this.isAtClose()) {
      const above = this.comments();
      const item = group(this.sequence(false, open));
      const between = this.comments();
      const hasComma = this.tokenKind() === ",";
      if (hasComma) this.index += 1;
      // Comments behind the comma belong to the line of the item before it.
      const behind = this.comments(true);
      const isLast = this.isAtClose();
      const isListOfOne =
        isLast && hasComma && items.length === 0 && open === "(" && !OPERANDS.has(before?.kind ?? "(");
      const isLong = items.length > 0 || hasComma;
      const comma = !isLast || isListOfOne ? "," : isLong ? ifBroken(",") : "";
      items.push(concat(above, item, comma, between, behind, isLast ? "" : line));
    }
    const last = this.comments();
    const close = this.nextToken()?.text ?? "";
    this.index += 1;
    if (items.length === 0 && first === "" && last === "") return concat(open, close);
    return group(concat(open, first, indent(concat(softLine, ...items, last)), softLine, close));
  }

  /** `if a { x } else if b { y } else { z }` as a value: all branches on one line, or each on lines of its own. */
  private choice(): Doc {
    const parts: Doc[] = [];
    for (;;) {
      parts.push(group(this.sequence(true)), " {");
      this.index += 1;
      parts.push(
        this.comments(true),
        indent(concat(line, this.comments(), this.sequence(false, "("), this.comments())),
      );
      parts.push(line, "}");
      this.index += 1;
      if (this.nextToken()?.kind !== "else") return group(concat(...parts));
      parts.push(this.comments(), " ");
    }
  }

  /** The comments here; `trailing`: only those on the line of what stands before them. */
  private comments(trailing = false): Doc {
    const parts: Doc[] = [];
    for (;;) {
      const element = this.elements[this.index];
      if (element === undefined || !("comment" in element) || (trailing && !element.isTrailing))
        return parts.length === 0 ? "" : concat(...parts);
      this.index += 1;
      parts.push(commentDoc(element.comment, element.isTrailing));
    }
  }

  /** The next token behind the comments here. */
  private nextToken(): Token | undefined {
    for (let at = this.index; ; at++) {
      const element = this.elements[at];
      if (element === undefined) return undefined;
      if ("token" in element) return element.token;
    }
  }

  private isAtClose(): boolean {
    const next = this.nextToken();
    return next === undefined || CLOSERS.has(next.kind);
  }

  private endsItem(): boolean {
    return this.isAtClose() || this.nextToken()?.kind === ",";
  }

  private tokenKind(): TokenKind | undefined {
    const element = this.elements[this.index];
    return element !== undefined && "token" in element ? element.token.kind : undefined;
  }

  /** The token behind the comments here starts a statement, or ends the body. */
  private endsStatement(): boolean {
    const next = this.nextToken();
    return next === undefined || next.kind === "}" || this.startsLine(next);
  }

  /** In `else if` the second statement does not start a line. */
  private startsLine(token: Token): boolean {
    if (!this.lineStarts.has(token.start)) return false;
    if (token.kind !== "if") return true;
    let at = this.elements.findIndex((element) => "token" in element && element.token === token) - 1;
    for (let element = this.elements[at]; element !== undefined; element = this.elements[--at])
      if ("token" in element) return element.token.kind !== "else";
    return true;
  }

  private followsBlankLine(): boolean {
    const [before, here] = [this.elements[this.index - 1], this.elements[this.index]];
    if (before === undefined || here === undefined) return false;
    const between = this.text.slice(partOf(before).end, partOf(here).start);
    return between.split("\n").length > 2;
  }
}

function partOf(element: Element): Token | Comment {
  return "token" in element ? element.token : element.comment;
}

function commentDoc(comment: Comment, isTrailing: boolean): Doc {
  return isTrailing ? concat(suffix(` ${comment.text}`), hard) : concat(hard, comment.text, hard);
}
