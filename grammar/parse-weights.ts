/** `weights { ... }`: how a published checkpoint's names differ from the paths of the model. */
import { nearest } from "../src/support/suggest.ts";
import type { WeightRule, WeightsItem } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parsePath } from "./parse-use.ts";

const RULES = ["rename", "optional_prefix", "ignore", "tied", "stack"] as const;

export function parseWeights(cursor: Cursor): WeightsItem {
  const first = cursor.expectWord("weights");
  cursor.expect("{");
  const rules: WeightRule[] = [];
  while (!cursor.at("end") && !cursor.at("}")) {
    const rule = cursor.recovering(() => parseRule(cursor), (at) => at.peek().startsLine); // prettier-ignore
    if (rule !== undefined) rules.push(rule);
  }
  cursor.expect("}");
  return { kind: "weights", rules, span: cursor.spanFrom(first) };
}

function parseRule(cursor: Cursor): WeightRule {
  const first = cursor.peek();
  const kind = RULES.find((rule) => cursor.atWord(rule));
  if (kind === undefined) {
    const meant = nearest(first.text, RULES);
    return cursor.failExpected(
      "a rule: `rename`, `optional_prefix`, `ignore`, `tied` or `stack`",
      meant === undefined ? undefined : `did you mean \`${meant}\`?`,
    );
  }
  cursor.next();
  switch (kind) {
    case "rename":
    case "tied": {
      const published = cursor.expectString("the published name as a string");
      cursor.expect("=");
      const path = cursor.expectString("the path in this model as a string");
      return { kind, published, path, span: cursor.spanFrom(first) };
    }
    case "optional_prefix":
      return { kind, prefix: cursor.expectString("the prefix as a string"), span: cursor.spanFrom(first) };
    case "ignore":
      return { kind, pattern: cursor.expectString("the pattern as a string"), span: cursor.spanFrom(first) };
    case "stack": {
      const path = parsePath(cursor);
      cursor.expect("[", "`[` and the name of the index");
      const index = cursor.expectName("the name of the index");
      cursor.expect("]");
      cursor.expect("=");
      const published = cursor.expectString("the published name as a string");
      return { kind, path, index, published, span: cursor.spanFrom(first) };
    }
  }
}
