/**
 * split-weights: a weight that is larger than a binding of the device is read in pieces, rows of its first axis. Whoever
 * reads it gets the pieces joined again; a product by it becomes a product by each piece, whose columns are joined, and
 * a lookup asks the piece that has the row. More than `MOST_PIECES` are a mistake (LLM0401 says so before).
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Attrs, Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { result, value, walk } from "../../src/ir/ir.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import type { TensorType } from "../../src/ir/type.ts";
import { bytesOf, elementCount, tensorType } from "../../src/ir/type.ts";
import type { Limits } from "../../src/kernel/target-info.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { axisAttr, numberAttr, numbersAttr } from "./attrs.ts";
import { scalarConstant } from "./constants.ts";
import { join } from "./join.ts";
import { mapFuncs } from "./map-funcs.ts";

/** A weight of more pieces would be more bindings than any kernel has. */
export const MOST_PIECES = 32;
/** Pieces of a matrix have whole tiles of rows, however a product packs them. */
const ROWS_TOGETHER = 8;

export const splitWeights: Pass<Module> = {
  name: "split-weights",
  summary: "Reads weights that no binding holds in pieces.",
  promise: "reassociates",
  requires: [],
  establishes: [],
  destroys: [],
  required: true,
  run: (module, context) => mapFuncs(module, (func) => splitFunc(func, context)),
};

/** How many rows of a weight are one piece, or undefined where the weight needs none or cannot be cut. */
export function rowsOfPiece(type: TensorType, { maxBindingBytes, maxBufferBytes }: Limits): number | undefined {
  const [rows, bytes] = [type.dims[0]?.asNumber(), elementCount(type).asNumber()];
  const limit = Math.min(maxBindingBytes, maxBufferBytes);
  if (rows === undefined || bytes === undefined || bytes * bytesOf(type.dtype) <= limit) return undefined;
  const most = Math.floor(limit / ((bytes / rows) * bytesOf(type.dtype)));
  const each = type.dims.length === 2 ? most - (most % ROWS_TOGETHER) : most;
  return each > 0 && Math.ceil(rows / each) <= MOST_PIECES ? each : undefined;
}

/** A value that is pieces side by side along an axis. */
interface Pieces {
  readonly parts: readonly Value[];
  readonly axis: number;
}

function splitFunc(func: Func, { ops, info }: PassContext): Func {
  let isNeeded = false;
  walk(func.body, (op) => {
    if (op.name === "param" && rowsOfPiece(result(op).type, info.limits) !== undefined) isNeeded = true;
  });
  if (!isNeeded) return func;
  const known = new Map<Value, Pieces>();
  return rewriteFunc(func, ops, (op, operands, b) => {
    const [first, second] = operands.map((operand) => (operand === null ? undefined : known.get(operand)));
    const name = result(op).name;
    const whole = (pieces: Pieces): readonly Value[] => {
      const all = joined(pieces, info.limits, b, name);
      known.set(all, pieces);
      return [all];
    };
    if (op.name === "param") {
      const parts = partsOf(op, info.limits, b);
      return parts === undefined ? undefined : whole({ parts, axis: 0 });
    }
    if (op.name === "matmul" && second !== undefined) return [product(op, operands[0], second, info.limits, b)];
    if (first === undefined) return undefined;
    const each = (attrs: Attrs): readonly Value[] => first.parts.map((part) => b.emit(op.name, [part], attrs));
    if (op.name === "cast") return whole({ parts: each(op.attrs), axis: first.axis });
    if (op.name === "transpose")
      return whole({ parts: each(op.attrs), axis: numbersAttr(op, "perm").indexOf(first.axis) });
    if (op.name !== "take" || numberAttr(op, "batch") !== 0 || axisAttr(op, rankOf(operands[0])) !== first.axis)
      return undefined;
    return [lookup(op, first, defined(operands[1], "take has an index"), b)];
  });
}

function partsOf(op: Op, limits: Limits, b: Builder): readonly Value[] | undefined {
  const { type, name } = result(op);
  const each = rowsOfPiece(type, limits);
  if (each === undefined) return undefined;
  const rows = defined(type.dims[0]?.asNumber(), "rows are a number");
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => {
    const [from, to] = [i * each, Math.min(rows, (i + 1) * each)];
    const part = value(tensorType(type.dtype, [to - from, ...type.dims.slice(1)]), name);
    b.push({ ...op, attrs: { ...op.attrs, rows: [from, to, rows] }, results: [part] });
    return part;
  });
}

function joined({ parts, axis }: Pieces, limits: Limits, b: Builder, name = ""): Value {
  return join(parts, axis, limits, b, name);
}

/** `x @ [p, q] = [x @ p, x @ q]` for columns, `[x, y] @ [p, q] = x @ p + y @ q` for terms. */
function product(op: Op, x: Value | null | undefined, { parts, axis }: Pieces, limits: Limits, b: Builder): Value {
  const left = defined(x, "a product has two operands");
  const rank = rankOf(parts[0]);
  const isTransposed = op.attrs["transpose_b"] === true;
  const name = result(op).name;
  if (axis === rank - (isTransposed ? 2 : 1)) {
    const products = parts.map((part) => b.emit("matmul", [left, part], op.attrs));
    return joined({ parts: products, axis: result(op).type.dims.length - 1 }, limits, b, name);
  }
  if (axis < rank - 2) return b.emit("matmul", [left, joined({ parts, axis }, limits, b)], op.attrs, name);
  const terms = rankOf(left) - (op.attrs["transpose_a"] === true ? 2 : 1);
  let start = Dim.of(0);
  const products = parts.map((part) => {
    const end = start.add(defined(part.type.dims[axis], "a piece has the axis"));
    const own = b.emit("slice", [left], { axis: terms, start, end });
    start = end;
    return b.emit("matmul", [own, part], op.attrs);
  });
  return products.reduce((sum, one) => b.emit("add", [sum, one], {}, name));
}

/** Each index is looked up in the piece that has it; in the others it is clamped, and the answer not used. */
function lookup(op: Op, { parts, axis }: Pieces, index: Value, b: Builder): Value {
  const { dtype, dims } = index.type;
  const whole = result(op);
  const shape = whole.type.dims.map((dim, i) => (i >= axis && i < axis + dims.length ? dim : Dim.of(1)));
  let end = Dim.of(0);
  let found: Value | undefined;
  for (const part of parts) {
    const start = end;
    end = start.add(defined(part.type.dims[axis], "a piece has the axis"));
    const first = scalarConstant(b, dtype, defined(start.asNumber(), "rows are a number"));
    const own = b.emit("take", [part, b.emit("sub", [index, first])], op.attrs, whole.name);
    if (found === undefined) found = own;
    else {
      const isBehind = b.emit("reshape", [b.emit("ge", [index, first])], { shape });
      found = b.emit("select", [isBehind, own, found], {}, whole.name);
    }
  }
  return defined(found, "a weight in pieces has some");
}

function rankOf(x: Value | null | undefined): number {
  return defined(x, "an operand").type.dims.length;
}
