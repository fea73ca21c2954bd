/** Which candidates are row kernels: reductions over the last axis, and what is computed from them for the same rows. */
import type { Op, Value } from "../../../src/ir/ir.ts";
import { Dim, sameDims } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { axisAttr } from "../attrs.ts";
import type { View } from "./candidate.ts";
import { dimsOf, operandOf } from "./candidate.ts";

/** Shapes of a row kernel: full `[R..., C]`, kept `[R..., 1]`, folded `[R...]`, selected `[R..., K]`. */
type RowShape = "full" | "kept" | "folded" | "selected";

/** So many selected elements may be folded again in the kernel that selects them; each invocation keeps their places. */
const MOST_KEPT = 16;

export function isRowReduce(view: View, folds: readonly Op[]): boolean {
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

/** `take` of elements of a row at the places that a selection has found in it. */
function isTakenFromRow(op: Op, rank: number, selected: ReadonlySet<Value>, isRow: (x: Value) => boolean): boolean {
  const [x, index] = op.operands;
  if (!x || !index || !selected.has(index) || op.attrs["batch"] !== rank) return false;
  return axisAttr(op, x.type.dims.length) === rank && isRow(x);
}
