/** Lists in brackets, separated by commas, with an optional last comma. */
import type { Cursor } from "./cursor.ts";
import type { TokenKind } from "./tokens.ts";

const STARTS_ITEM: ReadonlySet<TokenKind> = new Set<TokenKind>(["word", "number", "string", "true", "false", "if"]);

export interface List<V> {
  readonly items: readonly V[];
  /** There was a comma behind the last one: `(a,)` is a list of one. */
  readonly hasLastComma: boolean;
}

/**
 * Reads items up to `closer` and the closer. A missing comma is reported (LLM0111) and read on from.
 * `what` completes "expected ..."; where `startsItem` does not hold, it is not only a comma that is missing.
 */
export function parseList<V>(
  cursor: Cursor,
  closer: TokenKind,
  what: string,
  item: () => V,
  startsItem: (cursor: Cursor) => boolean = (at) => STARTS_ITEM.has(at.peek().kind),
): List<V> {
  const items: V[] = [];
  let hasLastComma = false;
  while (!cursor.at(closer)) {
    if (cursor.at("end") || cursor.atCloser()) cursor.failExpected(`${what} or \`${closer}\``);
    items.push(item());
    hasLastComma = cursor.eat(",") !== undefined;
    if (hasLastComma || cursor.at(closer)) continue;
    if (!startsItem(cursor)) cursor.failExpected(`\`,\` or \`${closer}\``);
    const end = cursor.previous().end;
    cursor.report("LLM0111", "a comma is missing", { file: cursor.file, start: end, end }, {
      label: "`,` is missing here",
      help: `put \`,\` before \`${cursor.peek().text}\``,
    }); // prettier-ignore
  }
  cursor.expect(closer);
  return { items, hasLastComma };
}
