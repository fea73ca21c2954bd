/** What stands at the top of a file: models, blocks, functions, and the declarations about a model. */
import { nearest } from "../src/support/suggest.ts";
import type { AdaptItem, AdaptRule, Entry, FnItem, Item, ModelItem, TrainItem } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseBlock } from "./parse-block.ts";
import { parseExpr } from "./parse-expr.ts";
import { parseBody } from "./parse-statement.ts";
import { parseConfigParam, parseFnParam, parseParams, parseType } from "./parse-type.ts";

const ITEMS = ["model", "block", "fn", "train", "adapt"] as const;

/** Whether the current token may begin an item, `word Name(`: where the parser goes on after a mistake. */
export function startsItem(cursor: Cursor): boolean {
  return cursor.peek().startsLine && cursor.peek(1).kind === "word" && cursor.peek(2).kind === "(";
}

export function parseItem(cursor: Cursor): Item {
  const token = cursor.peek();
  const item = ITEMS.find((word) => token.text === word);
  switch (item) {
    case "model":
      return parseModel(cursor);
    case "block":
      return parseBlock(cursor);
    case "fn":
      return parseFn(cursor);
    case "train":
      return parseTrain(cursor);
    case "adapt":
      return parseAdapt(cursor);
    case undefined: {
      const meant = token.kind === "word" ? nearest(token.text, ITEMS) : undefined;
      const help = meant === undefined ? helpFor(token.text) : `did you mean \`${meant}\`?`;
      return cursor.fail("LLM0109", `\`${token.text}\` starts no declaration`, cursor.spanOf(token), { help });
    }
  }
}

/** What readers of other languages may have meant. */
function helpFor(text: string): string {
  if (["import", "from", "include"].includes(text))
    return "nothing is imported: the ops and blocks are known everywhere";
  if (text === "class") return "a network is a `model Name(config) { ... }`, a part of one a `block`";
  if (["def", "function", "func"].includes(text)) return "a function is `fn name(x: f[B, T, C]) -> f[B, T, C] { ... }`";
  return "a file holds `model`, `block`, `fn`, `train` and `adapt`";
}

function parseModel(cursor: Cursor): ModelItem {
  const doc = cursor.takeDoc();
  const first = cursor.next();
  const name = cursor.expectName("the model's name");
  cursor.expect(
    "(",
    "`(` and the config values",
    "a model without config values has empty parentheses: `model Name() { ... }`",
  );
  const config = parseParams(cursor, "a config value", () => parseConfigParam(cursor));
  const body = parseBody(cursor, "model");
  return { kind: "model", doc, name, config, body, span: cursor.spanFrom(first) };
}

function parseFn(cursor: Cursor): FnItem {
  const doc = cursor.takeDoc();
  const first = cursor.next();
  const name = cursor.expectName("the function's name");
  cursor.expect("(", "`(` and the parameters");
  const params = parseParams(cursor, "a parameter", () => parseFnParam(cursor));
  const result = cursor.eat("->") === undefined ? undefined : parseType(cursor);
  const body = parseBody(cursor, "fn");
  return {
    kind: "fn",
    doc,
    name,
    params,
    ...(result === undefined ? {} : { result }),
    body,
    span: cursor.spanFrom(first),
  };
}

function parseTrain(cursor: Cursor): TrainItem {
  const { doc, first, name, model } = parseHead(cursor);
  const entries: Entry[] = [];
  while (!cursor.at("end") && !cursor.at("}")) {
    const entry = cursor.recovering((): Entry => {
      const key = cursor.expectName("an entry such as `loss: ...`");
      cursor.expect(":");
      return { key, value: parseExpr(cursor), span: cursor.spanFrom(key.span) };
    }, startsEntry);
    if (entry !== undefined) entries.push(entry);
  }
  cursor.expect("}");
  return { kind: "train", doc, name, model, entries, span: cursor.spanFrom(first) };
}

function startsEntry(cursor: Cursor): boolean {
  return cursor.at("word") && cursor.peek(1).kind === ":" && cursor.peek().startsLine;
}

function parseAdapt(cursor: Cursor): AdaptItem {
  const { doc, first, name, model } = parseHead(cursor);
  const rules: AdaptRule[] = [];
  while (!cursor.at("end") && !cursor.at("}")) {
    const rule = cursor.recovering((): AdaptRule => {
      const method = parseExpr(cursor);
      cursor.expectWord("on");
      const on = cursor.expectString("the pattern of the paths as a string");
      return { method, on, span: cursor.spanFrom(method.span) };
    }, (at) => at.peek().startsLine); // prettier-ignore
    if (rule !== undefined) rules.push(rule);
  }
  cursor.expect("}");
  return { kind: "adapt", doc, name, model, rules, span: cursor.spanFrom(first) };
}

/** `train Name(Model) {` */
function parseHead(cursor: Cursor) {
  const doc = cursor.takeDoc();
  const first = cursor.next();
  const name = cursor.expectName("a name");
  cursor.expect("(", "`(` and the name of the model");
  const model = cursor.expectName("the name of the model");
  cursor.expect(")");
  cursor.expect("{");
  return { doc, first, name, model };
}
