/** Types, and the two kinds of declared parameters: config values (`depth: int = 30`) and tensors (`x: f[B, T, dim]`). */
import type { ConfigParam, Expr, Name, TensorParam, TypeExpr } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseExpr } from "./parse-expr.ts";
import { parseList } from "./parse-list.ts";

const SIZELESS_HELP = "write the sizes in brackets, for example `f[B, T, dim]`; a scalar is `f[]`";
const CONFIG_TYPES: ReadonlySet<string> = new Set(["int", "float", "bool", "text"]);
const ELEMENTS: ReadonlySet<string> = new Set(["f", "f64", "f32", "f16", "bf16", "i32", "u32"]);

/** `f[..., dim]` */
export function parseType(cursor: Cursor): TypeExpr {
  const element = cursor.expectName("a type such as `f[B, T, dim]`");
  if (!cursor.at("["))
    cursor.fail("LLM0118", `\`${element.text}\` needs its sizes to be a tensor's type`, element.span, {
      help: SIZELESS_HELP,
    });
  cursor.next();
  const rest = cursor.eat("...") !== undefined;
  if (rest && !cursor.at("]")) cursor.expect(",", "`,` or `]`");
  const { items } = parseList(cursor, "]", "a size", (): Expr => {
    if (cursor.at("...")) cursor.failExpected("a size", "`...` stands first, for all the axes before the named ones");
    return parseExpr(cursor);
  });
  return { kind: "type", element, rest, dims: items, span: cursor.spanFrom(element.span) };
}

/** `( ... )` behind its `(`: parameters of one kind, each `name: type`. */
export function parseParams<V>(cursor: Cursor, what: string, param: () => V): readonly V[] {
  const startsParam = (at: Cursor) => at.at("word") && at.peek(1).kind === ":";
  return parseList(cursor, ")", what, param, startsParam).items;
}

/** The `:` between a name and its type; without it the type is missing (LLM0126). `example` is one. */
function expectType(cursor: Cursor, name: Name, example: string): void {
  if (cursor.eat(":") !== undefined) return;
  const ends = cursor.at("=") || cursor.at(",") || cursor.at(")");
  const help = cursor.at(".") ? "a parameter has one name, behind the path of the blocks around it; where a checkpoint has `a.bias` and there is no block, write `param a_bias` and, in `weights`, `rename \"a.bias\" = \"a_bias\"`" : undefined; // prettier-ignore
  if (!ends) cursor.failExpected(`\`: type\` behind \`${name.text}\``, help);
  cursor.fail("LLM0126", `\`${name.text}\` has no type`, name.span, {
    help: `write it behind the name, for example \`${name.text}: ${example}\``,
  });
}

/** `x: f[B, T, dim]` */
export function parseTensorParam(cursor: Cursor): TensorParam {
  const name = cursor.expectName("a name");
  expectType(cursor, name, "f[B, T, dim]");
  return { name, type: parseType(cursor), span: cursor.spanFrom(name.span) };
}

/** `vocab: int = 49152` or `windows: int[]` */
export function parseConfigParam(cursor: Cursor): ConfigParam {
  const name = cursor.expectName("a name");
  expectType(cursor, name, cursor.at("=") ? `int = ${cursor.peek(1).text}` : "int");
  const type = cursor.expectName("`int`, `float`, `bool` or `text`");
  const list = cursor.eat("[") !== undefined;
  if (list) cursor.expect("]", "`]`: the type of a list is written `int[]`");
  const value = cursor.eat("=") === undefined ? undefined : parseExpr(cursor);
  return { name, type, list, ...(value === undefined ? {} : { default: value }), span: cursor.spanFrom(name.span) };
}

/** Whichever of the two stands here: `fn` takes both. `bool[]` is a list of config values, `bool[T]` a tensor. */
export function parseFnParam(cursor: Cursor): TensorParam | ConfigParam {
  const type = cursor.peek(2).text;
  const isConfig = CONFIG_TYPES.has(type) && (cursor.peek(3).kind !== "[" || cursor.peek(4).kind === "]");
  const isTensor = ELEMENTS.has(type) || cursor.peek(3).kind === "[";
  return isConfig || !isTensor ? parseConfigParam(cursor) : parseTensorParam(cursor);
}
