/**
 * Reductions and products as a loop in one invocation, in index order. Row reductions, products and attention have
 * schedules of their own; this is what any other place does.
 */
import type { Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import type { KValue } from "../../src/kernel/ir.ts";
import type { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { boolAttr, numberAttr } from "./attributes.ts";
import type { Emitter } from "./emitter.ts";
import { LANES, LinearIndex } from "./linear-index.ts";
import { leftIndex, productOf, rightIndex } from "./matmul-operands.ts";
import { directedKey } from "./order-key.ts";
import type { Index, Puller } from "./pull.ts";
import { beforeAll, better, foundOf, nothing } from "./selection.ts";

export const REDUCTIONS = ["sum", "mean", "reduce_max", "reduce_min", "argmax"] as const;
export type Reduction = (typeof REDUCTIONS)[number];

export function reductionOf(op: Op): Reduction | undefined {
  return REDUCTIONS.find((name) => name === op.name);
}

/** Whether it folds a row to the places of its largest elements. */
export function isSelection(op: Op): boolean {
  return op.name === "topk_indices";
}

const OTHERS = ["matmul", "cumsum", "argsort", "topk_indices", "segment_sum"] as const;

export function isFold(op: Op): boolean {
  return reductionOf(op) !== undefined || OTHERS.some((name) => name === op.name);
}

export function pullFold(puller: Puller, op: Op, index: Index): KValue {
  const reduction = reductionOf(op);
  if (reduction !== undefined) return foldAxis(puller, op, reduction, index);
  switch (OTHERS.find((name) => name === op.name)) {
    case "cumsum":
      return foldPrefix(puller, op, index);
    case "argsort":
      return foldSelection(puller, op, boolAttr(op.attrs, "descending"), index);
    case "topk_indices":
      return foldSelection(puller, op, true, index);
    case "segment_sum":
      return foldSegment(puller, op, index);
    default:
      return foldMatmul(puller, op, index);
  }
}

/** The axis a reduction folds, its size, and the index of its operand at position `at` of the axis. */
export function reducedAxis(op: Op): { readonly operand: Value; readonly axis: number; readonly size: Dim } {
  const operand = defined(op.operands[0], "a reduction of nothing");
  const given = numberAttr(op.attrs, "axis");
  const axis = given < 0 ? given + operand.type.dims.length : given;
  return { operand, axis, size: defined(operand.type.dims[axis], "a reduction over an axis that is not there") };
}

/** The index into a reduction's operand: the result's index with the folded axis put in, or replaced where it is kept. */
export function operandIndex(op: Op, index: Index, at: LinearIndex): Index {
  const { axis, operand } = reducedAxis(op);
  const isKept = result(op).type.dims.length === operand.type.dims.length;
  return [...index.slice(0, axis), at, ...index.slice(isKept ? axis + 1 : axis)];
}

/** What a fold over no elements gives; the largest finite numbers stand for infinities, which WGSL lacks. */
export function startOf(emitter: Emitter, reduction: Reduction, like: Value): KValue {
  const { dtype } = like.type;
  const scalar = dtype === "i32" || dtype === "u32" ? dtype : "f32";
  const lowest = scalar === "f32" ? -3.4028234663852886e38 : scalar === "i32" ? -(2 ** 31) : 0;
  const highest = scalar === "f32" ? 3.4028234663852886e38 : scalar === "i32" ? 2 ** 31 - 1 : 2 ** 32 - 1;
  const start =
    reduction === "sum" || reduction === "mean" ? 0
    : reduction === "reduce_min" ? highest
    : lowest; // prettier-ignore
  return emitter.constant(start, { scalar, lanes: 1 });
}

export function combine(emitter: Emitter, reduction: Reduction, total: KValue, x: KValue): KValue {
  if (reduction === "sum" || reduction === "mean") return emitter.binary("add", total, x);
  return emitter.binary(reduction === "reduce_min" ? "min" : "max", total, x);
}

/** A mean's sum divided by the size; other folds as they are. */
export function finished(emitter: Emitter, reduction: Reduction, total: KValue, size: Dim): KValue {
  if (reduction !== "mean") return total;
  return emitter.binary("div", total, emitter.cast(emitter.index(LinearIndex.of(size)), "f32"));
}

function foldAxis(puller: Puller, op: Op, reduction: Reduction, index: Index): KValue {
  if (index.some((axis) => axis.hasLane())) return puller.byLanes(index, (one) => foldAxis(puller, op, reduction, one));
  const { emitter } = puller;
  const { operand, size } = reducedAxis(op);
  const element = (i: KValue): KValue => puller.at(operand, operandIndex(op, index, emitter.leaf(i, size)));
  const to = emitter.index(LinearIndex.of(size));
  const start = startOf(emitter, reduction, operand);
  if (reduction !== "argmax") {
    const [total] = emitter.loop({ to, carried: [start] }, (i, [sum]) => [
      combine(emitter, reduction, defined(sum, "no carried value"), element(i)),
    ]);
    return finished(emitter, reduction, defined(total, "a loop without a result"), size);
  }
  const [, best] = emitter.loop({ to, carried: [start, emitter.i32(0)] }, (i, [max, position]) => {
    const [x, m, p] = [element(i), defined(max, "no maximum"), defined(position, "no position")];
    const isBetter = emitter.binary("gt", x, m);
    return [emitter.select(isBetter, x, m), emitter.select(isBetter, i, p)];
  });
  return defined(best, "a loop without a result");
}

/** The sum of the elements up to this one, or from it on. */
function foldPrefix(puller: Puller, op: Op, index: Index): KValue {
  if (index.some((axis) => axis.hasLane())) return puller.byLanes(index, (one) => foldPrefix(puller, op, one));
  const { emitter } = puller;
  const { operand, axis, size } = reducedAxis(op);
  const here = emitter.index(defined(index[axis], "an index with too few axes"));
  const next = emitter.binary("add", here, emitter.i32(1));
  const [isExclusive, isReverse] = [boolAttr(op.attrs, "exclusive"), boolAttr(op.attrs, "reverse")];
  const range = isReverse
    ? { from: isExclusive ? next : here, to: emitter.index(LinearIndex.of(size)) }
    : { to: isExclusive ? here : next };
  const [total] = emitter.loop({ ...range, carried: [startOf(emitter, "sum", operand)] }, (i, [sum]) => {
    const element = puller.at(operand, index.with(axis, emitter.leaf(i, size)));
    return [emitter.binary("add", defined(sum, "no carried value"), element)];
  });
  return defined(total, "a loop without a result");
}

/** The element of rank r is found by r + 1 passes over the row. */
function foldSelection(puller: Puller, op: Op, isDescending: boolean, index: Index): KValue {
  if (index.some((axis) => axis.hasLane()))
    return puller.byLanes(index, (one) => foldSelection(puller, op, isDescending, one));
  const { emitter } = puller;
  const { operand, axis, size } = reducedAxis(op);
  const rank = emitter.index(defined(index[axis], "an index with too few axes"));
  const [first, to] = [beforeAll(emitter), emitter.index(LinearIndex.of(size))];
  const ranks = { to: emitter.binary("add", rank, emitter.i32(1)), carried: [first.key, first.position], name: "rank" };
  const [, position] = emitter.loop(ranks, (_, last) => {
    const start = nothing(emitter);
    return emitter.loop({ to, carried: [start.key, start.position] }, (i, best) => {
      const element = puller.at(operand, index.with(axis, emitter.leaf(i, size)));
      const key = directedKey(emitter, element, isDescending);
      const found = better(emitter, foundOf(last), foundOf(best), { key, position: i });
      return [found.key, found.position];
    });
  });
  return defined(position, "a loop without a result");
}

/** The elements of one segment, from its start to the next one's. */
function foldSegment(puller: Puller, op: Op, index: Index): KValue {
  const { emitter } = puller;
  const { operand: x, axis, size } = reducedAxis(op);
  const segment = defined(index[axis], "an index with too few axes");
  if (segment.hasLane()) return puller.byLanes(index, (one) => foldSegment(puller, op, one));
  const [order, starts] = [1, 2].map((which) => defined(op.operands[which], "a segment_sum of three operands"));
  const batch = index.slice(0, numberAttr(op.attrs, "batch"));
  const boundAt = (at: LinearIndex): KValue => puller.at(defined(starts, "starts"), [...batch, at]);
  const range = {
    from: emitter.binary("max", boundAt(segment), emitter.i32(0)),
    to: emitter.binary("min", boundAt(segment.add(1)), emitter.index(LinearIndex.of(size))),
  };
  const like = startOf(emitter, "sum", x);
  const zero = emitter.widen(like, index.some((one) => one.hasLane()) ? LANES : 1);
  const [total] = emitter.loop({ ...range, carried: [zero], name: "p" }, (p, [sum]) => {
    const found = puller.at(defined(order, "order"), [...batch, emitter.leaf(p, size)]);
    const element = puller.at(x, index.with(axis, puller.nearestInside(found, size)));
    return [emitter.binary("add", defined(sum, "no carried value"), element)];
  });
  return defined(total, "a loop without a result");
}

function foldMatmul(puller: Puller, op: Op, index: Index): KValue {
  const { emitter } = puller;
  const product = productOf(op);
  const lanes = index.some((axis) => axis.hasLane()) ? LANES : 1;
  const zero = emitter.widen(emitter.f32(0), lanes);
  const to = emitter.index(LinearIndex.of(product.depth));
  const [total] = emitter.loop({ to, carried: [zero], name: "k" }, (i, [sum]) => {
    const k = emitter.leaf(i, product.depth);
    const x = puller.at(product.a, leftIndex(product, index, k));
    const y = puller.at(product.b, rightIndex(product, index, k));
    return [emitter.fma(x, y, defined(sum, "no carried value"))];
  });
  return defined(total, "a loop without a result");
}
