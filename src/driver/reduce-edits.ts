/**
 * The ways in which a source may become smaller, read off its tree: parts of lists that can go, conditions that can be
 * decided, expressions that an operand of theirs can replace, names that stand for another one, smaller numbers. An edit
 * is text; whether what it leaves is a source, and still an interesting one, is found by trying (`reduce.ts`).
 */
import type {
  BlockItem,
  CallExpr,
  Expr,
  LetStatement,
  Name,
  RefExpr,
  Statement,
  Use,
  UseStatement,
} from "../../grammar/ast.ts";
import { tokenize } from "../../grammar/tokens.ts";
import type { Edit, Node, Source } from "./reduce-source.ts";
import { childrenOf, isExpr, isNode } from "./reduce-source.ts";

/** Edits that may be made together, in the order of the text; or the only one of several that is wanted (`first`). */
export interface Choice {
  readonly take: "many" | "first";
  readonly edits: readonly Edit[];
}

/** What a kind of edit offers for a source. */
export type Offer = (source: Source) => readonly Choice[];

/** Parts that a declaration may lack, and the token that goes with them. */
const OPTIONAL: ReadonlyMap<string, string> = new Map([
  ["default", "="],
  ["message", ","],
  ["result", "->"],
  ["array", ""],
]);

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
    if (node.kind === "let" && (node as unknown as LetStatement).isList) return;
    const { names, value, default: given } = node as { names?: readonly Name[]; value?: unknown; default?: unknown };
    const name = names?.[0] ?? (node as { name?: Name }).name;
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
  /** The use, and the blocks that are used by it or by each other alone: as a whole, so that none is left unused. */
  const withoutUse = (use: Use): Edit => {
    const gone = new Set<BlockItem>();
    const isGone = (other: Use): boolean => other === use || [...gone].some(({ span }) => span.start <= other.span.start && other.span.end <= span.end); // prettier-ignore
    for (let before = -1; before !== gone.size;) {
      before = gone.size;
      for (const block of blocks) {
        const users = uses.filter((other) => other.block.text === block.name.text);
        if (users.length > 0 && users.every(isGone)) gone.add(block);
      }
    }
    const outer = [...gone].filter(({ span }) => ![...gone].some((other) => other.span !== span && other.span.start <= span.start && span.end <= other.span.end)); // prettier-ignore
    return [use, ...outer].flatMap((node) => source.removal(statementOf(source, node)));
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
