/**
 * row_reduce: reductions over the last axis, one after the other (softmax, norms, argmax), then what is computed from
 * them, and at most one selection of a row's largest elements (`row-selection.ts`). With lanes, a workgroup takes one row
 * and its invocations every lanes-th column, and the parts meet in `workgroup_reduce`; with one lane, an invocation takes
 * a whole row. Rows are read again for each reduction and for the result: they are in the cache.
 */
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import { elementCount } from "../../../src/ir/type.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim, sameDims } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { combine, finished, isSelection, operandIndex, reducedAxis, reductionOf, startOf } from "../pull-fold.ts";
import type { Reduction } from "../pull-fold.ts";
import { alone, overColumns } from "./columns.ts";
import type { Columns } from "./columns.ts";
import { selectInRow } from "./row-selection.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** What a result of the group has for each row: one element a column, one number, or one element a selected place. */
type PerRow = "elements" | "scalar" | "selected";

export function rowReduce(emission: Emission): LaunchShape {
  const { body, emitter, memory, puller, spec, info } = emission;
  const reductions = body.ops.filter((op) => reductionOf(op) !== undefined);
  const selection = body.ops.find(isSelection);
  const { operand, size } = reducedAxis(defined(selection ?? reductions[0], "a row reduction without a reduction"));
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
  const hanging = selection === undefined ? new Set<Value>() : madeFrom(body, result(selection));
  const results = body.yields.map((value): PerRow => {
    if (hanging.has(value) && sameDims(value.type.dims, selection?.results[0]?.type.dims ?? [])) return "selected";
    return elementCount(value.type).equals(rows) ? "scalar" : "elements";
  });
  const store = (kind: PerRow, flat: LinearIndex): void => {
    // Each element is read before anything replaces it.
    const elements = body.yields.map((value, which) =>
      results[which] === kind ? puller.at(value, unflatten(flat, value.type.dims)) : undefined,
    );
    elements.forEach((element, which) => {
      if (element !== undefined) memory.store(which, flat, element);
    });
  };
  guarded(emitter, work.isInside, () => {
    const rowIndex = unflatten(work.index, rowDims);
    const [late, early] = [true, false].map((isLate) => reductions.filter((op) => hanging.has(result(op)) === isLate));
    for (const op of early ?? []) {
      const { type } = result(op);
      puller.seed(result(op), unflatten(flatten(rowIndex, rowDims), type.dims), reduceRow(emission, op, columns, rowIndex)); // prettier-ignore
    }
    if (selection !== undefined) {
      const row = { columns, row: work.index, index: rowIndex, folds: late ?? [] };
      selectInRow(emission, { op: selection, ...row, store: (flat) => store("selected", flat) });
    }
    if (results.includes("elements"))
      overColumns(emission, columns, [], (column) => {
        store("elements", work.index.scale(size).add(column));
        return [];
      });
    if (results.includes("scalar")) alone(emission, columns, () => store("scalar", work.index));
  });
  return { workgroup: [workgroup, 1, 1], grid: [work.x, work.y, ONE] };
}

/** A value of the body and everything that is computed from it. */
function madeFrom(body: Block, value: Value): ReadonlySet<Value> {
  const made = new Set([value]);
  for (const op of body.ops)
    if (op.operands.some((operand) => operand !== null && made.has(operand)))
      for (const each of op.results) made.add(each);
  return made;
}

/** A reduction of one row, by the invocations that share it; all of them have the result. */
export function reduceRow(emission: Emission, op: Op, columns: Columns, row: readonly LinearIndex[]): KValue {
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

/** The parts of a vector, then of all invocations of the workgroup, folded into one. */
function together({ emitter, builder }: Emission, columns: Columns, reduction: Reduction, part: KValue): KValue {
  let total = emitter.extract(part, 0);
  for (let lane = 1; lane < part.type.lanes; lane++)
    total = combine(emitter, reduction, total, emitter.extract(part, lane));
  if (columns.lanes === 1) return total;
  const op = reduction === "reduce_min" ? "min" : reduction === "reduce_max" ? "max" : "add";
  return emitter.define(builder.workgroupReduce(op, total));
}
