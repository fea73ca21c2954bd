/**
 * Loops that sum products with f16 weights. The bits of a finite f16 at the places of an f32 are the number times
 * 2^-112; where the other factor, read once for several weights, takes on 2^112, each product is the same number
 * rounded once, and no weight has to be multiplied for its own sake. Only factors of 2^16 and more overflow by it; their
 * sums are infinite or NaN, and are summed again as everywhere else.
 */
import type { KValue, Statement } from "../../src/kernel/ir.ts";
import { countUses } from "../../src/kernel/walk.ts";
import type { Definitions } from "./definitions.ts";

type Loop = Extract<Statement, { kind: "for" }>;

export interface ScaledSums {
  /** Loads of f16 that are left at 2^-112 of their value. */
  readonly halves: ReadonlySet<KValue>;
  /** Loads that are multiplied by 2^112. */
  readonly factors: ReadonlySet<KValue>;
}

/** What to scale in a loop that does nothing but add products, each of a load and a load of halves, to its sums. */
export function scaledSums(loop: Loop, definitions: Definitions): ScaledSums | undefined {
  const loads = new Map<KValue, boolean>();
  for (const statement of loop.body) {
    if (statement.kind !== "let") return undefined;
    if (statement.expression.kind !== "load") continue;
    const { element, lanes, access, isFinite } = statement.expression.buffer;
    const isHalf = element === "f16" && access === "read" && isFinite === true;
    if (lanes === 4) loads.set(statement.result, isHalf);
  }
  const [halves, factors] = [new Set<KValue>(), new Set<KValue>()];
  /** How many products read each load. */
  const products = new Map<KValue, number>();
  for (const [i, { arg }] of loop.carried.entries()) {
    let sum = loop.yields[i];
    while (sum !== undefined && sum !== arg) {
      const definition = definitions.of(sum);
      if (definition?.kind !== "fma") return undefined;
      const [half, factor] = loads.get(definition.x) === true ? [definition.x, definition.y] : [definition.y, definition.x]; // prettier-ignore
      if (loads.get(half) !== true || loads.get(factor) !== false) return undefined;
      halves.add(half);
      factors.add(factor);
      for (const load of [half, factor]) products.set(load, (products.get(load) ?? 0) + 1);
      sum = definition.z;
    }
  }
  const uses = countUses(loop.body);
  const isOnlyMultiplied = [...products].every(([load, count]) => uses.get(load) === count);
  return halves.size > 0 && isOnlyMultiplied ? { halves, factors } : undefined;
}
