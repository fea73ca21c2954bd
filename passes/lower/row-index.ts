/** The rows of a tensor along any of its axes: what is left of the index when that axis is taken out. */
import type { Op, Value } from "../../src/ir/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { unflatten } from "./flat-index.ts";
import type { LinearIndex } from "./linear-index.ts";
import type { Index } from "./pull.ts";
import { reducedAxis } from "./pull-fold.ts";

export interface Rows {
  readonly operand: Value;
  /** Elements of a row. */
  readonly size: Dim;
  /** How many rows there are. */
  readonly count: Dim;
  /** The index of element `position` of a row. */
  index(row: LinearIndex, position: LinearIndex): Index;
}

/** The rows of the operand of an op that works along its attribute `axis`. */
export function rowsOf(op: Op): Rows {
  const { operand, axis, size } = reducedAxis(op);
  const others = operand.type.dims.toSpliced(axis, 1);
  return {
    operand,
    size,
    count: Dim.product(others),
    index: (row, position) => [...unflatten(row, others)].toSpliced(axis, 0, position),
  };
}
