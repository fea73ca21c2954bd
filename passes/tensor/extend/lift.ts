/**
 * Lifting: a value of `forward` that is indexed by T but not by B (positions, and what is computed from them) differs
 * from row to row in `extend`, where row b starts at `pos[b]`. Such a value gets a leading axis B: `i32[T]` becomes
 * `i32[B, T]`. This file emits an op some of whose operands are lifted. The answer says whether the result is lifted
 * too, or has the type it had; a sentence where the op cannot take lifted operands.
 */
import type { Builder } from "../../../src/ir/builder.ts";
import type { Attrs, Op, Value } from "../../../src/ir/ir.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import type { Dims } from "../../../src/ir/type.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { axisAttr, dimsAttr, numberAttr, numbersAttr, operandType } from "../attrs.ts";
import { ROWS } from "./positions.ts";

/** A value of the new function; `isLifted`: it has one more axis, B, in front. */
export interface Mapped {
  readonly value: Value;
  readonly isLifted: boolean;
}

/** Emits `op` with these operands, at least one of them lifted. An op of several results is taken apart first. */
export function emitLifted(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped | string {
  if (op.results.length > 1) return refusal(op);
  if (hasTrait(b.table.get(op.name), "elementwise")) return emitPoint(op, operands, b);
  const [first] = operands;
  if (op.name === "take") return emitTake(op, operands, b);
  // Beside a matrix whose own rows are B there is no axis to put B into.
  if (op.name === "matmul" && !isRowsByColumns(op)) return emitPoint(op, operands, b);
  if (op.name === "concat") return emitConcat(op, operands, b);
  if (op.name === "rope" && first?.isLifted === false) return plain(emit(op, operands, b, op.attrs));
  if (first === null || first === undefined || operands.length !== 1) return refusal(op);
  const attrs = liftedAttrs(op);
  if (attrs === undefined) return refusal(op);
  const x = op.name === "broadcast" ? withRank(first.value, dimsAttr(op, "shape").length, b) : first.value;
  return lifted(b.emit(op.name, [x], attrs, op.results[0]?.name));
}

/** Attributes that name axes or sizes, for an operand with one more axis in front. */
function liftedAttrs(op: Op): Attrs | undefined {
  const rank = operandType(op, 0).dims.length;
  switch (op.name) {
    case "reshape":
    case "broadcast":
      return { shape: [Dim.symbol(ROWS), ...dimsAttr(op, "shape")] };
    case "transpose":
      return { perm: [0, ...numbersAttr(op, "perm").map((axis) => axis + 1)] };
    default:
      return "axis" in op.attrs ? { ...op.attrs, axis: axisAttr(op, rank) + 1 } : undefined;
  }
}

/** Whether the result of a product is one matrix with the rows B. */
function isRowsByColumns(op: Op): boolean {
  const { dims } = defined(op.results[0], `${op.name} has no result`).type;
  return dims.length === 2 && dims[0]?.equals(Dim.symbol(ROWS)) === true;
}

/** Operands that meet as NumPy broadcasts them, in a product all axes but the last two. */
function emitPoint(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped | string {
  const { dims } = defined(op.results[0], `${op.name} has no result`).type;
  const hasRows = dims[0]?.equals(Dim.symbol(ROWS)) === true;
  const rank = hasRows ? dims.length - 1 : dims.length;
  const aligned = operands.map((operand) => {
    if (operand === null || !operand.isLifted) return operand?.value ?? null;
    return stripped(operand.value.type.dims.slice(1), rank) === undefined
      ? undefined
      : withRank(operand.value, rank, b);
  });
  if (aligned.some((value) => value === undefined)) return refusal(op);
  const values = aligned.map((value) => value ?? null);
  return { value: b.emit(op.name, values, op.attrs, op.results[0]?.name), isLifted: !hasRows };
}

/** `take(table, positions)`: the rows of a table, or (batched) of each row's own tensor. */
function emitTake(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped | string {
  const [x, index] = operands;
  if (!x || !index || x.isLifted || numberAttr(op, "batch") !== 0) return refusal(op);
  const axis = axisAttr(op, x.value.type.dims.length);
  if (axis > 0 && x.value.type.dims[0]?.equals(Dim.symbol(ROWS)))
    return plain(emit(op, operands, b, { axis, batch: 1 }));
  const taken = emit(op, operands, b, op.attrs);
  if (axis === 0) return lifted(taken);
  const axes = taken.type.dims.map((_, i) => i).filter((i) => i !== axis);
  return lifted(b.emit("transpose", [taken], { perm: [axis, ...axes] }));
}

/** Parts that are the same in all rows are repeated for each. */
function emitConcat(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped {
  const parts = operands.map((operand) => {
    const { value, isLifted } = defined(operand, "concat lacks an operand");
    return isLifted ? value : b.emit("broadcast", [value], { shape: [Dim.symbol(ROWS), ...value.type.dims] });
  });
  const axis = axisAttr(op, operandType(op, 0).dims.length) + 1;
  return lifted(b.emit("concat", parts, { axis }, op.results[0]?.name));
}

/** `[B, dims...]` as `[B, 1, ..., dims...]` with `rank` axes behind B, so that it broadcasts with them. */
export function withRank(value: Value, rank: number, b: Builder): Value {
  const [rows, ...dims] = value.type.dims;
  const kept = defined(stripped(dims, rank), "the caller has asked whether the axes fit");
  if (kept.length === dims.length && dims.length === rank) return value;
  const ones = new Array<number>(rank - kept.length).fill(1);
  return b.emit("reshape", [value], { shape: [defined(rows, "a lifted value has rows"), ...ones, ...kept] });
}

/** The dims without leading ones, as many as needed to fit `rank` axes; undefined where they do not fit. */
function stripped(dims: Dims, rank: number): Dims | undefined {
  let kept = dims;
  while (kept.length > rank && kept[0]?.equals(1)) kept = kept.slice(1);
  return kept.length > rank ? undefined : kept;
}

function emit(op: Op, operands: readonly (Mapped | null)[], b: Builder, attrs: Attrs): Value {
  const values = operands.map((operand) => operand?.value ?? null);
  return b.emit(op.name, values, attrs, op.results[0]?.name);
}

const lifted = (value: Value): Mapped => ({ value, isLifted: true });
const plain = (value: Value): Mapped => ({ value, isLifted: false });

function refusal(op: Op): string {
  return `\`${op.name}\` uses positions in a way that cannot differ from row to row`;
}
