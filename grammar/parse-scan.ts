/** `scan(h: f[B, dim]) over T with x, d = decay { ... }`: the value of a `let` that is computed position by position. */
import type { ScanExpr, ScanInput, ScanState } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseExpr } from "./parse-expr.ts";
import { parseBody } from "./parse-statement.ts";
import { parseParams, parseTensorParam } from "./parse-type.ts";

/** `scan ( ... ) over`, or `with` where `over` was forgotten; anything else named `scan` is a function. Brackets are balanced. */
export function startsScan(cursor: Cursor): boolean {
  if (!cursor.atWord("scan") || cursor.peek(1).kind !== "(") return false;
  let depth = 0;
  for (let ahead = 1; ; ahead++) {
    const { kind } = cursor.peek(ahead);
    if (kind === "end") return false;
    if (kind === "(" || kind === "[" || kind === "{") depth += 1;
    if (kind === ")" || kind === "]" || kind === "}") depth -= 1;
    if (depth === 0) return ["over", "with"].includes(cursor.peek(ahead + 1).text);
  }
}

export function parseScan(cursor: Cursor): ScanExpr {
  const first = cursor.expectWord("scan");
  cursor.expect("(");
  const states = parseParams(cursor, "a state", () => parseState(cursor));
  cursor.expectWord("over");
  const over = parseExpr(cursor);
  cursor.expectWord("with");
  const inputs = [parseInput(cursor)];
  while (cursor.eat(",") !== undefined) inputs.push(parseInput(cursor));
  const body = parseBody(cursor, "scan");
  return { kind: "scan", states, over, inputs, body, span: cursor.spanFrom(first) };
}

function parseState(cursor: Cursor): ScanState {
  const param = parseTensorParam(cursor);
  if (cursor.eat("=") === undefined) return param;
  return { ...param, start: parseExpr(cursor), span: cursor.spanFrom(param.span) };
}

function parseInput(cursor: Cursor): ScanInput {
  const name = cursor.expectName("a tensor to walk along");
  if (cursor.eat("=") === undefined) return { name, value: { kind: "ref", name: name.text, span: name.span }, span: name.span }; // prettier-ignore
  return { name, value: parseExpr(cursor), span: cursor.spanFrom(name.span) };
}
