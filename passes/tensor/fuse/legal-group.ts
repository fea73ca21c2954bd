/**
 * Which sets of ops make one kernel: the promises that the header of `schedule.ts` makes to lowering, as a check. The
 * fuser asks it before it merges; the property `grouped` asks it about every group afterwards.
 */
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
      return candidate.ops.length === 1 || view.refuse("alone") ? "scan" : undefined;
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
      op.operands[0] === first.operands[0] &&
      op.attrs["transpose_a"] === first.attrs["transpose_a"],
  );
  const feeds = products.flatMap((op) => op.operands.flatMap((operand) => [...view.behind(operand)]));
  const isEpilogue = (op: Op): boolean => view.role(op) === "point" && sameDims(dimsOf(op), dims);
  return (
    (isOneGrid || view.refuse("product-grid")) &&
    (feeds.every((op) => isMoveOrCast(view, op)) || view.refuse("product-operand")) &&
    ((view.after(products).every(isEpilogue) &&
      view.candidate.yields.every((value) => sameDims(value.type.dims, dims))) ||
      view.refuse("product-epilogue"))
  );
}

function isAttention(view: View, anchor: Op): boolean {
  const behind = [0, 1, 2].flatMap((index) => [...view.behind(anchor.operands[index])]);
  return (
    (view.candidate.ops.length === new Set(behind).size + 1 &&
      behind.every((op) => isMoveOrCast(view, op)) &&
      [3, 4, 5].every((index) => view.isInput(anchor, index)) &&
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

/** Shapes of a row kernel: full `[R..., C]`, kept `[R..., 1]`, folded `[R...]`. */
type RowShape = "full" | "kept" | "folded";

function isRowReduce(view: View, folds: readonly Op[]): boolean {
  const { dims } = defined(defined(folds[0], "a reduction").operands[0], "its operand").type;
  const rows = dims.slice(0, -1);
  const shapeOf = (found: Dims): RowShape | undefined => {
    if (sameDims(found, dims)) return "full";
    if (sameDims(found, [...rows, Dim.of(1)])) return "kept";
    return sameDims(found, rows) ? "folded" : undefined;
  };
  const isFold = (op: Op): boolean => {
    const x = defined(op.operands[0], "its operand").type.dims;
    return sameDims(x, dims) && axisAttr(op, x.length) === x.length - 1;
  };
  const after = view.after(folds);
  const made = new Set([...folds, ...after].flatMap((op) => op.results));
  const fits = (op: Op): boolean => {
    const shape = shapeOf(dimsOf(op));
    const inner = op.operands.filter((operand) => operand !== null && made.has(operand));
    const shapes = inner.map((operand) => (operand === null ? undefined : shapeOf(operand.type.dims)));
    if (shape === undefined || shapes.includes(undefined)) return false;
    if (op.name === "reshape") return shape !== "full" && shapes[0] !== "full";
    if (op.name === "broadcast") return shapes[0] === "kept" || shapes[0] === shape;
    const isAligned = shapes.every(
      (found) => found === shape || (found === "kept" && shape === "full") || rows.length === 0,
    );
    return view.role(op) === "point" && isAligned;
  };
  return (
    (folds.every(isFold) || view.refuse("reduction-axis")) &&
    ((after.every(fits) && view.candidate.yields.every((value) => shapeOf(value.type.dims) !== undefined)) ||
      view.refuse("row-shapes"))
  );
}
