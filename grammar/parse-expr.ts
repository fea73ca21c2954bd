/**
 * Expressions. Operators by precedence climbing (Richards 1979): low to high `||`, `&&`, comparisons, `+ -`,
 * `* / % @`, then signs, then calls, members and slices. All but comparisons associate to the left; those do not chain.
 */
import { locOf, spanning } from "../src/support/source.ts";
import type { Argument, BinaryOperator, Expr, IndexItem } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseList } from "./parse-list.ts";
import type { Token, TokenKind } from "./tokens.ts";

/** The most levels of one expression's tree: a bound for everything that walks it. */
export const MAX_DEPTH = 1000;
const MAX_SIGNS = 100;

const PRECEDENCE: ReadonlyMap<TokenKind, number> = new Map<BinaryOperator, number>([
  ["||", 1], ["&&", 2],
  ["==", 3], ["!=", 3], ["<", 3], ["<=", 3], [">", 3], [">=", 3],
  ["+", 4], ["-", 4], ["*", 5], ["/", 5], ["%", 5], ["@", 5],
]); // prettier-ignore
const COMPARISON = 3;
/** What may follow Python's `not`; a parenthesis follows the op `not` as well. */
const STARTS_OPERAND: ReadonlySet<TokenKind> = new Set<TokenKind>(["word", "number", "true", "false"]);

export function parseExpr(cursor: Cursor, lowest = 1): Expr {
  let left = parseSigned(cursor);
  let comparison: Token | undefined;
  for (;;) {
    const token = cursor.peek();
    const precedence = PRECEDENCE.get(token.kind);
    if (precedence === undefined || precedence < lowest) break;
    cursor.next();
    if (precedence === COMPARISON && comparison !== undefined)
      cursor.fail("LLM0113", "comparisons do not chain", cursor.spanOf(token), {
        related: [{ message: "the first comparison", loc: locOf(cursor.spanOf(comparison)) }],
        help: "join two comparisons with `&&`",
      });
    if (precedence === COMPARISON) comparison = token;
    const right = parseExpr(cursor, precedence + 1);
    const operator = token.kind as BinaryOperator;
    left = sized(cursor, { kind: "binary", operator, left, right, span: spanning(left.span, right.span) }, left, right);
  }
  const foreign = cursor.peek();
  const isWordOperator = foreign.kind === "word" && /^(and|or)$/.test(foreign.text) && cursor.peek(1).kind !== ":";
  if (foreign.kind === "foreign" || isWordOperator) cursor.failExpected("an operator");
  if (isChoiceBehind(cursor)) cursor.failForeign();
  return left;
}

/** `a if c else b`, as Python chooses: an `if` on the line of a value whose `else` comes before any brace. */
function isChoiceBehind(cursor: Cursor): boolean {
  if (!cursor.at("if") || cursor.peek().startsLine) return false;
  for (let ahead = 1; ; ahead++) {
    const { kind, startsLine } = cursor.peek(ahead);
    if (kind === "else") return true;
    if (startsLine || kind === "{" || kind === "end") return false;
  }
}

/** An expression that is a condition: `=` in it is reported (LLM0117) and read as `==`. */
export function parseCondition(cursor: Cursor): Expr {
  const left = parseExpr(cursor);
  if (!cursor.at("=")) return left;
  const help = "equality is written `==`";
  cursor.report("LLM0117", "`=` compares nothing", cursor.spanOf(cursor.next()), { help });
  const right = parseExpr(cursor);
  return sized(
    cursor,
    { kind: "binary", operator: "==", left, right, span: spanning(left.span, right.span) },
    left,
    right,
  );
}

/** `a, name: b` up to and with the closing parenthesis. */
export function parseArguments(cursor: Cursor): readonly Argument[] {
  let named: Argument | undefined;
  let isReported = false;
  return parseList(cursor, ")", "an argument", (): Argument => {
    const first = cursor.peek();
    const before = cursor.previous().kind;
    const isNamed = first.kind !== "string" && first.kind !== "number" && cursor.peek(1).kind === ":";
    const name = isNamed ? cursor.expectName("the argument's name") : undefined;
    if (isNamed) cursor.expect(":");
    else if (first.kind === "word" && cursor.peek(1).kind === "=") {
      named = argumentOfPython(cursor, first);
      return named;
    }
    const value = parseExpr(cursor);
    const argument = { ...(name === undefined ? {} : { name }), value, span: cursor.spanFrom(first) };
    if (name !== undefined) named = argument;
    else if (named !== undefined && !isReported && before === "," && isBetweenCommas(cursor)) {
      isReported = true;
      cursor.report("LLM0116", "an argument without a name follows a named one", argument.span, {
        related: [{ message: "named arguments start here", loc: locOf(named.span) }],
        help: "move it before the named ones, or name it",
      });
    }
    return argument;
  }).items;
}

/** `name = value`: reported (LLM0125) and read as `name: value`. */
function argumentOfPython(cursor: Cursor, first: Token): Argument {
  const name = cursor.expectName("the argument's name");
  reportEquals(cursor, "the value of an argument");
  return { name, value: parseExpr(cursor), span: cursor.spanFrom(first) };
}

/** The current `=` stands where a `:` belongs; it is reported and taken as one. `what` stands behind it. */
export function reportEquals(cursor: Cursor, what: string): void {
  cursor.report("LLM0125", `${what} stands behind \`:\`, not \`=\``, cursor.spanOf(cursor.next()), {
    help: "write `:` instead",
  });
}

/** Otherwise a comma or a colon is missing, which is reported as that. */
function isBetweenCommas(cursor: Cursor): boolean {
  return cursor.at(",") || cursor.at(")");
}

function parseSigned(cursor: Cursor): Expr {
  const signs: Token[] = [];
  while (cursor.at("-") || cursor.at("!")) {
    signs.push(cursor.next());
    if (signs.length > MAX_SIGNS) failDeep(cursor);
  }
  let operand = parsePostfix(cursor);
  for (const sign of signs.reverse())
    operand = sized(
      cursor,
      {
        kind: "unary",
        operator: sign.kind === "-" ? "-" : "!",
        operand,
        span: spanning(cursor.spanOf(sign), operand.span),
      },
      operand,
    );
  return operand;
}

function parsePostfix(cursor: Cursor): Expr {
  let object = parsePrimary(cursor);
  for (;;) {
    if (cursor.eat(".") !== undefined) {
      const member = cursor.expectName("a name behind the point");
      object = sized(cursor, { kind: "member", object, member, span: cursor.spanFrom(object.span) }, object);
    } else if (cursor.eat("(") !== undefined) {
      const args = parseArguments(cursor);
      const call: Expr = { kind: "call", callee: object, args, span: cursor.spanFrom(object.span) };
      object = sized(cursor, call, object, ...args.map((argument) => argument.value));
    } else if (cursor.at("[")) {
      const open = cursor.next();
      const { items } = parseList(cursor, "]", "an index", () => parseIndexItem(cursor));
      if (items.length === 0) cursor.fail("LLM0104", "expected an index, found `]`", cursor.spanFrom(open));
      const index: Expr = { kind: "index", object, items, span: cursor.spanFrom(object.span) };
      object = sized(cursor, index, object, ...items.flatMap(partsOf));
    } else return object;
  }
}

function parseIndexItem(cursor: Cursor): IndexItem {
  const first = cursor.peek();
  if (cursor.eat("...") !== undefined) return { kind: "ellipsis", span: cursor.spanOf(first) };
  const endsRange = () => cursor.at(",") || cursor.at("]");
  const from = cursor.at(":") ? undefined : parseExpr(cursor);
  if (from !== undefined && endsRange()) return { kind: "at", value: from, span: from.span };
  if (from !== undefined && cursor.at(".."))
    cursor.failExpected("`:` between the ends of a slice", "slices are `from:to`");
  cursor.expect(":", "`:`, `,` or `]`");
  const to = endsRange() || cursor.at(":") ? undefined : parseExpr(cursor);
  if (cursor.at(":"))
    cursor.fail("LLM0119", "slices have no step", cursor.spanOf(cursor.peek()), {
      help: "reshape, then index the last axis",
    });
  return { kind: "range", from, to, span: cursor.spanFrom(first) };
}

function partsOf(item: IndexItem): readonly Expr[] {
  if (item.kind === "ellipsis") return [];
  if (item.kind === "at") return [item.value];
  return [item.from, item.to].filter((part) => part !== undefined);
}

function parsePrimary(cursor: Cursor): Expr {
  const token = cursor.peek();
  const span = cursor.spanOf(token);
  switch (token.kind) {
    case "number":
      cursor.next();
      return numberOf(cursor, token);
    case "string":
      return cursor.stringOf(cursor.next());
    case "true":
    case "false":
      cursor.next();
      return { kind: "bool", value: token.kind === "true", span };
    case "word":
      if (token.text === "not" && STARTS_OPERAND.has(cursor.peek(1).kind) && !cursor.peek(1).startsLine)
        cursor.failForeign();
      cursor.next();
      return { kind: "ref", name: token.text, span };
    case "if":
      return parseIfExpr(cursor);
    case "[": {
      cursor.next();
      const { items } = parseList(cursor, "]", "a value", () => parseExpr(cursor));
      return sized(cursor, { kind: "list", items, span: cursor.spanFrom(token) }, ...items);
    }
    case "(": {
      cursor.next();
      const { items, hasLastComma } = parseList(cursor, ")", "a value", () => parseExpr(cursor));
      const [only] = items;
      if (only === undefined)
        return cursor.fail("LLM0104", "expected a value between the parentheses", cursor.spanFrom(token));
      if (items.length === 1 && !hasLastComma) return only;
      return sized(cursor, { kind: "list", items, span: cursor.spanFrom(token) }, ...items);
    }
    case ".":
      if (cursor.peek(1).kind === "number")
        return cursor.fail("LLM0103", "a number starts with a digit", span, {
          help: `write \`0.${cursor.peek(1).text}\``,
        });
      return cursor.failExpected("an expression");
    default:
      if (!cursor.atNamedKeyword()) return cursor.failExpected("an expression");
      cursor.next();
      return { kind: "ref", name: token.text, span };
  }
}

function numberOf(cursor: Cursor, token: Token): Expr {
  const value = Number(token.text.replaceAll("_", ""));
  const isFloat = /[.eE]/.test(token.text);
  const span = cursor.spanOf(token);
  if (!Number.isFinite(value) || (!isFloat && !Number.isSafeInteger(value)))
    cursor.report("LLM0103", `\`${token.text}\` is too large`, span, {
      help: "integers go up to 2^53, floats up to 1.8e308",
    });
  return { kind: "number", value, isFloat, span };
}

/** `if a { x } else if b { y } else { z }` as a value. */
function parseIfExpr(cursor: Cursor): Expr {
  const choices: { readonly first: Token; readonly condition: Expr; readonly then: Expr }[] = [];
  let last: Expr | undefined;
  while (last === undefined) {
    const first = cursor.expect("if");
    const condition = parseCondition(cursor);
    choices.push({ first, condition, then: parseBraced(cursor) });
    if (!cursor.at("else"))
      cursor.fail("LLM0115", "an `if` expression needs an `else`", cursor.spanFrom(choices[0]?.first ?? first), {
        help: "add `else { ... }` with the other value",
      });
    cursor.next();
    if (!cursor.at("if")) last = parseBraced(cursor);
  }
  let value = last;
  for (const { first, condition, then } of choices.reverse()) {
    const choice: Expr = { kind: "if", condition, then, else: value, span: cursor.spanFrom(first) };
    value = sized(cursor, choice, condition, then, value);
  }
  return value;
}

function parseBraced(cursor: Cursor): Expr {
  cursor.expect("{");
  const help = STATEMENT_HELP.get(cursor.peek().kind);
  if (help !== undefined) {
    const message = `a branch of an \`if\` with a value is one expression, and this is a \`${cursor.peek().text}\``;
    cursor.fail("LLM0104", message, cursor.spanOf(cursor.peek()), { help });
  }
  const value = parseExpr(cursor);
  cursor.expect("}", "`}` behind the one value of the branch");
  return value;
}

const DECLARING =
  "as a statement, `if` may declare: `if c { let y = a } else { let y = b }`, and `y` is known behind it";

/** What to write instead of a statement in a branch. */
const STATEMENT_HELP: ReadonlyMap<string, string> = new Map([
  ["let", DECLARING],
  ["use", DECLARING],
  ["return", "write the value alone: `let y = if c { a } else { b }`"],
]);

/** Records how deep `node` is; more than `MAX_DEPTH` levels are refused (LLM0107). */
function sized(cursor: Cursor, node: Expr, ...parts: readonly Expr[]): Expr {
  const depth = 1 + Math.max(0, ...parts.map((part) => cursor.depths.get(part) ?? 1));
  if (depth > MAX_DEPTH) failDeep(cursor);
  cursor.depths.set(node, depth);
  return node;
}

function failDeep(cursor: Cursor): never {
  return cursor.fail("LLM0107", "this expression is too deep", cursor.spanOf(cursor.previous()), {
    help: "name the parts with `let`",
  });
}
