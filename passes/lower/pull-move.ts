/**
 * Ops that move elements, as index arithmetic: where element `index` of the result comes from. `constant` and `iota`
 * are here too, which come from nowhere.
 */
import type { Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import type { KValue } from "../../src/kernel/ir.ts";
import type { Dim } from "../../src/support/dim.ts";
import { InternalError, assertNever, defined } from "../../src/support/errors.ts";
import { dimAttr, literalAttr, numberAttr, numbersAttr } from "./attributes.ts";
import { scalarOf } from "./kernel-scalars.ts";
import { flatten, unflatten } from "./flat-index.ts";
import { LANES, LinearIndex } from "./linear-index.ts";
import { alignRight } from "./pull.ts";
import type { Index, Puller } from "./pull.ts";

const MOVES = [
  "reshape",
  "transpose",
  "broadcast",
  "slice",
  "pad",
  "concat",
  "take",
  "cache_write",
  "constant",
  "iota",
] as const;
type Move = (typeof MOVES)[number];

export function isMove(op: Op): boolean {
  return moveOf(op) !== undefined;
}

export function pullMove(puller: Puller, op: Op, index: Index): KValue {
  const move = defined(moveOf(op), `${op.name} moves nothing`);
  switch (move) {
    case "constant":
      return constant(puller, op);
    case "iota":
      return position(puller, index[axisOf(op, result(op))] ?? LinearIndex.of(0));
    case "reshape": {
      const x = source(op);
      return puller.at(x, unflatten(flatten(index, result(op).type.dims), x.type.dims));
    }
    case "transpose": {
      const perm = numbersAttr(op.attrs, "perm");
      return puller.at(source(op), perm.map((_, axis) => defined(index[perm.indexOf(axis)], "an axis is missing"))); // prettier-ignore
    }
    case "broadcast":
      return puller.at(source(op), alignRight(index, source(op).type.dims));
    case "slice":
      return shifted(puller, op, index);
    case "pad":
      return padded(puller, op, index);
    case "concat":
      return joined(puller, op, index);
    case "take":
      return taken(puller, op, index);
    case "cache_write":
      return written(puller, op, index);
    default:
      return assertNever(move);
  }
}

/** Whether a literal is one number repeated, which kernels write as that number. */
export function splatOf(op: Op): number | undefined {
  const { data } = literalAttr(op.attrs, "value");
  const first = data[0];
  if (first === undefined) return undefined;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined;
  return first;
}

function moveOf(op: Op): Move | undefined {
  return MOVES.find((name) => name === op.name);
}

function source(op: Op, which = 0): Value {
  return defined(op.operands[which], `${op.name} without operand ${which}`);
}

function axisOf(op: Op, of: Value): number {
  const axis = numberAttr(op.attrs, "axis");
  return axis < 0 ? axis + of.type.dims.length : axis;
}

function constant(puller: Puller, op: Op): KValue {
  const value = splatOf(op);
  if (value === undefined) throw new InternalError("a table inside a group: it must be an argument");
  return puller.emitter.constant(value, { scalar: scalarOf(result(op).type.dtype), lanes: 1 });
}

function position(puller: Puller, index: LinearIndex): KValue {
  const { emitter } = puller;
  if (!index.hasLane()) return emitter.index(index);
  return emitter.vector(Array.from({ length: LANES }, (_, lane) => emitter.index(index.atLane(lane))));
}

function shifted(puller: Puller, op: Op, index: Index): KValue {
  const x = source(op);
  const axis = axisOf(op, x);
  return puller.at(x, index.with(axis, at(index, axis).add(dimAttr(op.attrs, "start"))));
}

function padded(puller: Puller, op: Op, index: Index): KValue {
  const { emitter } = puller;
  const x = source(op);
  const axis = axisOf(op, x);
  const [before, size] = [dimAttr(op.attrs, "before"), sizeOf(x, axis)];
  if (!isVectorSafe(at(index, axis), [before, size])) return puller.byLanes(index, (one) => padded(puller, op, one));
  const inside = at(index, axis).sub(before);
  const element = puller.at(x, index.with(axis, puller.clamped(inside, size)));
  const fill = emitter.constant(numberAttr(op.attrs, "value"), element.type);
  const first = emitter.index(inside.atLane(0));
  const isInside = emitter.binary(
    "and",
    emitter.binary("ge", first, emitter.i32(0)),
    emitter.binary("lt", first, emitter.index(LinearIndex.of(size))),
  );
  return emitter.select(isInside, element, fill);
}

function joined(puller: Puller, op: Op, index: Index): KValue {
  const { emitter } = puller;
  const axis = axisOf(op, result(op));
  const parts = op.operands.map((_, which) => source(op, which));
  const sizes = parts.map((part) => sizeOf(part, axis));
  if (!isVectorSafe(at(index, axis), sizes)) return puller.byLanes(index, (one) => joined(puller, op, one));
  let value: KValue | undefined;
  let end = sizes.reduce((all, size) => all.add(size));
  for (let which = parts.length - 1; which >= 0; which--) {
    const [part, size] = [defined(parts[which], "no part"), defined(sizes[which], "no size")];
    const start = end.sub(size);
    // Where the index alone says which part it is in, no other is asked.
    const isElsewhere = which > 0 ? at(index, axis).isBelow(start) : false;
    if (isElsewhere || at(index, axis).sub(end).max() !== undefined) {
      end = start;
      continue;
    }
    const inside = at(index, axis).sub(start);
    const element = puller.at(part, index.with(axis, puller.clamped(inside, size)));
    const isHere = emitter.binary("lt", emitter.index(at(index, axis).atLane(0)), emitter.index(LinearIndex.of(end)));
    value = value === undefined ? element : emitter.select(isHere, element, value);
    end = start;
  }
  return defined(value, "concat of nothing");
}

function taken(puller: Puller, op: Op, index: Index): KValue {
  const [x, positions] = [source(op), source(op, 1)];
  const axis = axisOf(op, x);
  const batch = numberAttr(op.attrs, "batch");
  const behind = axis + positions.type.dims.length - batch;
  const where = [...index.slice(0, batch), ...index.slice(axis, behind)];
  if (where.some((one) => one.hasLane())) return puller.byLanes(index, (one) => taken(puller, op, one));
  const { emitter } = puller;
  const size = sizeOf(x, axis);
  const found = emitter.cast(puller.at(positions, where), "i32");
  return puller.at(x, [...index.slice(0, axis), puller.nearestInside(found, size), ...index.slice(behind)]);
}

/** A cache as it is after a write, as a new tensor; the schedule `cache_write` updates it in place instead. */
function written(puller: Puller, op: Op, index: Index): KValue {
  const { emitter } = puller;
  const [cache, fresh, pos, count] = [source(op), source(op, 1), source(op, 2), source(op, 3)];
  if (at(index, 2).hasLane()) return puller.byLanes(index, (one) => written(puller, op, one));
  const row = index.slice(0, 1);
  const t = emitter.binary("sub", emitter.index(at(index, 2)), puller.at(pos, row));
  const last = emitter.binary("sub", emitter.index(LinearIndex.of(sizeOf(fresh, 2))), emitter.i32(1));
  const read = emitter.binary("min", emitter.binary("max", t, emitter.i32(0)), last);
  const isNew = emitter.binary(
    "and",
    emitter.binary("and", emitter.binary("ge", t, emitter.i32(0)), emitter.binary("le", t, last)),
    emitter.binary("lt", t, puller.at(count, row)),
  );
  const element = puller.at(fresh, index.with(2, puller.leafOf(read, sizeOf(fresh, 2))));
  return emitter.select(isNew, element, puller.at(cache, index));
}

/** Whether one comparison decides for all four elements: the index has no lane, or everything is a multiple of four. */
function isVectorSafe(index: LinearIndex, sizes: readonly Dim[]): boolean {
  if (!index.hasLane()) return true;
  const isAligned = index.laneStride()?.equals(1) === true && index.atLane(0).dividedBy(LANES) !== undefined;
  return isAligned && sizes.every((size) => size.div(LANES) !== undefined);
}

function at(index: Index, axis: number): LinearIndex {
  return defined(index[axis], "an index with too few axes");
}

function sizeOf(value: Value, axis: number): Dim {
  return defined(value.type.dims[axis], "a tensor with too few axes");
}
