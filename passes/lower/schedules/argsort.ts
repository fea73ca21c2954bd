/**
 * argsort: a bitonic sorting network over the indices of a row, in place in the result, so that a row may have any size
 * and needs no further memory. With lanes, a workgroup takes one row and its invocations every lanes-th pair; with one
 * lane, an invocation takes a row. Elements are compared by key (`order-key.ts`) and then by index: no two are equal,
 * which makes the order stable.
 *
 * Merging runs of h first compares places that lie mirrored in two neighbouring runs, then places h/2, h/4, ... 1 apart.
 * The smaller always goes to the front, so places behind the end of the row would hold what no comparison moves: they
 * are left out, and the size need not be a power of two. K. E. Batcher 1968, "Sorting networks and their applications".
 */
import type { Op } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { boolAttr, tileAttr } from "../attributes.ts";
import { flatten } from "../flat-index.ts";
import type { LinearIndex } from "../linear-index.ts";
import { directedKey } from "../order-key.ts";
import { rowsOf } from "../row-index.ts";
import type { Rows } from "../row-index.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** One row on its way to being sorted. */
interface Row {
  readonly op: Op;
  readonly rows: Rows;
  readonly index: LinearIndex;
  readonly lanes: number;
}

export function argsort(emission: Emission): LaunchShape {
  const { body, builder, emitter, spec, info, capacities } = emission;
  const op = defined(body.ops.find(({ name }) => name === "argsort"), "no argsort in the group"); // prettier-ignore
  const rows = rowsOf(op);
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.rowLanes);
  const size = lanes === 1 ? info.tiles.elementwise : lanes;
  const work = deal(emission, rows.count, size, lanes === 1 ? "invocation" : "workgroup");
  guarded(emitter, work.isInside, () => {
    const row: Row = { op, rows, index: work.index, lanes };
    const n = builder.dim(rows.size);
    dealt(emission, lanes, n, (place) => put(emission, row, place, place));
    meet(emission, lanes);
    const stages = Math.ceil(Math.log2(rows.size.evaluate(capacities)));
    emitter.loop({ to: stages, name: "stage" }, (stage) => {
      const run = emitter.binary("shl", emitter.i32(1), stage);
      // A call may be smaller than the capacities: what is one run already is sorted.
      const isMerging = emitter.binary("lt", run, n);
      emitter.loop({ to: emitter.binary("add", stage, emitter.i32(1)), name: "step" }, (step) => {
        compareAll(emission, row, { n, isMerging, step, exponent: emitter.binary("sub", stage, step) });
        meet(emission, lanes);
        return [];
      });
      return [];
    });
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}

interface Round {
  readonly n: KValue;
  readonly isMerging: KValue;
  /** 0: mirrored places. */
  readonly step: KValue;
  /** Places `2^exponent` apart are compared, or mirrored ones in runs of that length. */
  readonly exponent: KValue;
}

/** Pair p compares two places of block `p / distance`, which holds `2 * distance` of them. */
function compareAll(emission: Emission, row: Row, { n, isMerging, step, exponent }: Round): void {
  const { emitter } = emission;
  const [add, sub] = [
    (x: KValue, y: KValue): KValue => emitter.binary("add", x, y),
    (x: KValue, y: KValue): KValue => emitter.binary("sub", x, y),
  ];
  const distance = emitter.binary("shl", emitter.i32(1), exponent);
  const [one, width] = [emitter.i32(1), add(distance, distance)];
  const blocks = emitter.binary("shr", sub(add(n, width), one), add(exponent, one));
  const pairs = emitter.select(isMerging, emitter.binary("mul", blocks, distance), emitter.i32(0));
  dealt(emission, row.lanes, pairs, (pair) => {
    const inside = emitter.binary("and", pair, sub(distance, one));
    const block = emitter.binary("shl", emitter.binary("shr", pair, exponent), add(exponent, one));
    const low = add(block, inside);
    const isMirrored = emitter.binary("eq", step, emitter.i32(0));
    const high = emitter.select(isMirrored, sub(sub(add(block, width), one), inside), add(low, distance));
    emitter.when(emitter.binary("lt", high, n), () => exchange(emission, row, low, high));
  });
}

/** Puts what lies at two places of the row in order. */
function exchange(emission: Emission, row: Row, low: KValue, high: KValue): void {
  const { emitter } = emission;
  const [x, y] = [held(emission, row, low), held(emission, row, high)];
  const isBefore = emitter.binary("gt", y.key, x.key);
  const isTied = emitter.binary("eq", y.key, x.key);
  const isSwapped = emitter.binary(
    "or",
    isBefore,
    emitter.binary("and", isTied, emitter.binary("lt", y.index, x.index)),
  );
  emitter.when(isSwapped, () => {
    put(emission, row, low, y.index);
    put(emission, row, high, x.index);
  });
}

/** The index that lies at a place of the result, and the key of its element: the larger comes first. */
function held(emission: Emission, row: Row, place: KValue): { readonly index: KValue; readonly key: KValue } {
  const { emitter, memory, puller } = emission;
  const { rows } = row;
  const index = memory.reload(0, resultIndex(emission, row, place));
  const element = puller.at(rows.operand, rows.index(row.index, emitter.leaf(index, rows.size)));
  return { index, key: directedKey(emitter, element, boolAttr(row.op.attrs, "descending")) };
}

function put(emission: Emission, row: Row, place: KValue, index: KValue): void {
  emission.memory.store(0, resultIndex(emission, row, place), index);
}

function resultIndex({ emitter }: Emission, { rows, index }: Row, place: KValue): LinearIndex {
  return flatten(rows.index(index, emitter.leaf(place, rows.size)), rows.operand.type.dims);
}

/** Waits until the invocations that share the row have written. */
function meet({ builder }: Emission, lanes: number): void {
  if (lanes > 1) builder.barrier();
}

/** Runs `make` for the numbers below `count`, each in one invocation of those that share the row. */
function dealt({ emitter, builder }: Emission, lanes: number, count: KValue, make: (i: KValue) => void): void {
  const from = lanes === 1 ? 0 : builder.builtin("local_x");
  emitter.loop({ from, to: count, step: lanes }, (i) => {
    make(i);
    return [];
  });
}
