/**
 * Neighbouring vectors of halves that a kernel loads one after the other, as products do with their weights: eight
 * halves are one load, and its two parts are one shuffle each. Finds the pairs; `memory-access.ts` writes them.
 */
import type { Buffer, KValue, Statement } from "../../src/kernel/ir.ts";
import { bodiesOf } from "../../src/kernel/walk.ts";
import type { Place } from "./definitions.ts";

/** The second value of each pair by the first; both are loads of the same list of statements, the first before it. */
export function halfPairs(body: readonly Statement[], placeOf: (index: KValue) => Place): ReadonlyMap<KValue, KValue> {
  const pairs = new Map<KValue, KValue>();
  visit(body, placeOf, pairs);
  return pairs;
}

function visit(body: readonly Statement[], placeOf: (index: KValue) => Place, pairs: Map<KValue, KValue>): void {
  /** Loads without a partner so far, by buffer and root, then by literal. */
  const single = new Map<Buffer, Map<KValue | undefined, Map<number, KValue>>>();
  for (const statement of body) {
    for (const inner of bodiesOf(statement)) visit(inner, placeOf, pairs);
    if (statement.kind !== "let" || statement.expression.kind !== "load") continue;
    const { buffer, index } = statement.expression;
    if (!isPairable(buffer)) continue;
    const { root, literal } = placeOf(index);
    const roots = single.get(buffer) ?? new Map<KValue | undefined, Map<number, KValue>>();
    const loads = roots.get(root) ?? new Map<number, KValue>();
    single.set(buffer, roots.set(root, loads));
    const before = loads.get(literal - 1);
    if (before === undefined) loads.set(literal, statement.result);
    else {
      pairs.set(before, statement.result);
      loads.delete(literal - 1);
    }
  }
}

/** Nothing is stored between the loads of a buffer that is only read. */
function isPairable({ element, lanes, access, space }: Buffer): boolean {
  return (element === "f16" || element === "bf16") && lanes === 4 && access === "read" && space === "storage";
}
