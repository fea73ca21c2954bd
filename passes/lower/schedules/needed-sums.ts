/**
 * The sums of products of which not all are needed (`needed-products.ts`): those that are needed under the same conditions
 * are summed by one loop, which has no steps where they do not hold. Loops of which at most one has steps add to the same
 * sums, so that a choice among many products costs the registers, and the reductions behind the loops, of one.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { needsOf } from "../../tensor/needed-products.ts";
import type { Product } from "../matmul-operands.ts";
import { alignRight } from "../pull.ts";
import type { Index } from "../pull.ts";
import { addTerms, noTerms, tileSums } from "./product-tile.ts";
import type { ProductLoop, Steps, Tile } from "./product-tile.ts";
import type { Emission } from "./schedule.ts";

export interface NeededSums {
  /** In each place the sums `[row][piece]` of a product, or of that one of several which is needed; zeros where none is. */
  readonly places: readonly KValue[][][];
  /** The place of each product of the loop. */
  readonly placeOf: readonly number[];
}

interface Need {
  readonly condition: KValue;
  readonly holds: boolean;
}

/** Products that are needed together. */
interface Turn {
  readonly needs: readonly Need[];
  readonly products: readonly Product[];
}

/**
 * The sums of the products of a loop over a tile and steps. Conditions are asked at the element `index` of the result; they
 * do not differ along its last `fixed` axes.
 */
export function neededSums(
  emission: Emission,
  loop: ProductLoop,
  tile: Tile,
  steps: Steps,
  index: Index,
  fixed: number,
): NeededSums {
  const placeOf = new Map<Product, number>();
  const places: KValue[][][] = [];
  for (const turns of exclusiveTurns(turnsOf(emission, loop, index, fixed))) {
    let sums = noTerms(emission, loop, tile, Math.max(...turns.map(({ products }) => products.length)));
    for (const { products, needs } of turns) {
      products.forEach((product, i) => placeOf.set(product, places.length + i));
      const isWanted = allOf(emission, steps.isWanted, needs);
      const { length } = noTerms(emission, loop, tile, products.length);
      const added = addTerms(emission, { ...loop, products }, tile, { ...steps, isWanted }, sums.slice(0, length));
      sums = [...added, ...sums.slice(length)];
    }
    places.push(...tileSums(emission, loop, tile, sums));
  }
  return { places, placeOf: loop.products.map((product) => defined(placeOf.get(product), "a product has a place")) };
}

/** The products by what they are needed for. */
function turnsOf({ body, ops, puller }: Emission, loop: ProductLoop, index: Index, fixed: number): readonly Turn[] {
  const turns: { readonly needs: readonly Need[]; readonly products: Product[] }[] = [];
  for (const product of loop.products) {
    const needs = needsOf(product.op, body.ops, body.yields, ops, fixed).map(({ condition, holds }): Need => {
      return { condition: puller.at(condition, alignRight(index, condition.type.dims)), holds };
    });
    const isSame = (turn: Turn): boolean =>
      turn.needs.length === needs.length && needs.every((need) => asks(turn, need));
    const known = turns.find(isSame);
    if (known === undefined) turns.push({ needs, products: [product] });
    else known.products.push(product);
  }
  return turns;
}

/** Sets of turns of which at most one is needed. */
function exclusiveTurns(turns: readonly Turn[]): readonly (readonly Turn[])[] {
  const sets: Turn[][] = [];
  for (const turn of turns) {
    const isApart = (other: Turn): boolean => turn.needs.some(({ condition, holds }) => asks(other, { condition, holds: !holds })); // prettier-ignore
    const set = sets.find((known) => known.every(isApart));
    if (set === undefined) sets.push([turn]);
    else set.push(turn);
  }
  return sets;
}

function asks({ needs }: Turn, { condition, holds }: Need): boolean {
  return needs.some((need) => need.condition === condition && need.holds === holds);
}

function allOf({ emitter }: Emission, isWanted: KValue | undefined, needs: readonly Need[]): KValue | undefined {
  return needs.reduce<KValue | undefined>((both, { condition, holds }) => {
    const one = holds ? condition : emitter.unary("not", condition);
    return both === undefined ? one : emitter.binary("and", both, one);
  }, isWanted);
}
