/**
 * row_reduce: reductions over the last axis, one after the other (softmax, norms, argmax), then what is computed from
 * them, and at most one selection of a row's largest elements (topk) with what is computed from it. With lanes, a workgroup takes one row and its invocations every lanes-th column, and the parts meet in
 * `workgroup_reduce`; with one lane, an invocation takes a whole row. Rows are read again for each reduction and for
 * the result: they are in the cache.
 */
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import { elementCount } from "../../../src/ir/type.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { numberAttr, tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { combine, finished, isSelection, operandIndex, reducedAxis, reductionOf, startOf } from "../pull-fold.ts";
import type { Reduction } from "../pull-fold.ts";
import { NOWHERE, beforeAll, better, foundOf, nothing } from "../selection.ts";
import type { Found } from "../selection.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** The columns of a row as one invocation visits them. */
interface Columns {
  readonly lanes: number;
  readonly size: Dim;
  /** Columns of one step: 4 where the row is a multiple of four. */
  readonly width: 1 | 4;
  /** One id for all loops over columns: an invocation visits the same ones in each. */
  readonly leaf: number;
}

export function rowReduce(emission: Emission): LaunchShape {
  const { body, emitter, memory, puller, spec, info } = emission;
  const reductions = body.ops.filter((op) => reductionOf(op) !== undefined);
  const selection = body.ops.find(isSelection);
  const { operand, size } = reducedAxis(defined(reductions[0] ?? selection, "a row reduction without a reduction"));
  const rowDims = operand.type.dims.slice(0, -1);
  const rows = Dim.product(rowDims);
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.rowLanes);
  const columns: Columns = {
    lanes,
    size,
    width: size.div(LANES) === undefined ? 1 : LANES,
    leaf: emitter.newLeafId(),
  };
  const workgroup = lanes === 1 ? info.tiles.elementwise : lanes;
  const work = deal(emission, rows, workgroup, lanes === 1 ? "invocation" : "workgroup");
  memory.sharing = lanes === 1 ? { kind: "single" } : { kind: "lanes", column: columns.leaf };
  guarded(emitter, work.isInside, () => {
    const rowIndex = unflatten(work.index, rowDims);
    for (const op of reductions) {
      const { type } = result(op);
      puller.seed(result(op), unflatten(flatten(rowIndex, rowDims), type.dims), reduceRow(emission, op, columns, rowIndex)); // prettier-ignore
    }
    const selected = selection === undefined ? new Set<Value>() : madeFrom(body, result(selection));
    if (selection !== undefined) storeSelected(emission, selection, selected, columns, work.index, rowIndex);
    const isScalar = body.yields.map((value) => !selected.has(value) && elementCount(value.type).equals(rows));
    const isElement = body.yields.map((value, which) => !selected.has(value) && isScalar[which] === false);
    if (isElement.includes(true)) storeElements(emission, columns, work.index, isElement);
    const storeScalars = (): void =>
      body.yields.forEach((value, which) => {
        if (isScalar[which] !== true) return;
        memory.store(which, work.index, puller.at(value, unflatten(work.index, value.type.dims)));
      });
    if (!isScalar.includes(true)) return;
    alone(emission, columns, storeScalars);
  });
  return { workgroup: [workgroup, 1, 1], grid: [work.x, work.y, ONE] };
}

export function firstLane({ builder }: Emission): KValue {
  return builder.eq(builder.builtin("local_x"), 0);
}

/**
 * One pass over the row for each place of the selection, and the results that hang on it. The passes are turns of one
 * loop and not copies of each other, so that a pulled element has the same bits in each and is not found twice.
 */
function storeSelected(
  emission: Emission,
  selection: Op,
  selected: ReadonlySet<Value>,
  { lanes, size, width, leaf }: Columns,
  row: LinearIndex,
  rowIndex: readonly LinearIndex[],
): void {
  const { body, emitter, memory, puller } = emission;
  const made = result(selection);
  const [{ operand }, count] = [reducedAxis(selection), Dim.of(numberAttr(selection.attrs, "k"))];
  // Positions are compared one by one, so these loops visit single columns.
  const columns: Columns = { lanes, size, width: 1, leaf: width === 1 ? leaf : emitter.newLeafId() };
  const first = beforeAll(emitter);
  const ranks = { to: emitter.builder.dim(count), carried: [first.key, first.position], name: "rank" };
  emitter.loop(ranks, (i, last) => {
    const start = nothing(emitter);
    const best = overColumns(emission, columns, [start.key, start.position], (column, sofar) => {
      const element = puller.at(operand, [...rowIndex, column]);
      const found = better(emitter, foundOf(last), foundOf(sofar), element, emitter.index(column));
      return [found.key, found.position];
    });
    const { key, position } = bestOfAll(emission, columns, foundOf(best));
    const flat = row.scale(count).add(emitter.leaf(i, count));
    puller.seed(made, unflatten(flat, made.type.dims), position);
    alone(emission, columns, () =>
      body.yields.forEach((value, which) => {
        if (selected.has(value)) memory.store(which, flat, puller.at(value, unflatten(flat, value.type.dims)));
      }),
    );
    return [key, position];
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

/** What only one invocation of those that share the row does. */
function alone(emission: Emission, { lanes }: Columns, make: () => void): void {
  if (lanes === 1) return make();
  const { memory, emitter } = emission;
  const { sharing } = memory;
  memory.sharing = { kind: "single" };
  emitter.when(firstLane(emission), make);
  memory.sharing = sharing;
}

/** A value of the body and everything that is computed from it. */
function madeFrom(body: Block, value: Value): ReadonlySet<Value> {
  const made = new Set([value]);
  for (const op of body.ops)
    if (op.operands.some((operand) => operand !== null && made.has(operand)))
      for (const each of op.results) made.add(each);
  return made;
}

/** All results that have a row of elements, in one loop: each row element is read before anything replaces it. */
function storeElements(emission: Emission, columns: Columns, row: LinearIndex, isElement: readonly boolean[]): void {
  const { body, memory, puller } = emission;
  overColumns(emission, columns, [], (column) => {
    const flat = row.scale(columns.size).add(column);
    const elements = body.yields.map((value, which) =>
      isElement[which] === true ? puller.at(value, unflatten(flat, value.type.dims)) : undefined,
    );
    elements.forEach((element, which) => {
      if (element !== undefined) memory.store(which, flat, element);
    });
    return [];
  });
}

function reduceRow(emission: Emission, op: Op, columns: Columns, row: readonly LinearIndex[]): KValue {
  const { emitter, puller } = emission;
  const reduction = defined(reductionOf(op), `${op.name} folds nothing`);
  const { operand, size } = reducedAxis(op);
  const start = emitter.widen(startOf(emitter, reduction, operand), columns.width);
  const rowOfResult = result(op).type.dims.length === operand.type.dims.length ? [...row, LinearIndex.of(0)] : row;
  const element = (column: LinearIndex): KValue => puller.at(operand, operandIndex(op, rowOfResult, column));
  if (reduction === "argmax") return argmaxRow(emission, columns, start, element);
  const [part] = overColumns(emission, columns, [start], (column, [total]) => [
    emitter.widen(combine(emitter, reduction, defined(total, "no total"), element(column)), columns.width),
  ]);
  const total = together(emission, columns, reduction, defined(part, "no part"));
  return finished(emitter, reduction, total, size);
}

/** The first position of the largest: the largest of all, then the smallest position where it stands. */
function argmaxRow(
  emission: Emission,
  columns: Columns,
  lowest: KValue,
  element: (column: LinearIndex) => KValue,
): KValue {
  const { emitter } = emission;
  const first = emitter.widen(emitter.i32(0), columns.width);
  const [part, where] = overColumns(emission, columns, [lowest, first], (column, [largest, position]) => {
    const [x, m, p] = [element(column), defined(largest, "no maximum"), defined(position, "no position")];
    const here = positions(emission, columns, column);
    const isLarger = emitter.binary("gt", x, m);
    return [emitter.select(isLarger, x, m), emitter.select(isLarger, here, p)];
  });
  const largest = defined(part, "no maximum");
  const max = together(emission, columns, "reduce_max", largest);
  const isMax = emitter.binary("eq", largest, max);
  const candidate = emitter.select(isMax, defined(where, "no position"), emitter.i32(2 ** 31 - 1));
  return together(emission, columns, "reduce_min", candidate);
}

function positions({ emitter }: Emission, columns: Columns, column: LinearIndex): KValue {
  if (columns.width === 1) return emitter.index(column);
  return emitter.vector(Array.from({ length: LANES }, (_, lane) => emitter.index(column.atLane(lane))));
}

/** A loop over the columns of one invocation. */
function overColumns(
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

/** The parts of a vector, then of all invocations of the workgroup, folded into one. */
function together({ emitter, builder }: Emission, columns: Columns, reduction: Reduction, part: KValue): KValue {
  let total = emitter.extract(part, 0);
  for (let lane = 1; lane < part.type.lanes; lane++)
    total = combine(emitter, reduction, total, emitter.extract(part, lane));
  if (columns.lanes === 1) return total;
  const op = reduction === "reduce_min" ? "min" : reduction === "reduce_max" ? "max" : "add";
  return emitter.define(builder.workgroupReduce(op, total));
}
