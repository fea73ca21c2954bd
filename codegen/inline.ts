/**
 * Which values need no name of their own in emitted code: pure arithmetic that is read once, by a statement of the same
 * body, so that it is evaluated exactly as often as before. Loads keep their place, and so a name.
 */
import type { KValue, Statement } from "../src/kernel/ir.ts";
import { bodiesOf, countUses, readsOf } from "../src/kernel/walk.ts";

const PURE = ["unary", "binary", "fma", "select", "cast", "bitcast", "vector", "extract"];

/** The values of `body` and the bodies inside it that may be written where they are read. */
export function inlinableValues(body: readonly Statement[]): ReadonlySet<KValue> {
  const found = new Set<KValue>();
  visit(body, [], countUses(body), found);
  return found;
}

function visit(
  body: readonly Statement[],
  yields: readonly KValue[],
  uses: ReadonlyMap<KValue, number>,
  found: Set<KValue>,
): void {
  // What a loop or a branch yields is read inside it, not in the body where it stands.
  const readHere = new Set<KValue>(yields);
  for (const statement of body) {
    const inner = yieldsOf(statement).flat();
    for (const value of readsOf(statement)) if (!inner.includes(value)) readHere.add(value);
  }
  for (const statement of body) {
    if (statement.kind === "let") {
      const { result, expression } = statement;
      if (PURE.includes(expression.kind) && uses.get(result) === 1 && readHere.has(result)) found.add(result);
    }
    bodiesOf(statement).forEach((inner, i) => visit(inner, yieldsOf(statement)[i] ?? [], uses, found));
  }
}

function yieldsOf(statement: Statement): readonly (readonly KValue[])[] {
  if (statement.kind === "for") return [statement.yields];
  return statement.kind === "if" ? [statement.yields, statement.otherwiseYields] : [];
}
