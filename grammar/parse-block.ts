/** `block Name(config)(tensors) -> type { ... }`, inside a model or at the top of a file. */
import type { BlockItem, ConfigParam, TensorParam } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseBody } from "./parse-statement.ts";
import { parseConfigParam, parseParams, parseTensorParam, parseType } from "./parse-type.ts";

/** With two lists in parentheses the first is the config; with one it is the tensors. */
export function parseBlock(cursor: Cursor): BlockItem {
  const doc = cursor.takeDoc();
  const first = cursor.expect("block");
  const name = cursor.expectName("the block's name");
  cursor.expect("(", "`(` and the block's tensors");
  let config: readonly ConfigParam[] = [];
  if (hasTwoLists(cursor)) {
    config = parseParams(cursor, "a config value", () => parseConfigParam(cursor));
    cursor.expect("(");
  }
  const params: readonly TensorParam[] = parseParams(cursor, "a tensor", () => parseTensorParam(cursor));
  const result = cursor.eat("->") === undefined ? undefined : parseType(cursor);
  const body = parseBody(cursor, "block");
  return {
    kind: "block",
    doc,
    name,
    config,
    params,
    ...(result === undefined ? {} : { result }),
    body,
    span: cursor.spanFrom(first),
  };
}

/** The cursor is behind the first `(`: does another list follow its `)`? Brackets are balanced. */
function hasTwoLists(cursor: Cursor): boolean {
  let depth = 1;
  for (let ahead = 0; depth > 0; ahead++) {
    const { kind } = cursor.peek(ahead);
    if (kind === "end") return false;
    if (kind === "(" || kind === "[" || kind === "{") depth += 1;
    if (kind === ")" || kind === "]" || kind === "}") depth -= 1;
    if (depth === 0) return cursor.peek(ahead + 1).kind === "(";
  }
  return false;
}
