/**
 * The sums of products of which not all are needed (`needed-products.ts`): loops in branches. Products that are needed
 * under the same conditions are summed by one loop; those of which only one is needed have one place for their sums, so
 * that a choice among many costs the registers, and the reductions behind the loops, of one.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { needsOf } from "../../tensor/needed-products.ts";
import type { Product } from "../matmul-operands.ts";
import { alignRight } from "../pull.ts";
import type { Index } from "../pull.ts";
import { sumTile } from "./product-tile.ts";
import type { ProductLoop, Terms, Tile } from "./product-tile.ts";
import type { Emission } from "./schedule.ts";

/** The sums of a tile, `[row][piece]`. */
type Sums = readonly (readonly KValue[])[];

export interface NeededSums {
  /** In each place the sums of one product, or of that one of several which is needed; zeros where none is. */
  readonly places: readonly Sums[];
  /** The place of each product of the loop. */
  readonly placeOf: readonly number[];
}

interface Wanted {
  readonly product: Product;
  /** Those that hold around the rest first. */
  readonly needs: readonly { readonly condition: KValue; readonly holds: boolean }[];
}

/** Products that are summed by one loop, or in the two branches of a condition. */
type Step =
  | { readonly kind: "loop"; readonly products: readonly Product[] }
  | { readonly kind: "either"; readonly condition: KValue; readonly then: readonly Step[]; readonly otherwise: readonly Step[] }; // prettier-ignore

/**
 * The sums of the products of a loop over a tile, as `sumTile` makes them. Conditions are asked at the element `index` of
 * the result; their last `fixed` axes have one place.
 */
export function neededSums(
  emission: Emission,
  loop: ProductLoop,
  tile: Tile,
  terms: Terms,
  index: Index,
  fixed: number,
): NeededSums {
  const { body, ops, puller, emitter } = emission;
  const steps = stepsOf(
    loop.products.map((product) => ({
      product,
      needs: needsOf(product.op, body.ops, body.yields, ops, fixed).map(({ condition, holds }) => ({
        condition: puller.at(condition, alignRight(index, condition.type.dims)),
        holds,
      })),
    })),
  );
  const zeros = (): Sums => tile.rows.map(() => tile.pieces.map(() => emitter.widen(emitter.f32(0), loop.width)));
  const emit = (step: Step): readonly Sums[] => {
    if (step.kind === "loop") return sumTile(emission, { ...loop, products: step.products }, tile, terms);
    const count = placesOf([step]);
    const branch = (inner: readonly Step[]): readonly KValue[] => {
      const made = inner.flatMap(emit);
      return [...made, ...Array.from({ length: count - made.length }, zeros)].flat(2);
    };
    const all = [...emitter.choose(step.condition, () => branch(step.then), () => branch(step.otherwise))]; // prettier-ignore
    return Array.from({ length: count }, () => tile.rows.map(() => all.splice(0, tile.pieces.length)));
  };
  const placeOf = new Map(numbered(steps, 0));
  return {
    places: steps.flatMap(emit),
    placeOf: loop.products.map((product) => defined(placeOf.get(product), "a product has a place")),
  };
}

function stepsOf(wanted: readonly Wanted[]): readonly Step[] {
  const always = wanted.filter(({ needs }) => needs.length === 0).map(({ product }) => product);
  const conditions = new Set(wanted.flatMap(({ needs }) => needs.slice(0, 1).map(({ condition }) => condition)));
  const under = (condition: KValue, holds: boolean): readonly Step[] =>
    stepsOf(
      wanted
        .filter(({ needs: [first] }) => first?.condition === condition && first.holds === holds)
        .map(({ product, needs }) => ({ product, needs: needs.slice(1) })),
    );
  return [
    ...(always.length === 0 ? [] : [{ kind: "loop", products: always } as const]),
    ...[...conditions].map((condition): Step => ({ kind: "either", condition, then: under(condition, true), otherwise: under(condition, false) })), // prettier-ignore
  ];
}

/** How many sums the steps make of each row and piece. */
function placesOf(steps: readonly Step[]): number {
  return steps.reduce((count, step) => {
    if (step.kind === "loop") return count + step.products.length;
    return count + Math.max(placesOf(step.then), placesOf(step.otherwise));
  }, 0);
}

/** The products with their places, from `first` on. */
function numbered(steps: readonly Step[], first: number): readonly (readonly [Product, number])[] {
  let place = first;
  return steps.flatMap((step) => {
    const from = place;
    place += placesOf([step]);
    if (step.kind === "loop") return step.products.map((product, i) => [product, from + i] as const);
    return [...numbered(step.then, from), ...numbered(step.otherwise, from)];
  });
}
