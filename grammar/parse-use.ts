/** `use path: Block(args)[count], ...`: the blocks that a model or a block holds, and so the names of its parameters. */
import type { Path, Use, UseArray, UseStatement } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseArguments, parseExpr, reportEquals } from "./parse-expr.ts";

export function parseUse(cursor: Cursor): UseStatement {
  const first = cursor.expect("use");
  const uses: Use[] = [];
  do {
    uses.push(parseOne(cursor));
    // A comma at the end of the list is allowed, so what follows it decides whether the list goes on.
  } while (cursor.eat(",") !== undefined && startsUse(cursor));
  const token = cursor.peek();
  if (cursor.previous().kind !== "," && token.kind === "word" && startsUse(cursor) && cursor.peek(1).kind === ":") {
    const end = cursor.previous().end;
    cursor.fail("LLM0111", "a comma is missing", { file: cursor.file, start: end, end }, {
      label: "`,` is missing here",
      help: `put \`,\` before \`${token.text}\`, or start a new \`use\``,
    }); // prettier-ignore
  }
  return { kind: "use", uses, span: cursor.spanFrom(first) };
}

function startsUse(cursor: Cursor): boolean {
  return cursor.at("word") && (cursor.peek(1).kind === ":" || cursor.peek(1).kind === ".");
}

/** `model.embed_tokens` */
export function parsePath(cursor: Cursor): Path {
  const names = [cursor.expectName("a path such as `model.layers`")];
  while (cursor.eat(".") !== undefined) names.push(cursor.expectName("a name behind the point"));
  return { names, span: cursor.spanFrom(names[0]?.span ?? cursor.peek()) };
}

function parseOne(cursor: Cursor): Use {
  const path = parsePath(cursor);
  if (cursor.at("=")) reportEquals(cursor, "the block of a `use`");
  else cursor.expect(":", "`:` and the block");
  const block = cursor.expectName("the name of a block");
  if (cursor.at("."))
    cursor.failExpected("`(` or the next statement", "blocks have one name, without a module in front of it");
  const args = cursor.eat("(") === undefined ? [] : parseArguments(cursor);
  const array = parseArray(cursor);
  return { path, block, args, ...(array === undefined ? {} : { array }), span: cursor.spanFrom(path.span) };
}

/** `[count]` or `for i in from..to` */
function parseArray(cursor: Cursor): UseArray | undefined {
  const first = cursor.peek();
  if (cursor.eat("[") !== undefined) {
    const to = parseExpr(cursor);
    cursor.expect("]");
    return { to, span: cursor.spanFrom(first) };
  }
  if (cursor.eat("for") === undefined) return undefined;
  const index = cursor.expectName("the name of the index");
  cursor.expectWord("in");
  const from = parseExpr(cursor);
  cursor.expect("..", "`..` and the end of the range");
  return { index, from, to: parseExpr(cursor), span: cursor.spanFrom(first) };
}
