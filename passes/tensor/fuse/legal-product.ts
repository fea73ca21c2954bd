/**
 * Which candidates are product kernels: one or more products of the same rows of the same left operand, each with its
 * own columns (`product-parts.ts` says what may stand behind them). In front of them stand moves and casts; the left
 * operand may also be computed row by row (a norm), which the kernel does first.
 */
import type { Op } from "../../../src/ir/ir.ts";
import { sameDims } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { isPlainPart, productParts } from "../product-parts.ts";
import type { Candidate } from "./candidate.ts";
import { View, dimsOf, isMoveOrCast } from "./candidate.ts";
import { isRowReduce } from "./legal-rows.ts";
import { isCheap } from "./roles.ts";

export function isMatmul(view: View, products: readonly Op[]): boolean {
  const first = defined(products[0], "a product");
  const rows = dimsOf(first).slice(0, -1);
  const haveOneLeft = products.every(
    (op) =>
      sameDims(dimsOf(op).slice(0, -1), rows) &&
      view.isSame(op.operands[0], first.operands[0]) &&
      op.attrs["transpose_a"] === first.attrs["transpose_a"],
  );
  const right = products.flatMap((op) => [...view.behind(op.operands[1])]);
  // Each row of a product may meet weights of its own: those of the experts that were chosen for it.
  const isChoice = (op: Op): boolean => view.role(op) === "gather";
  const places = new Set(right.filter(isChoice).flatMap((op) => [...view.behind(op.operands[1])]));
  const isPlace = (op: Op): boolean => places.has(op) && isCheap(op, view.table);
  const { ops, yields } = view.candidate;
  const left = new Set(products.flatMap((op) => [...view.behind(op.operands[0])]));
  // A reduction of what a product makes waits for all of its columns.
  const foldsInFront = ops.every((op) => view.role(op) !== "reduce" || left.has(op));
  // Of what stands in front of a product its kernel keeps nothing.
  const made = new Set([...products, ...view.after(products)].flatMap((op) => op.results));
  const handsOnResults = yields.every((value) => made.has(value));
  return (
    (foldsInFront || view.refuse("two-anchors")) &&
    (haveOneLeft || view.refuse("product-grid")) &&
    ((isLeft(view, products, left) && right.every((op) => isMoveOrCast(view, op) || isChoice(op) || isPlace(op))) ||
      view.refuse("product-operand")) &&
    (handsOnResults || view.refuse("needed-elsewhere")) &&
    (productParts(ops, yields, view.table) !== undefined || view.refuse("product-epilogue"))
  );
}

/** Whether any product schedule takes the candidate: one shape, points behind it, and nothing folded in front. */
export function isPlainProduct({ ops, yields }: Candidate, table: OpTable): boolean {
  const parts = productParts(ops, yields, table) ?? [];
  return parts.length === 1 && parts.every(isPlainPart) && !ops.some((op) => hasTrait(table.get(op.name), "reduce"));
}

/** Whether the kernel can read the left operand as it goes, or compute its rows before it starts. */
function isLeft(view: View, products: readonly Op[], behind: ReadonlySet<Op>): boolean {
  const folds = view.candidate.ops.filter((op) => view.role(op) === "reduce");
  if (folds.length === 0) return [...behind].every((op) => isMoveOrCast(view, op));
  const left = products[0]?.operands[0];
  if (!left || products.some((op) => op.operands[0] !== left || op.attrs["transpose_a"] === true)) return false;
  const row = new View({ ops: view.candidate.ops.filter((op) => behind.has(op)), yields: [left] }, view.table);
  const isElement = folds.every((op) => sameDims(op.operands[0]?.type.dims ?? [], left.type.dims));
  if (products.some((op) => !sameDims(dimsOf(op).slice(0, -1), left.type.dims.slice(0, -1)))) return false;
  return isElement && isRowReduce(row, folds);
}
