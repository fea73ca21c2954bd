/**
 * The ways in which a source may become smaller, read off its tree: parts of lists that can go, conditions that can be
 * decided, expressions that an operand of theirs can replace, names that stand for another one, smaller numbers. An edit
 * is text; whether what it leaves is a source, and still an interesting one, is found by trying (`reduce.ts`).
 */
import type {
  BlockItem,
  CallExpr,
  Expr,
  File,
  Name,
  RefExpr,
  Statement,
  Use,
  UseStatement,
} from "../../grammar/ast.ts";
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

/** Edits that may be made together, in the order of the text; or the only one of several that is wanted (`first`). */
export interface Choice {
  readonly take: "many" | "first";
  readonly edits: readonly Edit[];
}

/** What a kind of edit offers for a source. */
export type Offer = (source: Source) => readonly Choice[];

/** A node of the tree as the generic walk sees it. */
interface Node {
  readonly kind?: string;
  readonly span: { readonly start: number; readonly end: number };
}

/** Lists whose members are not independent: the names of a path. */
const FIXED: ReadonlySet<string> = new Set(["names", "file"]);
/** Parts that a declaration may lack, and the token that goes with them. */
const OPTIONAL: ReadonlyMap<string, string> = new Map([
  ["default", "="],
  ["message", ","],
  ["result", "->"],
  ["array", ""],
]);
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

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "span" in value;
}

function childrenOf(node: Node): readonly (readonly [string, unknown])[] {
  return Object.entries(node).filter(([key]) => !FIXED.has(key) && key !== "span");
}

function isExpr(value: unknown): value is Expr {
  return isNode(value) && value.kind !== undefined && EXPRESSIONS.has(value.kind);
}

/** Comments: all of them, or some. */
const comments: Offer = ({ file }) => [
  { take: "many", edits: tokenize(file).comments.map(({ start, end }) => [{ start, end, text: "" }]) },
];

/** Members of lists: declarations, statements, uses, parameters, arguments, rules. */
const members: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    for (const [, value] of childrenOf(node))
      if (Array.isArray(value) && value.length > 0 && value.every(isNode))
        found.push({ take: "many", edits: value.map((member) => source.removal(member)) });
  });
  return found;
};

/** What a declaration may lack. */
const optional: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    for (const [key, value] of childrenOf(node)) {
      const lead = OPTIONAL.get(key);
      if (lead !== undefined && isNode(value)) found.push({ take: "first", edits: [source.removal(value, lead)] });
    }
  });
  return found;
};

/** A statement `if` becomes what stands in one of its branches. */
const branches: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    if (node.kind !== "if" || !("then" in node) || !Array.isArray(node.then)) return;
    const { then, else: otherwise } = node as unknown as { then: readonly Statement[]; else: readonly Statement[] };
    const inside = (body: readonly Statement[]): string => body.map((statement) => source.text(statement)).join("\n");
    const edits = [then, otherwise].map((body) => [source.replacement(node, inside(body))]);
    found.push({ take: "first", edits });
  });
  return found;
};

/** An expression becomes a part of itself. */
const operands: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    if (!isExpr(node)) return;
    const parts = childrenOf(node).flatMap(([, value]) => (Array.isArray(value) ? value : [value]));
    const exprs = parts.flatMap((part) => (isExpr(part) ? [part] : isNode(part) && "value" in part && isExpr(part.value) ? [part.value] : [])); // prettier-ignore
    const edits = exprs.map((part) => {
      const text = source.text(part);
      const isLoose = part.kind === "binary" || part.kind === "unary" || part.kind === "if";
      return [source.replacement(node, isLoose ? `(${text})` : text)];
    });
    if (edits.length > 0) found.push({ take: "first", edits });
  });
  return found;
};

/** A name that stands for an expression goes, and the expression stands where it was read: `let`, config with a default. */
const inlined: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    const { name, value, default: given } = node as { name?: Name; value?: unknown; default?: unknown };
    const stands = node.kind === "let" ? value : given;
    if (name === undefined || !isExpr(stands)) return;
    const uses = refsOf(source, name.text);
    const isSmall =
      stands.kind === "ref" || stands.kind === "number" || stands.kind === "bool" || stands.kind === "string";
    // More text than before would be no reduction.
    if (!isSmall && uses.length > 1) return;
    const text = isSmall ? source.text(stands) : `(${source.text(stands)})`;
    found.push({ take: "first", edits: [[...source.removal(node), ...uses.map((use) => source.replacement(use, text))]] }); // prettier-ignore
  });
  return found;
};

function refsOf(source: Source, name: string): readonly Node[] {
  const found: Node[] = [];
  source.walk((node) => {
    if (node.kind === "ref" && (node as unknown as RefExpr).name === name) found.push(node);
  });
  return found;
}

/** A block at a path, or a function, goes, and what it was called with stands in place of the calls; unused blocks go too. */
const callees: Offer = (source) => {
  const calls: CallExpr[] = [];
  const uses: Use[] = [];
  const blocks: BlockItem[] = [];
  source.walk((node) => {
    if (node.kind === "call") calls.push(node as unknown as CallExpr);
    if (node.kind === "block") blocks.push(node as unknown as BlockItem);
    if (node.kind === "use") uses.push(...(node as unknown as UseStatement).uses);
  });
  /** The calls of `path`, and those of `repeat(path, x)`, with what was carried in. */
  const passed = (path: string): Edit =>
    calls.flatMap((call) => {
      const isRepeat = source.text(call.callee) === "repeat";
      const [first, second] = call.args;
      const isCalled = source.text(isRepeat && first !== undefined ? first.value : call.callee) === path;
      const argument = isRepeat ? second : first;
      return isCalled && argument !== undefined ? [source.replacement(call, `(${source.text(argument.value)})`)] : [];
    });
  const withoutUse = (use: Use): Edit => {
    const isOnly = uses.every((other) => other === use || other.block.text !== use.block.text);
    const declared = isOnly ? blocks.filter(({ name }) => name.text === use.block.text) : [];
    return [use, ...declared].flatMap((node) => source.removal(statementOf(source, node)));
  };
  const fromUses = uses.map((use) => [...withoutUse(use), ...passed(source.text(use.path))]);
  const fns = source.ast.items.filter((item) => item.kind === "fn");
  const fromFns = fns.map((fn) => [...source.removal(fn), ...passed(fn.name.text)]);
  return [...fromUses, ...fromFns].map((edit) => ({ take: "first", edits: [edit] }));
};

/** The statement that holds nothing but this use; the use itself where there are others. */
function statementOf(source: Source, node: Node): Node {
  let found = node;
  source.walk((statement) => {
    if (statement.kind === "use" && (statement as unknown as UseStatement).uses.length === 1 && (statement as unknown as UseStatement).uses[0] === node) found = statement; // prettier-ignore
  });
  return found;
}

/** Parentheses around one thing; those of calls and declarations follow a name or a bracket. */
const parentheses: Offer = (source) => {
  const opened: number[] = [];
  const edits: Edit[] = [];
  source.tokens.forEach((token, i) => {
    if (token.kind === "(") opened.push(i);
    if (token.kind !== ")") return;
    const first = opened.pop();
    const before = first === undefined ? undefined : source.tokens[first - 1]?.kind;
    if (first === undefined || before === "word" || before === ")" || before === "]") return;
    edits.push([source.between(first, first, ""), source.between(i, i, "")]);
  });
  return edits.map((edit) => ({ take: "first", edits: [edit] }));
};

/** Numbers towards 1: sizes, counts of layers, bounds of slices. */
const numbers: Offer = (source) => {
  const found: Choice[] = [];
  source.walk((node) => {
    if (node.kind !== "number") return;
    const { value, isFloat } = node as unknown as Expr & { kind: "number" };
    const smaller = isFloat ? ["1.0"] : [...new Set([0, 1, 2, Math.floor(value / 2), value - 1])].filter((n) => n >= 0 && n < value).map(String); // prettier-ignore
    const edits = smaller.map((text) => [source.replacement(node, text)]);
    if (edits.length > 0) found.push({ take: "first", edits });
  });
  return found;
};

/** All kinds, those that take most first. */
export const OFFERS: readonly Offer[] = [
  comments,
  members,
  branches,
  optional,
  callees,
  operands,
  inlined,
  parentheses,
  numbers,
];

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
