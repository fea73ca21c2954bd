/**
 * split-rows: a reduction of few long rows becomes one of chunks of the rows, and one of what the chunks gave:
 * `sum(x[r, :]) = sum_c sum(x[r, c, :])`, the same for the largest and the smallest; a mean is a sum divided at the end;
 * argmax asks the chunks for where their largest is, and then which of these is the largest of all. A workgroup takes a
 * row, so one row of a million elements would leave a GPU idle. From which length on, and how long a chunk is at most,
 * says the profile. Rows that no whole number of chunks makes up are filled with what changes nothing. The sampler of a
 * token is told where the largest logit of each chunk is, so at temperature 0 it reads no row.
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Module, Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import type { DType, Dims, TensorType } from "../../src/ir/type.ts";
import { Dim } from "../../src/support/dim.ts";
import { assertNever, defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { axisAttr } from "./attrs.ts";
import { scalarConstant } from "./constants.ts";
import { decomposed } from "./decompose.ts";
import { sizeUnder } from "./fuse/cost.ts";
import { mapFuncs } from "./map-funcs.ts";

/** A row of whole chunks that are read in vectors needs no filling, and may have up to so many times as many. */
const MOST_MORE = 2;
const VECTOR = 4;

const FOLDS = ["sum", "mean", "reduce_max", "reduce_min", "argmax"] as const;
type Fold = (typeof FOLDS)[number];

export const splitRows: Pass<Module> = {
  name: "split-rows",
  summary: "Splits reductions of few long rows into chunks.",
  promise: "reassociates",
  requires: [decomposed],
  establishes: [],
  destroys: [],
  required: false,
  run: (module, context) =>
    mapFuncs(module, (func) =>
      rewriteFunc(func, context.ops, (op, operands, b) => {
        const [x] = operands;
        if (!x) return undefined;
        if (op.name === "sample") return withCandidates(op, operands, context, b);
        const fold = FOLDS.find((name) => name === op.name);
        const { dims } = x.type;
        const split =
          fold && axisAttr(op, dims.length) === dims.length - 1 ? splitOf(x.type, fold, context) : undefined;
        return split && [inChunks(x, split, b, result(op).name, op.attrs["keep"] === true)];
      }),
    ),
};

interface Split {
  readonly fold: Fold;
  readonly chunks: number;
  /** Elements of one. */
  readonly columns: number;
}

/** How the last axis is folded in chunks, where it is long enough. */
function splitOf({ dtype, dims }: TensorType, fold: Fold, { info, capacities }: PassContext): Split | undefined {
  const { rowSplit } = info.tiles;
  const size = dims.at(-1);
  const isWord = dtype === "f32" || dtype === "i32" || dtype === "u32";
  if (rowSplit === undefined || size === undefined || !isWord) return undefined;
  const [rows, most] = [Dim.product(dims.slice(0, -1)), size].map((count) => sizeUnder(count, capacities));
  if (rows === undefined || most === undefined || rows > rowSplit.mostRows || most < rowSplit.least) return undefined;
  const fewest = Math.ceil(most / rowSplit.columns);
  const length = size.asNumber();
  for (let chunks = fewest; length !== undefined && chunks <= MOST_MORE * fewest; chunks++)
    if (length % (chunks * VECTOR) === 0) return { fold, chunks, columns: length / chunks };
  return { fold, chunks: fewest, columns: rowSplit.columns };
}

/** A sampler that is told where the largest logit of each chunk is. */
function withCandidates(
  op: Op,
  operands: readonly (Value | null)[],
  context: PassContext,
  b: Builder,
): readonly Value[] | undefined {
  const which = context.ops.get(op.name)?.operands.indexOf("candidates?") ?? -1;
  const logits = defined(operands[0], "sample without logits");
  const split = operands[which] ? undefined : splitOf(logits.type, "argmax", context);
  if (split === undefined) return undefined;
  const { chunks, columns } = split;
  const size = defined(logits.type.dims[1], "a row");
  const inside = b.emit("argmax", [chunksOf(logits, split, b)], { axis: 2 });
  const numbers = b.emit("iota", [], { shape: [chunks], axis: 0 });
  const starts = b.emit("mul", [numbers, scalarConstant(b, "i32", columns)]);
  const places = b.emit("add", [inside, starts], {}, "candidates");
  const isWhole = size.equals(chunks * columns);
  // The filling is larger than NaN.
  const candidates = isWhole ? places : b.emit("min", [places, lastOf(size, b)], {}, "candidates");
  return [b.emit(op.name, [...operands.slice(0, which), candidates], op.attrs, result(op).name)];
}

function inChunks(x: Value, split: Split, b: Builder, name: string, keep: boolean): Value {
  const { fold, columns } = split;
  const rows = x.type.dims.slice(0, -1);
  const size = defined(x.type.dims.at(-1), "a row");
  const axis = rows.length;
  const cut = chunksOf(x, split, b);
  switch (fold) {
    case "sum":
    case "reduce_max":
    case "reduce_min":
      return b.emit(fold, [b.emit(fold, [cut], { axis: axis + 1, keep: false })], { axis, keep }, name);
    case "mean": {
      const total = b.emit("sum", [b.emit("sum", [cut], { axis: axis + 1, keep: false })], { axis, keep });
      return b.emit("div", [total, sizeOf(size, b)], {}, name);
    }
    case "argmax":
      return largestOf(cut, rows, columns, b, name);
    default:
      return assertNever(fold);
  }
}

/** The last axis of x as [chunks, columns], filled up. */
function chunksOf(x: Value, { fold, chunks, columns }: Split, b: Builder): Value {
  const { dtype, dims } = x.type;
  const rows = dims.slice(0, -1);
  const missing = Dim.of(chunks * columns).sub(defined(dims.at(-1), "a row"));
  const filling = { axis: rows.length, before: 0, after: missing, value: neutral(fold, dtype) };
  const whole = missing.equals(0) ? x : b.emit("pad", [x], filling);
  return b.emit("reshape", [whole], { shape: [...rows, chunks, columns] });
}

/** What a fold of an element more gives the same with. */
function neutral(fold: Fold, dtype: DType): number {
  const [lowest, highest] = dtype === "f32" ? [-Infinity, Infinity] : dtype === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1]; // prettier-ignore
  if (fold === "sum" || fold === "mean") return 0;
  return fold === "reduce_min" ? highest : lowest;
}

/**
 * The first place of the largest element in chunks `[R..., chunks, columns]`: the first chunk whose largest is the
 * largest of all has it. A chunk of NaN answers with a NaN, which is never the largest.
 */
function largestOf(cut: Value, rows: Dims, columns: number, b: Builder, name: string): Value {
  const along = { axis: rows.length + 1, batch: rows.length + 1 };
  const where = b.emit("argmax", [cut], { axis: along.axis });
  const best = b.emit("argmax", [b.emit("take", [cut, where], along)], { axis: rows.length });
  const inside = b.emit("take", [where, best], { axis: rows.length, batch: rows.length });
  return b.emit("add", [b.emit("mul", [best, scalarConstant(b, "i32", columns)]), inside], {}, name);
}

/** A size as a number of the program. */
function sizeOf(size: Dim, b: Builder): Value {
  const known = size.asNumber();
  if (known !== undefined) return scalarConstant(b, "f32", known);
  const count = b.emit("add", [lastOf(size, b), scalarConstant(b, "i32", 1)]);
  return b.emit("cast", [count], { dtype: "f32" });
}

/** The last place of an axis, i32[]. */
function lastOf(size: Dim, b: Builder): Value {
  const known = size.asNumber();
  if (known !== undefined) return scalarConstant(b, "i32", known - 1);
  const places = b.emit("iota", [], { shape: [size], axis: 0 });
  const last = b.emit("slice", [places], { axis: 0, start: size.sub(1), end: size });
  return b.emit("reshape", [last], { shape: [] });
}
