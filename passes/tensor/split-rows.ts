/**
 * split-rows: a reduction of few long rows becomes one of chunks of the rows, and one of what the chunks gave:
 * `sum(x[r, :]) = sum_c sum(x[r, c, :])`, the same for the largest and the smallest; a mean is a sum divided at the end;
 * argmax asks the chunks for where their largest is, and then which of these is the largest of all. A workgroup takes a
 * row, so one row of a million elements would leave a GPU idle. From which length on, and how long a chunk is at most, says the
 * profile. Rows that
 * no whole number of chunks makes up are filled with what changes nothing.
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Module, Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import type { DType, Dims } from "../../src/ir/type.ts";
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
      rewriteFunc(func, context.ops, (op, [x], b) => {
        const split = splitOf(op, context);
        return split === undefined || !x ? undefined : [inChunks(op, x, split, b)];
      }),
    ),
};

interface Split {
  readonly fold: Fold;
  readonly chunks: number;
  /** Elements of one. */
  readonly columns: number;
}

function splitOf(op: Op, { info, capacities }: PassContext): Split | undefined {
  const { rowSplit } = info.tiles;
  const fold = FOLDS.find((name) => name === op.name);
  const { dtype, dims } = op.operands[0]?.type ?? {};
  const size = dims?.at(-1);
  if (rowSplit === undefined || fold === undefined || dims === undefined || size === undefined) return undefined;
  const isWord = dtype === "f32" || dtype === "i32" || dtype === "u32";
  if (!isWord || axisAttr(op, dims.length) !== dims.length - 1) return undefined;
  const [rows, most] = [Dim.product(dims.slice(0, -1)), size].map((count) => sizeUnder(count, capacities));
  if (rows === undefined || most === undefined || rows > rowSplit.mostRows || most < rowSplit.least) return undefined;
  const fewest = Math.ceil(most / rowSplit.columns);
  const length = size.asNumber();
  for (let chunks = fewest; length !== undefined && chunks <= MOST_MORE * fewest; chunks++)
    if (length % (chunks * VECTOR) === 0) return { fold, chunks, columns: length / chunks };
  return { fold, chunks: fewest, columns: rowSplit.columns };
}

function inChunks(op: Op, x: Value, { fold, chunks, columns }: Split, b: Builder): Value {
  const { dtype, dims } = x.type;
  const rows = dims.slice(0, -1);
  const size = defined(dims.at(-1), "a row");
  const axis = rows.length;
  const missing = Dim.of(chunks * columns).sub(size);
  const whole = missing.equals(0) ? x : b.emit("pad", [x], { axis, before: 0, after: missing, value: neutral(fold, dtype) }); // prettier-ignore
  const cut = b.emit("reshape", [whole], { shape: [...rows, chunks, columns] });
  const { name } = result(op);
  const keep = op.attrs["keep"] === true;
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
  const places = b.emit("iota", [], { shape: [size], axis: 0 });
  const last = b.emit("slice", [places], { axis: 0, start: size.sub(1), end: size });
  const count = b.emit("add", [b.emit("reshape", [last], { shape: [] }), scalarConstant(b, "i32", 1)]);
  return b.emit("cast", [count], { dtype: "f32" });
}
