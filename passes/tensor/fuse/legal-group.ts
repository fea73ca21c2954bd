/**
 * Which sets of ops make one kernel: the promises that the header of `schedule.ts` makes to lowering, as a check. The
 * fuser asks it before it merges; the property `grouped` asks it about every group afterwards.
 */
import { equalAttrs } from "../../../src/ir/equal.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import type { Dims } from "../../../src/ir/type.ts";
import { Dim, sameDims } from "../../../src/support/dim.ts";
import { assertNever, defined } from "../../../src/support/errors.ts";
import { axisAttr } from "../attrs.ts";
import type { Reason } from "./decision.ts";
import type { GroupKind, Role } from "./roles.ts";
import { isPulled, roleOf } from "./roles.ts";

/** Ops in program order, and the values that others need. */
export interface Candidate {
  readonly ops: readonly Op[];
  readonly yields: readonly Value[];
}

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
  if (anchors.some((op) => view.role(op) !== role)) return undefined;
  switch (role) {
    case "reduce":
      return isRowReduce(view, anchors) ? "row_reduce" : undefined;
    case "matmul":
      return isMatmul(view, anchors) ? "matmul" : undefined;
    case "attention":
      return anchors.length === 1 && isAttention(view, first) ? "attention" : undefined;
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
      return undefined;
    default:
      return assertNever(role, "role");
  }
}

/** A candidate with the questions that the kinds ask, and the first one whose answer was no. */
class View {
  readonly producers = new Map<Value, Op>();
  refused: Reason | undefined;
  private readonly roles = new Map<Op, Role>();

  constructor(
    readonly candidate: Candidate,
    table: OpTable,
  ) {
    for (const op of candidate.ops) {
      this.roles.set(op, roleOf(op, table));
      for (const made of op.results) this.producers.set(made, op);
    }
  }

  /** Notes the rule by which this is no kernel; false, to stand behind the rule. */
  refuse(reason: Reason): false {
    this.refused ??= reason;
    return false;
  }

  role(op: Op): Role {
    return defined(this.roles.get(op), "an op of the candidate");
  }

  /** The op's operand `index` comes from outside, or is absent. */
  isInput(op: Op, index: number): boolean {
    const operand = op.operands[index] ?? null;
    return operand === null || !this.producers.has(operand);
  }

  /** Copies of cheap ops become one again when the pass ends: two values that are made in the same way are one. */
  isSame(a: Value | null | undefined, b: Value | null | undefined): boolean {
    if (a === b) return true;
    const [x, y] = [a && this.producers.get(a), b && this.producers.get(b)];
    if (!x || !y || x.name !== y.name || x.operands.length !== y.operands.length) return false;
    return equalAttrs(x.attrs, y.attrs) && x.operands.every((operand, i) => this.isSame(operand, y.operands[i])); // prettier-ignore
  }

  /** All ops of the candidate that a value is computed from. */
  behind(value: Value | null | undefined, found: Set<Op> = new Set()): ReadonlySet<Op> {
    const op = value === null || value === undefined ? undefined : this.producers.get(value);
    if (op === undefined || found.has(op)) return found;
    found.add(op);
    for (const operand of op.operands) this.behind(operand, found);
    return found;
  }

  /** Ops that use, directly or not, what the anchors make; in program order, without the anchors. */
  after(anchors: readonly Op[]): readonly Op[] {
    const dependent = new Set(anchors.flatMap((op) => op.results));
    return this.candidate.ops.filter((op) => {
      if (!op.operands.some((operand) => operand !== null && dependent.has(operand))) return false;
      for (const made of op.results) dependent.add(made);
      return !anchors.includes(op);
    });
  }
}

function haveOneShape(values: readonly Value[]): boolean {
  const [first] = values;
  return first !== undefined && values.every((value) => sameDims(value.type.dims, first.type.dims));
}

function dimsOf(op: Op): Dims {
  return defined(op.results[0], `${op.name} has a result`).type.dims;
}

function isMoveOrCast(view: View, op: Op): boolean {
  return view.role(op) === "move" || op.name === "cast";
}

function isMatmul(view: View, products: readonly Op[]): boolean {
  const first = defined(products[0], "a product");
  const dims = dimsOf(first);
  const isOneGrid = products.every(
    (op) =>
      sameDims(dimsOf(op), dims) &&
      view.isSame(op.operands[0], first.operands[0]) &&
      op.attrs["transpose_a"] === first.attrs["transpose_a"],
  );
  const feeds = (side: 0 | 1): readonly Op[] => products.flatMap((op) => [...view.behind(op.operands[side])]);
  // Each row of a product may meet weights of its own: those of the experts that were chosen for it.
  const isChoice = (op: Op): boolean => view.role(op) === "gather" && view.isInput(op, 1);
  const isEpilogue = (op: Op): boolean => view.role(op) === "point" && sameDims(dimsOf(op), dims);
  return (
    (isOneGrid || view.refuse("product-grid")) &&
    ((feeds(0).every((op) => isMoveOrCast(view, op)) &&
      feeds(1).every((op) => isMoveOrCast(view, op) || isChoice(op))) ||
      view.refuse("product-operand")) &&
    ((view.after(products).every(isEpilogue) &&
      view.candidate.yields.every((value) => sameDims(value.type.dims, dims))) ||
      view.refuse("product-epilogue"))
  );
}

function isAttention(view: View, anchor: Op): boolean {
  // q, k, v and what changes scores are read by index; the rest are numbers that bound loops.
  const behind = [0, 1, 2, 7, 8, 9].flatMap((index) => [...view.behind(anchor.operands[index])]);
  const isRead = (op: Op): boolean => isMoveOrCast(view, op) || view.role(op) === "leaf";
  return (
    (view.candidate.ops.length === new Set(behind).size + 1 &&
      behind.every(isRead) &&
      [3, 4, 5, 6].every((index) => view.isInput(anchor, index)) &&
      isOnlyYield(view, anchor)) ||
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
  return (
    (anchor.operands.every((_, index) => view.isInput(anchor, index)) &&
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

/** Shapes of a row kernel: full `[R..., C]`, kept `[R..., 1]`, folded `[R...]`, selected `[R..., K]`. */
type RowShape = "full" | "kept" | "folded" | "selected";

/** So many selected elements may be folded again in the kernel that selects them; each invocation keeps their places. */
const MOST_KEPT = 16;

function isRowReduce(view: View, folds: readonly Op[]): boolean {
  const selections = folds.filter((op) => op.name === "topk_indices");
  const [selection] = selections;
  if (selections.length > 1) return false;
  const { dims } = operandOf(selection ?? defined(folds[0], "a reduction")).type;
  const rows = dims.slice(0, -1);
  const selectedDims = selection === undefined ? [] : dimsOf(selection);
  // K may be C or 1, so what hangs on a selection is told by its ops and not by its shape.
  const selected = new Set([...selections, ...view.after(selections)].flatMap((op) => op.results));
  const isFold = (op: Op): boolean => {
    const x = operandOf(op);
    if (axisAttr(op, x.type.dims.length) !== rows.length) return false;
    if (!selected.has(x)) return sameDims(x.type.dims, dims);
    return sameDims(x.type.dims, selectedDims) && (selectedDims.at(-1)?.asNumber() ?? Infinity) <= MOST_KEPT;
  };
  const shapeOf = ({ type }: Value, isSelected: boolean): RowShape | undefined => {
    if (sameDims(type.dims, isSelected ? selectedDims : dims)) return isSelected ? "selected" : "full";
    if (sameDims(type.dims, [...rows, Dim.of(1)])) return "kept";
    return sameDims(type.dims, rows) ? "folded" : undefined;
  };
  const shape = (value: Value): RowShape | undefined => shapeOf(value, selected.has(value));
  const after = view.after(folds);
  const made = new Set([...folds, ...after].flatMap((op) => op.results));
  const fits = (op: Op): boolean => {
    const own = shape(defined(op.results[0], `${op.name} has a result`));
    const inner = op.operands.filter((operand): operand is Value => operand !== null && made.has(operand));
    const shapes = inner.map(shape);
    if (own === undefined || shapes.includes(undefined)) return false;
    const isScalar = own === "kept" || own === "folded";
    switch (op.name) {
      case "take":
        return (
          own === "selected" && isTakenFromRow(op, rows.length, selected, (x) => !made.has(x) || shape(x) === "full")
        );
      case "reshape":
        return isScalar && shapes.every((found) => found === "kept" || found === "folded");
      case "broadcast":
        return shapes[0] === "kept" || shapes[0] === own;
      default:
        // Scalars of a tensor of one axis stretch to anything.
        return (
          view.role(op) === "point" &&
          shapes.every(
            (found) => found === own || (found === "kept" && !isScalar) || (rows.length === 0 && found === "folded"),
          )
        );
    }
  };
  return (
    (folds.every(isFold) || view.refuse("reduction-axis")) &&
    ((after.every(fits) && view.candidate.yields.every((value) => shape(value) !== undefined)) ||
      view.refuse("row-shapes"))
  );
}

function operandOf(op: Op): Value {
  return defined(op.operands[0], `${op.name} has an operand`);
}

/** `take` of elements of a row at the places that a selection has found in it. */
function isTakenFromRow(op: Op, rank: number, selected: ReadonlySet<Value>, isRow: (x: Value) => boolean): boolean {
  const [x, index] = op.operands;
  if (!x || !index || !selected.has(index) || op.attrs["batch"] !== rank) return false;
  return axisAttr(op, x.type.dims.length) === rank && isRow(x);
}
