/**
 * Which sets of ops make one kernel: the promises that the header of `schedule.ts` makes to lowering, as a check. The
 * fuser asks it before it merges; the property `grouped` asks it about every group afterwards.
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { sameDims } from "../../../src/support/dim.ts";
import { assertNever } from "../../../src/support/errors.ts";
import type { Reason } from "./decision.ts";
import type { Candidate } from "./candidate.ts";
import { View, dimsOf, haveOneShape, isMoveOrCast } from "./candidate.ts";
import { isMatmul } from "./legal-product.ts";
import { isRowReduce } from "./legal-rows.ts";
import type { GroupKind } from "./roles.ts";
import { isPulled } from "./roles.ts";

/** The kind of kernel that these ops make, or undefined where they make none. */
export function groupKind(candidate: Candidate, table: OpTable): GroupKind | undefined {
  return kindIn(new View(candidate, table));
}

/** Why these ops make no kernel; undefined where they make one. */
export function refusalOf(candidate: Candidate, table: OpTable): Reason | undefined {
  const view = new View(candidate, table);
  return kindIn(view) === undefined ? (view.refused ?? "two-anchors") : undefined;
}

function kindIn(view: View): GroupKind | undefined {
  const { candidate } = view;
  const anchors = candidate.ops.filter((op) => !isPulled(view.role(op)));
  const [first] = anchors;
  if (first === undefined)
    return haveOneShape(candidate.yields) || view.refuse("result-shapes") ? "elementwise" : undefined;
  const role = view.role(first);
  const products = anchors.filter((op) => view.role(op) === "matmul");
  if (products.length > 0) return isProductWith(view, anchors) && isMatmul(view, products) ? "matmul" : undefined;
  if (anchors.some((op) => view.role(op) !== role)) return undefined;
  switch (role) {
    case "reduce":
      return isRowReduce(view, anchors) ? "row_reduce" : undefined;
    case "attention":
    case "attention_part":
      return anchors.length === 1 && isAttention(view, first) ? role : undefined;
    case "cache_write":
      return anchors.length === 1 && isCacheWrite(view, first) ? "cache_write" : undefined;
    case "sample":
      return anchors.length === 1 && isSample(view, first) ? "sample" : undefined;
    case "scan":
      return anchors.length === 1 && (isScan(view, first) || view.refuse("alone")) ? "scan" : undefined;
    case "cumsum":
      return anchors.length === 1 && (hasPointsBehind(view, first) || view.refuse("alone")) ? "cumsum" : undefined;
    case "segment_sum":
      return anchors.length === 1 && (isSegmentSum(view, first) || view.refuse("alone")) ? "segment_sum" : undefined;
    case "argsort":
      return anchors.length === 1 && (isArgsort(view, first) || view.refuse("alone")) ? "argsort" : undefined;
    case "outside":
    case "leaf":
    case "move":
    case "gather":
    case "point":
    case "matmul":
      return undefined;
    default:
      return assertNever(role, "role");
  }
}

/** Around products a kernel may fold their left operand and write to caches. */
function isProductWith(view: View, anchors: readonly Op[]): boolean {
  return anchors.every((op) => ["matmul", "reduce", "cache_write"].includes(view.role(op)));
}

function isAttention(view: View, anchor: Op): boolean {
  // q, k, v and what changes scores are read for each key, the window once; the rest are numbers that bound loops.
  const behind = (operands: readonly number[]): readonly Op[] =>
    operands.flatMap((index) => [...view.behind(anchor.operands[index])]);
  const [read, window, bounds] = [behind([0, 1, 2, 7, 8, 9]), behind([4]), behind([3, 5, 6])];
  const isLeaf = (op: Op): boolean => view.role(op) === "leaf";
  return (
    (view.candidate.ops.length === new Set([...read, ...window, ...bounds]).size + 1 &&
      read.every((op) => isMoveOrCast(view, op) || isLeaf(op)) &&
      window.every((op) => isPulled(view.role(op))) &&
      bounds.every(isLeaf) &&
      view.candidate.yields.every((made) => anchor.results.includes(made))) ||
    view.refuse("attention-operand")
  );
}

function isCacheWrite(view: View, anchor: Op): boolean {
  return (
    (view.candidate.ops.length === view.behind(anchor.operands[1]).size + 1 &&
      [0, 2, 3].every((index) => view.isInput(anchor, index)) &&
      isOnlyYield(view, anchor)) ||
    view.refuse("cache-write-operand")
  );
}

function isOnlyYield(view: View, anchor: Op): boolean {
  const { yields } = view.candidate;
  return yields.length === 1 && yields[0] === anchor.results[0];
}

/** What a scan starts from and walks along may be computed on the way; what it makes is stored. */
function isScan(view: View, anchor: Op): boolean {
  const behind = new Set(anchor.operands.flatMap((operand) => [...view.behind(operand)]));
  const { ops, yields } = view.candidate;
  return ops.length === behind.size + 1 && yields.every((made) => anchor.results.includes(made));
}

function isSample(view: View, anchor: Op): boolean {
  const dims = dimsOf(anchor);
  const isRow = (op: Op): boolean => view.role(op) === "point" && sameDims(dimsOf(op), dims);
  const isNumber = (operand: Value | null): boolean => operand?.type.dims.length === 0 && [...view.behind(operand)].every((op) => view.role(op) === "leaf"); // prettier-ignore
  return (
    (anchor.operands.every((operand, index) => view.isInput(anchor, index) || isNumber(operand)) &&
      view.after([anchor]).every(isRow) &&
      view.candidate.yields.every((value) => sameDims(value.type.dims, dims))) ||
    view.refuse("sample-epilogue")
  );
}

/** What depends on the anchor is a point of its dims. */
function hasPointsBehind(view: View, anchor: Op): boolean {
  const dims = dimsOf(anchor);
  const isElement = (op: Op): boolean => view.role(op) === "point" && sameDims(dimsOf(op), dims);
  return (
    view.after([anchor]).every(isElement) && view.candidate.yields.every((value) => sameDims(value.type.dims, dims))
  );
}

/** Order and bounds are read again and again, the elements once. */
function isSegmentSum(view: View, anchor: Op): boolean {
  const lists = [1, 2].flatMap((index) => [...view.behind(anchor.operands[index])]);
  return lists.every((op) => isMoveOrCast(view, op)) && hasPointsBehind(view, anchor);
}

/** An element is read again and again, so nothing is computed on the way to it. */
function isArgsort(view: View, anchor: Op): boolean {
  const behind = view.behind(anchor.operands[0]);
  return (
    view.candidate.ops.length === behind.size + 1 &&
    [...behind].every((op) => isMoveOrCast(view, op)) &&
    isOnlyYield(view, anchor)
  );
}
