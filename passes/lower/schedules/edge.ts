/** Places of a tile that may lie beyond what there is: read from the last one inside, and not stored. */
import type { KValue } from "../../../src/kernel/ir.ts";
import type { Dim } from "../../../src/support/dim.ts";
import type { LinearIndex } from "../linear-index.ts";
import type { Emission } from "./schedule.ts";

/** A row or piece of columns of the tile: its number, and the number to read at, which is never beyond the edge. */
export interface Edge {
  readonly at: LinearIndex;
  readonly read: LinearIndex;
  /** Whether it is inside; absent where that is certain. */
  readonly isInside?: KValue;
}

/** Place `number` of `count`; it may lie beyond the edge unless `isExact`. */
export function edge({ emitter, builder }: Emission, number: KValue, count: Dim, isExact: boolean): Edge {
  const at = emitter.leaf(number, count);
  if (isExact) return { at, read: at };
  const size = builder.dim(count);
  const last = emitter.binary("sub", size, emitter.i32(1));
  const read = emitter.leaf(emitter.binary("min", number, last), count);
  return { at, read, isInside: emitter.binary("lt", number, size) };
}

export function inside({ emitter }: Emission, edge: Edge, make: () => void): void {
  if (edge.isInside === undefined) make();
  else emitter.when(edge.isInside, make);
}
