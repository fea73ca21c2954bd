/** How the invocations that share a row divide its columns, and what only one of them does. */
import type { KValue } from "../../../src/kernel/ir.ts";
import type { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import type { Emission } from "./schedule.ts";

/** The columns of a row as one invocation visits them. */
export interface Columns {
  readonly lanes: number;
  readonly size: Dim;
  /** Columns of one step: 4 where the row is a multiple of four. */
  readonly width: 1 | 4;
  /** One id for all loops over columns: an invocation visits the same ones in each. */
  readonly leaf: number;
}

/** A loop over the columns of one invocation. */
export function overColumns(
  { emitter, builder }: Emission,
  columns: Columns,
  carried: readonly KValue[],
  make: (column: LinearIndex, carried: readonly KValue[]) => readonly KValue[],
): readonly KValue[] {
  const steps = defined(columns.size.div(columns.width), "a row of whole steps");
  const from = columns.lanes === 1 ? 0 : builder.builtin("local_x");
  return emitter.loop({ from, to: builder.dim(steps), step: columns.lanes, carried, name: "c" }, (index, values) => {
    const step = emitter.leaf(index, steps, columns.leaf);
    return make(columns.width === 1 ? step : step.scale(LANES).add(LinearIndex.atom({ kind: "lane" })), values);
  });
}

/** What only one invocation of those that share the row does. */
export function alone(emission: Emission, { lanes }: Columns, make: () => void): void {
  if (lanes === 1) return make();
  const { memory, emitter } = emission;
  const { sharing } = memory;
  memory.sharing = { kind: "single" };
  emitter.when(firstLane(emission), make);
  memory.sharing = sharing;
}

export function firstLane({ builder }: Emission): KValue {
  return builder.eq(builder.builtin("local_x"), 0);
}
