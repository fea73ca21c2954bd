/** The offsets at which the layout starts a new line: every declaration, statement, entry and rule of a file. */
import { assertNever } from "../src/support/errors.ts";
import type { File, Item, Statement } from "./ast.ts";

export function lineStartsOf(file: File): ReadonlySet<number> {
  const starts = new Set<number>();
  for (const item of file.items) addItem(item, starts);
  return starts;
}

function addItem(item: Item, starts: Set<number>): void {
  starts.add(item.span.start);
  switch (item.kind) {
    case "model":
    case "block":
    case "fn":
      return addAll(item.body, starts);
    case "train":
      return item.entries.forEach((entry) => starts.add(entry.span.start));
    case "adapt":
      return item.rules.forEach((rule) => starts.add(rule.span.start));
    default:
      return assertNever(item);
  }
}

function addAll(body: readonly Statement[], starts: Set<number>): void {
  for (const statement of body) {
    starts.add(statement.span.start);
    if (statement.kind === "block" || statement.kind === "forward") addAll(statement.body, starts);
    else if (statement.kind === "weights") statement.rules.forEach((rule) => starts.add(rule.span.start));
    else if (statement.kind === "let" && statement.value.kind === "scan") addAll(statement.value.body, starts);
    else if (statement.kind === "if") {
      addAll(statement.then, starts);
      addAll(statement.else, starts);
    }
  }
}
