/**
 * The selection of a row's largest elements inside `row_reduce` (topk), with what is computed from it: one pass over the
 * row for each place. The passes are turns of one loop and not copies of each other, so that a pulled element has the
 * same bits in each and is not found twice.
 */
import type { Op } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { numberAttr } from "../attributes.ts";
import { unflatten } from "../flat-index.ts";
import { LinearIndex } from "../linear-index.ts";
import { orderKey } from "../order-key.ts";
import type { Index } from "../pull.ts";
import { reducedAxis } from "../pull-fold.ts";
import { NOWHERE, beforeAll, better, foundOf, nothing } from "../selection.ts";
import type { Found } from "../selection.ts";
import { alone, overColumns } from "./columns.ts";
import type { Columns } from "./columns.ts";
import type { Emission } from "./schedule.ts";

export interface RowSelection {
  readonly op: Op;
  readonly columns: Columns;
  /** The number of the row, and its index. */
  readonly row: LinearIndex;
  readonly index: Index;
  /** Reductions over what is selected. */
  readonly folds: readonly Op[];
  /** Stores the results of one place, which lies at `flat` in each. One invocation comes here. */
  readonly store: (flat: LinearIndex) => void;
}

export function selectInRow(emission: Emission, selection: RowSelection): void {
  if (selection.folds.length > 0) return keepAndStore(emission, selection);
  const { op, columns, store } = selection;
  eachPlace(emission, selection, (rank, { position }) => {
    const flat = flatOf(selection, rank);
    emission.puller.seed(result(op), unflatten(flat, result(op).type.dims), position);
    alone(emission, columns, () => store(flat));
  });
}

/** Where all places must be known before anything can be stored, each invocation keeps them. */
function keepAndStore(emission: Emission, selection: RowSelection): void {
  const { builder, emitter, puller } = emission;
  const { op, columns, row, folds, store } = selection;
  const chosen = builder.local("chosen", "private", "i32", numberAttr(op.attrs, "k"));
  eachPlace(emission, selection, (rank, { position }) => builder.store(chosen, emitter.index(rank), position));
  const kept = (index: Index): ReturnType<Emission["puller"]["at"]> => {
    if (index.some((axis) => axis.hasLane())) return puller.byLanes(index, kept);
    return emitter.define(builder.load(chosen, emitter.index(defined(index.at(-1), "a place"))));
  };
  puller.define(result(op), kept);
  alone(emission, columns, () => {
    // Asked for before the loop over places, so that they are folded once.
    for (const fold of folds) puller.at(result(fold), unflatten(row, result(fold).type.dims));
    const count = countOf(op);
    emitter.loop({ to: builder.dim(count), name: "rank" }, (i) => {
      store(flatOf(selection, emitter.leaf(i, count)));
      return [];
    });
  });
}

/** Finds the elements one after the other. All invocations that share the row know what was found. */
function eachPlace(
  emission: Emission,
  { op, columns, index }: RowSelection,
  make: (rank: LinearIndex, found: Found) => void,
): void {
  const { builder, emitter, puller } = emission;
  const [{ operand }, count, first] = [reducedAxis(op), countOf(op), beforeAll(emitter)];
  // Positions are compared one by one, so these loops visit single columns.
  const leaf = columns.width === 1 ? columns.leaf : emitter.newLeafId();
  const single: Columns = { ...columns, width: 1, leaf };
  const ranks = { to: builder.dim(count), carried: [first.key, first.position], name: "rank" };
  emitter.loop(ranks, (i, last) => {
    const start = nothing(emitter);
    const best = overColumns(emission, single, [start.key, start.position], (column, sofar) => {
      const key = orderKey(emitter, puller.at(operand, [...index, column]));
      const found = better(emitter, foundOf(last), foundOf(sofar), { key, position: emitter.index(column) });
      return [found.key, found.position];
    });
    const found = bestOfAll(emission, columns, foundOf(best));
    make(emitter.leaf(i, count), found);
    return [found.key, found.position];
  });
}

/** The best of what the invocations of the workgroup have found. */
function bestOfAll({ emitter, builder }: Emission, { lanes }: Columns, own: Found): Found {
  if (lanes === 1) return own;
  const key = emitter.define(builder.workgroupReduce("max", own.key));
  const isBest = emitter.binary("eq", own.key, key);
  const candidate = emitter.select(isBest, own.position, emitter.i32(NOWHERE));
  return { key, position: emitter.define(builder.workgroupReduce("min", candidate)) };
}

function flatOf({ op, row }: RowSelection, rank: LinearIndex): LinearIndex {
  return row.scale(countOf(op)).add(rank);
}

function countOf(op: Op): Dim {
  return Dim.of(numberAttr(op.attrs, "k"));
}
