/** Statements: what stands in the braces of a model, a block, a function, `forward` and `if`. */
import { nearest } from "../src/support/suggest.ts";
import { spanning } from "../src/support/source.ts";
import type { Name, Statement } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseBlock } from "./parse-block.ts";
import { parseCondition, parseExpr } from "./parse-expr.ts";
import { parseList } from "./parse-list.ts";
import { parseScan, startsScan } from "./parse-scan.ts";
import { parseParams, parseTensorParam, parseType } from "./parse-type.ts";
import { parseUse } from "./parse-use.ts";
import { parseWeights } from "./parse-weights.ts";
import { KEYWORDS } from "./tokens.ts";

/** What the braces belong to; it decides which statements may stand in them. */
export type Place = "model" | "block" | "fn" | "forward" | "scan";

const ALLOWED: Readonly<Record<Place, ReadonlySet<Statement["kind"]>>> = {
  model: new Set(["block", "let", "require", "use", "param", "if", "forward", "weights"]),
  block: new Set(["block", "let", "require", "use", "param", "if", "tap", "return"]),
  fn: new Set(["let", "require", "if", "tap", "return"]),
  forward: new Set(["let", "require", "if", "tap", "return"]),
  scan: new Set(["let", "require", "if", "return"]),
};
const WORDS = ["let", "use", "param", "require", "if", "block", "forward", "weights", "tap", "return"] as const;
const STARTS: ReadonlySet<string> = new Set(WORDS);
const KEYWORD_KINDS: ReadonlySet<string> = new Set(KEYWORDS);

/** `{ statements }`. Each statement that cannot be read is reported and left out. */
export function parseBody(cursor: Cursor, place: Place): readonly Statement[] {
  cursor.expect("{", "`{`", "statements stand in braces: `{ ... }`");
  const statements: Statement[] = [];
  while (!cursor.at("end") && !cursor.at("}")) {
    const statement = cursor.recovering(() => parseStatement(cursor, place), startsStatement);
    if (statement === undefined) continue;
    if (ALLOWED[place].has(statement.kind)) statements.push(statement);
    else reportMisplaced(cursor, statement, place);
  }
  cursor.expect("}");
  return statements;
}

/** The current token begins a statement: a keyword, or at the start of a line what looks like one. */
function startsStatement(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (token.kind === "word") {
    if (!token.startsLine) return false;
    return cursor.peek(1).kind === "=" || (token.text === "weights" && cursor.peek(1).kind === "{");
  }
  return STARTS.has(token.kind) && (token.startsLine || token.kind !== "if");
}

function parseStatement(cursor: Cursor, place: Place): Statement {
  const first = cursor.peek();
  switch (first.kind) {
    case "let": {
      cursor.next();
      const isList = cursor.at("(");
      const names = isList ? parseNames(cursor) : [cursor.expectName("a name")];
      if (cursor.at(","))
        failSeveral(
          cursor,
          "a `let` names one value",
          "several names stand in parentheses: `let (a, b) = split(x, 2)`",
        );
      if (cursor.at(":")) cursor.failExpected("`=`", "a `let` takes the type of its value; it is not written");
      cursor.expect("=");
      const value = startsScan(cursor) ? parseScan(cursor) : parseExpr(cursor);
      return { kind: "let", names, isList, value, span: cursor.spanFrom(first) };
    }
    case "use":
      return parseUse(cursor);
    case "param": {
      cursor.next();
      const { name, type } = parseTensorParam(cursor);
      return { kind: "param", name, type, span: cursor.spanFrom(first) };
    }
    case "require": {
      cursor.next();
      const condition = parseCondition(cursor);
      const message = cursor.eat(",") === undefined ? undefined : cursor.expectString("the message as a string");
      return {
        kind: "require",
        condition,
        ...(message === undefined ? {} : { message }),
        span: cursor.spanFrom(first),
      };
    }
    case "if":
      return parseIf(cursor, place);
    case "block":
      return parseBlock(cursor);
    case "forward": {
      cursor.next();
      cursor.expect("(");
      const params = parseParams(cursor, "an input", () => parseTensorParam(cursor));
      expectResult(cursor);
      const result = parseType(cursor);
      const body = parseBody(cursor, "forward");
      return { kind: "forward", params, result, body, span: cursor.spanFrom(first) };
    }
    case "tap": {
      cursor.next();
      const name = cursor.expectString("the tap's name as a string");
      cursor.expect("=");
      const value = parseExpr(cursor);
      return { kind: "tap", name, value, span: cursor.spanFrom(first) };
    }
    case "return": {
      cursor.next();
      const value = parseExpr(cursor);
      if (cursor.at(","))
        failSeveral(
          cursor,
          "`return` gives one value",
          "join tensors by `concat`, or compute the second one where it is needed",
        );
      return { kind: "return", value, span: cursor.spanFrom(first) };
    }
    default:
      if (cursor.atWord("weights")) return parseWeights(cursor);
      return failUnknown(cursor);
  }
}

/** `(q, k, v)`: at least one name. */
function parseNames(cursor: Cursor): readonly Name[] {
  cursor.expect("(");
  const name = (): Name => cursor.expectName("a name");
  const { items } = cursor.at(")") ? { items: [name()] } : parseList(cursor, ")", "a name", name);
  return items;
}

/** LLM0124 at the comma behind the first of several values. */
function failSeveral(cursor: Cursor, message: string, help: string): never {
  return cursor.fail("LLM0124", message, cursor.spanOf(cursor.peek()), { help });
}

/** The `->` of a `forward`; without it the type of the result is missing (LLM0126). */
function expectResult(cursor: Cursor): void {
  if (cursor.eat("->") !== undefined) return;
  if (!cursor.at("{") && !cursor.at(":")) cursor.failExpected("`->` and the type of the result");
  cursor.fail("LLM0126", "`forward` has no type of its result", cursor.spanOf(cursor.peek()), {
    help: "write it behind the inputs: `-> f[B, T, dim]`",
  });
}

/** A chain of `if` and `else if` is read in a loop: its length is no depth of the parser's stack. */
function parseIf(cursor: Cursor, place: Place): Statement {
  const branches = [];
  let last: readonly Statement[] = [];
  for (let isOpen = true; isOpen;) {
    const first = cursor.expect("if");
    const condition = parseCondition(cursor);
    branches.push({ first, condition, then: parseBody(cursor, place) });
    isOpen = cursor.eat("else") !== undefined && cursor.at("if");
    if (!isOpen && cursor.previous().kind === "else") last = parseBody(cursor, place);
    if (branches.length > MAX_BRANCHES)
      cursor.fail("LLM0107", `more than ${MAX_BRANCHES} branches`, cursor.spanOf(first), {
        help: "name the cases by config values",
      });
  }
  const end = cursor.previous();
  let statement: Statement | undefined;
  for (const { first, condition, then } of branches.reverse()) {
    const span = spanning(cursor.spanOf(first), cursor.spanOf(end));
    statement = { kind: "if", condition, then, else: statement === undefined ? last : [statement], span };
  }
  return statement ?? cursor.failExpected("`if`");
}

const MAX_BRANCHES = 200;

function failUnknown(cursor: Cursor): never {
  const token = cursor.peek();
  if (token.kind === "else") cursor.expect("}", "`}` before `else`");
  const isAssigned = cursor.peek(1).kind === "=" || cursor.peek(1).kind === "foreign";
  if (token.kind !== "word" && !KEYWORD_KINDS.has(token.kind)) return cursor.failExpected("a statement or `}`");
  const meant = nearest(token.text, WORDS);
  const help = isAssigned
    ? `values never change, and each is named once: \`let ${token.text} = ...\``
    : meant === undefined
      ? helpFor(token.text)
      : `did you mean \`${meant}\`?`;
  return cursor.fail("LLM0110", `\`${token.text}\` starts no statement`, cursor.spanOf(token), { help });
}

/** What readers of other languages may have meant. */
function helpFor(text: string): string {
  if (["const", "var", "auto"].includes(text)) return "values are named by `let`";
  if (["def", "func", "function", "fn", "class"].includes(text))
    return "inside a model stand `block`s; `fn` stands at the top of the file";
  if (["for", "while", "repeat"].includes(text))
    return "layers repeat by `use layers: Layer[depth]` and `repeat(layers, x)`";
  if (text === "print") return 'a value is shown by a tap: `tap "name" = value`';
  if (["assert", "check"].includes(text)) return "conditions on the config are `require condition`";
  return "a statement starts with `let`, `use`, `param`, `require`, `if`, `block`, `forward`, `weights`, `tap` or `return`";
}

function reportMisplaced(cursor: Cursor, statement: Statement, place: Place): void {
  const where =
    place === "fn" || place === "scan" ? `a \`${place}\`` : place === "forward" ? "`forward`" : `a ${place}`;
  const help =
    statement.kind === "use" || statement.kind === "param"
      ? "only models and blocks have parameters; make it a `block`, or move it out"
      : statement.kind === "block"
        ? "blocks are declared in the model or at the top of the file"
        : statement.kind === "return" || statement.kind === "tap"
          ? "put it into `forward` or into a block"
          : "it belongs into the model, once";
  const span = { ...statement.span, end: Math.min(statement.span.end, statement.span.start + statement.kind.length) };
  cursor.report("LLM0121", `\`${statement.kind}\` has no place in ${where}`, span, { help });
}
