/** A source as text to edit: its tree, walked without knowing the kinds of nodes, and the tokens that each node covers. */
import type { Expr, File } from "../../grammar/ast.ts";
import { tokenize } from "../../grammar/tokens.ts";
import type { Token } from "../../grammar/tokens.ts";
import type { SourceFile } from "../support/source.ts";

/** Text in place of the half-open range of offsets. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type Edit = readonly Replacement[];

/** A node of the tree as the generic walk sees it. */
export interface Node {
  readonly kind?: string;
  readonly span: { readonly start: number; readonly end: number };
}

/** Lists whose members are not independent: the names of a path. */
const FIXED: ReadonlySet<string> = new Set(["names", "file"]);
const EXPRESSIONS: ReadonlySet<string> = new Set<Expr["kind"]>([
  ...(["number", "string", "bool", "list", "ref", "member", "call", "index", "unary", "binary", "if"] as const),
]);

/** A source with its tree and its tokens. */
export class Source {
  readonly tokens: readonly Token[];

  constructor(
    readonly file: SourceFile,
    readonly ast: File,
  ) {
    this.tokens = tokenize(file).tokens;
  }

  /** Every node with the nodes around it, outer ones first. */
  walk(visit: (node: Node, parents: readonly Node[]) => void): void {
    const enter = (value: unknown, parents: readonly Node[]): void => {
      if (Array.isArray(value)) for (const item of value) enter(item, parents);
      else if (isNode(value)) {
        visit(value, parents);
        for (const child of childrenOf(value)) enter(child[1], [...parents, value]);
      }
    };
    enter(this.ast, []);
  }

  /** The first and the last token of a node, with the parentheses that belong to it: spans leave out those at its ends. */
  range({ span }: Node): { readonly first: number; readonly last: number } {
    let first = this.firstFrom(span.start);
    let last = this.firstFrom(span.end) - 1;
    let depth = 0;
    let lowest = 0;
    for (const token of this.tokens.slice(first, last + 1)) {
      depth += "([{".includes(token.kind) ? 1 : ")]}".includes(token.kind) ? -1 : 0;
      lowest = Math.min(lowest, depth);
    }
    for (let open = lowest; open < 0; open++) first--;
    for (let open = depth - lowest; open > 0; open--) last++;
    return { first: Math.max(0, first), last: Math.min(this.tokens.length - 2, last) };
  }

  /** The first token that starts at an offset or behind it (binary search). */
  private firstFrom(offset: number): number {
    let low = 0;
    let high = this.tokens.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tokens[middle]?.start ?? 0) >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** A node and the separator that goes with it: a comma behind it, else the token in front of it if that is `lead`. */
  removal(node: Node, lead = ","): Edit {
    const { first, last } = this.range(node);
    const isFollowed = this.tokens[last + 1]?.kind === ",";
    const isLed = !isFollowed && lead !== "" && this.tokens[first - 1]?.kind === lead;
    return [this.between(isLed ? first - 1 : first, isFollowed ? last + 1 : last, "")];
  }

  text(node: Node): string {
    const { first, last } = this.range(node);
    return this.file.text.slice(this.tokens[first]?.start, this.tokens[last]?.end);
  }

  between(first: number, last: number, text: string): Replacement {
    return { start: this.tokens[first]?.start ?? 0, end: this.tokens[last]?.end ?? 0, text };
  }

  replacement(node: Node, text: string): Replacement {
    const { first, last } = this.range(node);
    return this.between(first, last, text);
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "span" in value;
}

export function childrenOf(node: Node): readonly (readonly [string, unknown])[] {
  return Object.entries(node).filter(([key]) => !FIXED.has(key) && key !== "span");
}

export function isExpr(value: unknown): value is Expr {
  return isNode(value) && value.kind !== undefined && EXPRESSIONS.has(value.kind);
}

/** The text after all edits; undefined where two of them overlap. */
export function edited(text: string, edits: readonly Edit[]): string | undefined {
  const all = edits.flat().sort((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let at = 0;
  for (const { start, end, text: put } of all) {
    if (start < at) return undefined;
    result += text.slice(at, start) + put;
    at = end;
  }
  return result + text.slice(at);
}
