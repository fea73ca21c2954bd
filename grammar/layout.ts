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
      const next = this.peekToken();
      if (next === undefined || next.kind !== "else") return concat(...parts);
      parts.push(" ");
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
   * Tokens up to a comma or closer of the brackets around them (then `isStatement` is undefined), or up to the body or
   * the next statement. The start of a statement is the first token, so the check for starts begins behind it.
   */
  private sequence(isStart: boolean, brackets?: "(" | "["): Doc {
    const parts: Doc[] = [];
    let before: Token | undefined;
    let isAfterSign = false;
    for (;;) {
      const element = this.elements[this.index];
      if (element === undefined) return concat(...parts);
      if ("comment" in element) {
        if (brackets === undefined && this.endsStatement()) return concat(...parts);
        this.index += 1;
        parts.push(indent(commentDoc(element.comment, element.isTrailing)));
        continue;
      }
      const { token } = element;
      const isStatement = brackets === undefined;
      if (CLOSERS.has(token.kind) || (!isStatement && token.kind === ",")) return concat(...parts);
      if (isStatement && (before !== undefined || !isStart) && this.startsLine(token)) return concat(...parts);
      if (isStatement && token.kind === "{") return concat(...parts);
      const isBroken = before !== undefined && BREAKABLE.has(token.kind) && !isSign(token, before);
      if (isBroken) parts.push(indent(line));
      else if (before !== undefined) parts.push(spaceBetween(before, token, isAfterSign, brackets === "["));
      isAfterSign = isSign(token, before);
      if (token.kind === "if" && (before !== undefined || !isStatement || !this.lineStarts.has(token.start))) {
        parts.push(this.choice());
        before = { ...token, kind: "}" };
      } else if (token.kind === "(" || token.kind === "[") {
        parts.push(this.bracketed(token.kind, before));
        before = { ...token, kind: token.kind === "(" ? ")" : "]" };
      } else {
        this.index += 1;
        parts.push(token.text);
        if (token.kind === ",") parts.push(indent(line));
        before = token.kind === "," ? { ...token, kind: "(" } : token;
      }
    }
  }

  /** A list in brackets, on one line or one item a line. */
  private bracketed(open: "(" | "[", before: Token | undefined): Doc {
    this.index += 1;
    const items: Doc[] = [];
    let hasLastComma = false;
    while (!CLOSERS.has(this.tokenKind() ?? ")")) {
      const item = group(this.sequence(false, open));
      hasLastComma = this.tokenKind() === ",";
      if (hasLastComma) this.index += 1;
      items.push(item);
      // A comment behind the comma belongs to the line of the item before it.
      const follower = this.elements[this.index];
      const trailing =
        follower !== undefined && "comment" in follower && follower.isTrailing ? follower.comment : undefined;
      if (trailing !== undefined) this.index += 1;
      const isLast = CLOSERS.has(this.tokenKind() ?? ")");
      const isListOfOne =
        isLast && hasLastComma && items.length === 1 && open === "(" && !OPERANDS.has(before?.kind ?? "(");
      const comma = !isLast || isListOfOne ? "," : items.length > 1 || hasLastComma ? ifBroken(",") : "";
      items[items.length - 1] = concat(
        item,
        comma,
        trailing === undefined ? "" : suffix(` ${trailing.text}`),
        isLast ? "" : line,
      );
    }
    const close = this.peekToken()?.text ?? "";
    this.index += 1;
    if (items.length === 0) return concat(open, close);
    return group(concat(open, indent(concat(softLine, ...items)), softLine, close));
  }

  /** `if a { x } else if b { y } else { z }` as a value: all branches on one line, or each on lines of its own. */
  private choice(): Doc {
    const parts: Doc[] = [];
    for (;;) {
      parts.push(group(this.sequenceToBrace()), " {");
      this.index += 1;
      parts.push(indent(concat(line, this.sequence(false, "("))), line, "}");
      this.index += 1;
      if (this.peekToken()?.kind !== "else") return group(concat(...parts));
      this.index += 1;
      parts.push(" else");
      if (this.tokenKind() === "if") parts.push(" ");
    }
  }

  private sequenceToBrace(): Doc {
    const token = this.peekToken();
    if (token === undefined || token.kind !== "if") return "";
    this.index += 1;
    return concat(token.text, " ", this.sequence(true));
  }

  private tokenKind(): TokenKind | undefined {
    const element = this.elements[this.index];
    return element !== undefined && "token" in element ? element.token.kind : undefined;
  }

  private peekToken(): Token | undefined {
    const element = this.elements[this.index];
    return element !== undefined && "token" in element ? element.token : undefined;
  }

  /** The token behind the comments here starts a statement, or ends the body. */
  private endsStatement(): boolean {
    const next = this.elements.slice(this.index).find((element) => "token" in element);
    return next === undefined || !("token" in next) || next.token.kind === "}" || this.startsLine(next.token);
  }

  /** In `else if` the second statement does not start a line. */
  private startsLine(token: Token): boolean {
    if (!this.lineStarts.has(token.start)) return false;
    const before = this.elements.slice(0, this.index).findLast((element) => "token" in element);
    return before === undefined || !("token" in before) || before.token.kind !== "else" || token.kind !== "if";
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
