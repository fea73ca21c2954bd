/**
 * split-weights: a weight that is larger than a binding of the device is read in pieces (`weight-cuts.ts`). Whoever reads
 * it gets the pieces joined again, with three exceptions that read no more than they must: a product by it becomes a
 * product by each piece, whose columns are joined; a lookup asks the piece that has the row; and a product by what was
 * looked up (the matrix of an expert that was chosen) becomes a product by what each piece gave, of which all but one
 * stand where a `select` does not look, so that their kernel leaves them out (`needed-products.ts`).
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Func, Module, Op, Value } from "../../src/ir/ir.ts";
import { result, value, walk } from "../../src/ir/ir.ts";
import type { ParamRows } from "../../src/ir/param-rows.ts";
import { rowsAttr } from "../../src/ir/param-rows.ts";
import { removeDead } from "../../src/ir/remove-dead.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { tensorType } from "../../src/ir/type.ts";
import type { Limits } from "../../src/kernel/target-info.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { axisAttr, numberAttr, numbersAttr } from "./attrs.ts";
import { scalarConstant } from "./constants.ts";
import { join } from "./join.ts";
import { mapFuncs } from "./map-funcs.ts";
import { cutsOf } from "./weight-cuts.ts";

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

function splitFunc(func: Func, { ops, info }: PassContext): Func {
  let isNeeded = false;
  walk(func.body, (op) => {
    if (op.name === "param" && cutsOf(result(op).type, info.limits) !== undefined) isNeeded = true;
  });
  if (!isNeeded) return func;
  const known = new Map<Value, Parts>();
  const rewritten = rewriteFunc(func, ops, (op, operands, b) => {
    const split = new Splitter(known, info.limits, b).apply(op, operands);
    return split === undefined ? undefined : [split];
  });
  return removeDead(rewritten, ops);
}

/** A value that is other values side by side along an axis. */
interface Pieces {
  readonly kind: "pieces";
  readonly parts: readonly Value[];
  readonly axis: number;
}

/** A value each of whose elements is that of one of others: of the one that holds the rows where `index` says. */
interface Choice {
  readonly kind: "choice";
  readonly parts: readonly Value[];
  /** The first row of each part. */
  readonly starts: readonly number[];
  readonly index: Value;
  /** The axes of the value that the axes of the index are, in order. */
  readonly axes: readonly number[];
}

type Parts = Pieces | Choice;

class Splitter {
  constructor(
    private readonly known: Map<Value, Parts>,
    private readonly limits: Limits,
    private readonly b: Builder,
  ) {}

  /** What the op makes, if it can be made from parts of its operands or is a parameter in pieces. */
  apply(op: Op, operands: readonly (Value | null)[]): Value | undefined {
    const [first, second] = operands.map((operand) => (operand === null ? undefined : this.known.get(operand)));
    const { name } = result(op);
    if (op.name === "param") return this.parameter(op);
    if (op.name === "matmul" && second !== undefined)
      return this.product(op, defined(operands[0], "a product has two operands"), second);
    if (first === undefined) return undefined;
    const { parts } = first;
    if (op.name === "cast") return this.whole({ ...first, parts: parts.map((part) => this.emit(op, [part])) }, name);
    if (op.name === "transpose") return this.transposed(op, first);
    if (op.name !== "take") return undefined;
    return this.taken(op, first, defined(operands[1], "take has an index"));
  }

  private emit(op: Op, operands: readonly Value[]): Value {
    return this.apply(op, operands) ?? this.b.emit(op.name, operands, op.attrs, result(op).name);
  }

  /** The value of these parts, for those who read all of it. */
  private whole(parts: Parts, name = ""): Value {
    const made =
      parts.kind === "pieces" ? join(parts.parts, parts.axis, this.limits, this.b, name) : this.chosen(parts, name);
    this.known.set(made, parts);
    return made;
  }

  private chosen(choice: Choice, name: string): Value {
    return choice.parts.reduce((found, part, i) => {
      const isBehind = this.along(choice, this.compared("ge", choice.index, choice.starts[i]));
      return this.b.emit("select", [isBehind, part, found], {}, name);
    });
  }

  /** The same, but each condition holds for one part alone, also where kernels know a few of the parts each. */
  private chosenApart(choice: Choice, name: string): Value {
    const { parts, index, starts } = choice;
    return parts.reduce(
      (found, part, i) => {
        const from = i === 0 ? undefined : this.compared("ge", index, starts[i]);
        const to = i === parts.length - 1 ? undefined : this.compared("lt", index, starts[i + 1]);
        const isIn = from && to ? this.b.emit("and", [from, to]) : defined(from ?? to, "there are several parts");
        return this.b.emit("select", [this.along(choice, isIn), part, found], {}, name);
      },
      scalarConstant(this.b, defined(parts[0], "there are several parts").type.dtype, 0),
    );
  }

  private compared(op: "ge" | "lt", index: Value, start: number | undefined): Value {
    const number = scalarConstant(this.b, index.type.dtype, defined(start, "a part starts somewhere"));
    return this.b.emit(op, [index, number]);
  }

  private along({ parts, axes }: Choice, condition: Value): Value {
    const shape = Array.from({ length: rankOf(parts[0]) }, (_, axis) => condition.type.dims[axes.indexOf(axis)] ?? Dim.of(1)); // prettier-ignore
    return this.b.emit("reshape", [condition], { shape });
  }

  private parameter(op: Op): Value | undefined {
    const { type, name } = result(op);
    const cuts = cutsOf(type, this.limits);
    if (cuts === undefined) return undefined;
    // Pieces of rows of all matrices, each of which is pieces of matrices: what is made from them is joined once.
    const cut = (axis: number, rows: ParamRows): Value => {
      if (axis < 0) return this.piece(op, rows);
      const ranges = defined(cuts[axis], "ranges along the axis");
      return this.whole({ kind: "pieces", parts: ranges.map((range) => cut(axis - 1, [range, ...rows])), axis }, name);
    };
    return cut(cuts.length - 1, []);
  }

  private piece(op: Op, rows: ParamRows): Value {
    const { type, name } = result(op);
    const sizes = rows.map(({ from, to }) => to - from);
    const part = value(tensorType(type.dtype, [...sizes, ...type.dims.slice(rows.length)]), name);
    this.b.push({ ...op, attrs: { ...op.attrs, rows: rowsAttr(rows) }, results: [part] });
    return part;
  }

  private transposed(op: Op, from: Parts): Value | undefined {
    const perm = numbersAttr(op, "perm");
    const make = (): readonly Value[] => from.parts.map((part) => this.emit(op, [part]));
    if (from.kind === "pieces") return this.whole({ ...from, parts: make(), axis: perm.indexOf(from.axis) }, result(op).name); // prettier-ignore
    const axes = from.axes.map((axis) => perm.indexOf(axis));
    const isInOrder = axes.every((axis, i) => i === 0 || axis > (axes[i - 1] ?? 0));
    return isInOrder ? this.whole({ ...from, parts: make(), axes }, result(op).name) : undefined;
  }

  private taken(op: Op, from: Parts, index: Value): Value | undefined {
    if (from.kind === "choice" || numberAttr(op, "batch") !== 0) return undefined;
    const axis = axisAttr(op, rankOf(from.parts[0]));
    if (axis === from.axis) return this.lookup(op, from, index);
    const moved = from.axis < axis ? from.axis : from.axis + rankOf(index) - 1;
    return this.whole({ ...from, parts: from.parts.map((part) => this.emit(op, [part, index])), axis: moved });
  }

  /** Each index is looked up in the piece that has it; in the others it is clamped, and the answer not used. */
  private lookup(op: Op, { parts, axis }: Pieces, index: Value): Value {
    const starts = startsOf(parts, axis).map((start) => defined(start.asNumber(), "rows are a number"));
    const own = parts.map((part, i) => {
      const start = scalarConstant(this.b, index.type.dtype, defined(starts[i], "a piece starts somewhere"));
      return this.emit(op, [part, i === 0 ? index : this.b.emit("sub", [index, start])]);
    });
    const axes = index.type.dims.map((_, i) => axis + i);
    return this.whole({ kind: "choice", parts: own, starts, index, axes }, result(op).name);
  }

  /** `x @ [p, q] = [x @ p, x @ q]` for columns, `[x, y] @ [p, q] = x @ p + y @ q` for terms, and `x @ (c ? p : q) = c ? x @ p :
   * x @ q` where c is one for a matrix. Pieces of matrices are joined. */
  private product(op: Op, left: Value, right: Parts): Value | undefined {
    const { parts } = right;
    const { name, type } = result(op);
    const [rank, resultRank] = [rankOf(parts[0]), type.dims.length];
    if (right.kind === "choice") {
      if (right.axes.some((axis) => axis >= rank - 2)) return undefined;
      const products = parts.map((part) => this.emit(op, [left, part]));
      const axes = right.axes.map((axis) => axis + resultRank - rank);
      return this.chosenApart({ ...right, parts: products, axes }, name);
    }
    const { axis } = right;
    if (axis < rank - 2) return undefined;
    if (axis === rank - (op.attrs["transpose_b"] === true ? 2 : 1)) {
      const products = parts.map((part) => this.emit(op, [left, part]));
      return join(products, resultRank - 1, this.limits, this.b, name);
    }
    const terms = rankOf(left) - (op.attrs["transpose_a"] === true ? 2 : 1);
    const starts = startsOf(parts, axis);
    const products = parts.map((part, i) => {
      const start = defined(starts[i], "a piece starts somewhere");
      const end = start.add(defined(part.type.dims[axis], "a piece has the axis"));
      return this.emit(op, [this.b.emit("slice", [left], { axis: terms, start, end }), part]);
    });
    return products.reduce((sum, one) => this.b.emit("add", [sum, one], {}, name));
  }
}

/** Where the pieces start along their axis. */
function startsOf(parts: readonly Value[], axis: number): readonly Dim[] {
  let end = Dim.of(0);
  return parts.map((part) => {
    const start = end;
    end = start.add(defined(part.type.dims[axis], "a piece has the axis"));
    return start;
  });
}

function rankOf(x: Value | undefined): number {
  return defined(x, "an operand").type.dims.length;
}
