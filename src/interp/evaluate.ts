/**
 * The reference interpreter: what a function means, in f64 with plain loops. It knows the region ops and parameters;
 * every other op's meaning is its record's `evaluate`. Slow and obvious on purpose: every faster executor is compared
 * with it. The function must have passed the verifier.
 */
import { firstRow, paramRows } from "../ir/param-rows.ts";
import { InternalError, assertNever, defined } from "../support/errors.ts";
import type { Block, Func, Op, Value } from "../ir/ir.ts";
import type { EvaluateContext, OpTable, Tensor } from "../ir/op-def.ts";
import { padded } from "../ir/op-def.ts";
import { resolvePath } from "../ir/param-path.ts";
import { isRegionName } from "../ir/region-types.ts";
import type { RegionName } from "../ir/region-types.ts";
import { isFloat, typeText } from "../ir/type.ts";
import type { TensorType } from "../ir/type.ts";
import { positionOf, stack } from "./axis.ts";
import { rounding } from "./rounding.ts";
import type { Mode, Round } from "./rounding.ts";

/** What a value holds: a tensor, or the members of a family. */
export type Datum = Tensor | readonly Tensor[];

export interface EvaluateOptions {
  readonly ops: OpTable;
  /** The tensor of a resolved path (`layers.7.weight`), with its values as stored. */
  readonly params: (path: string) => Tensor;
  /** The size of each symbol. */
  readonly symbols: Readonly<Record<string, number>>;
  readonly mode: Mode;
  /** Called for each value when it is known, in each iteration of a loop. `op` made it; block arguments are not told. */
  readonly onValue?: (value: Value, datum: Datum, op: Op) => void;
}

/**
 * Runs the function. `args` and the answer are keyed by the names of arguments and results. Throws `InternalError`
 * where an argument or a parameter is missing or has another shape than its type.
 */
export function evaluate(
  func: Func,
  args: Readonly<Record<string, Datum>>,
  options: EvaluateOptions,
): Record<string, Datum> {
  const interpreter = new Interpreter(options);
  const values = func.args.map((arg) => defined(args[arg.name], `@${func.name}: no argument %${arg.name}`));
  values.forEach((datum, i) => {
    const arg = func.args[i];
    if (arg !== undefined) interpreter.check(datum, arg.value.type, `@${func.name}: argument %${arg.name}`);
  });
  const yields = interpreter.block(func.body, values);
  return Object.fromEntries(func.results.map((result, i) => [result.name, defined(yields[i], "no such result")]));
}

class Interpreter {
  private readonly values = new Map<Value, Datum>();
  private readonly indices: Record<string, number> = {};
  private readonly round: Round;

  constructor(private readonly options: EvaluateOptions) {
    this.round = rounding(options.mode);
  }

  /** Runs a block; a value keeps only its latest content, which is all a later iteration may see. */
  block(block: Block, args: readonly Datum[]): readonly Datum[] {
    block.args.forEach((arg, i) => this.values.set(arg, defined(args[i], "a block argument is missing")));
    for (const op of block.ops) {
      const results = this.op(op);
      op.results.forEach((value, i) => {
        const datum = defined(results[i], `${op.name} has no result ${i}`);
        this.check(datum, value.type, `the result of ${op.name}`);
        this.values.set(value, datum);
        this.options.onValue?.(value, datum, op);
      });
    }
    return block.yields.map((value) => this.get(value));
  }

  /** Throws unless the datum has the type's element type and, under the symbols, its sizes. */
  check(datum: Datum, type: TensorType, what: string): void {
    const members = isTensor(datum) ? [datum] : datum;
    const dims = this.sizes(type);
    const count = dims.reduce((all, size) => all * size, 1);
    const isFamily = !isTensor(datum);
    if (isFamily !== (type.family !== undefined) || (type.family ?? 1) !== members.length)
      throw new InternalError(`${what} has ${members.length} members for ${typeText(type)}`);
    for (const { dtype, dims: found, data } of members) {
      const isFit = dtype === type.dtype && found.length === dims.length && found.every((size, i) => size === dims[i]);
      if (!isFit || data.length !== count)
        throw new InternalError(`${what} is ${dtype}[${found.join(", ")}], its type ${typeText(type)} is [${dims.join(", ")}]`); // prettier-ignore
    }
  }

  private parameter(op: Op): Tensor {
    const whole = this.options.params(resolvePath(String(op.attrs["path"]), this.indices));
    const rows = paramRows(op.attrs);
    if (rows === undefined) return whole;
    const dims = [...rows.map(({ from, to }) => to - from), ...whole.dims.slice(rows.length)];
    const sizeOf = (of: readonly number[]): number => of.reduce((product, size) => product * size, 1);
    const start = firstRow(rows) * sizeOf(whole.dims.slice(rows.length));
    return { ...whole, dims, data: whole.data.slice(start, start + sizeOf(dims)) };
  }

  private op(op: Op): readonly Datum[] {
    if (isRegionName(op.name)) return this.region(op, op.name);
    if (op.name === "param") return [this.parameter(op)];
    const def = defined(this.options.ops.get(op.name), `no op named ${op.name}`);
    const operands = op.operands.map((value) => (value === null ? null : this.tensor(value)));
    const context: EvaluateContext = {
      results: op.results.map(({ type }) => ({ dtype: type.dtype, dims: this.stackedSizes(type) })),
      symbols: this.options.symbols,
      round: this.round,
    };
    const results = def.evaluate(padded(def, operands), op.attrs, context);
    return results.map((tensor, i) => this.member(this.stored(tensor), op.results[i]?.type));
  }

  private region(op: Op, name: RegionName): readonly Datum[] {
    const [body] = op.regions;
    if (body === undefined) throw new InternalError(`${op.name} has no block`);
    const operands = op.operands.map((value) => this.get(defined(value, `${op.name} lacks an operand`)));
    switch (name) {
      case "group":
        return this.block(body, operands);
      case "repeat":
        return this.repeat(op, body, operands);
      case "scan":
        return this.scan(op, body, operands);
      default:
        return assertNever(name, "region op");
    }
  }

  private repeat(op: Op, body: Block, operands: readonly Datum[]): readonly Datum[] {
    const [carried, ys] = this.iterate(op, body, operands, Number(op.attrs["count"]), (xs, i) =>
      isTensor(xs) ? xs : defined(xs[i], `a family has no member ${i}`),
    );
    return [...carried, ...ys];
  }

  private scan(op: Op, body: Block, operands: readonly Datum[]): readonly Datum[] {
    const axis = Number(op.attrs["axis"]);
    const first = operands[Number(op.attrs["carries"])];
    if (first === undefined || !isTensor(first)) throw new InternalError("a scan needs at least one of the xs");
    const length = defined(first.dims[axis], `the first of the xs has no axis ${axis}`);
    const [carried, ys] = this.iterate(op, body, operands, length, (xs, t) =>
      isTensor(xs) ? positionOf(xs, axis, t) : xs,
    );
    return [...carried, ...ys.map((members) => stack(members, axis))];
  }

  /** The loop that repeat and scan share. Returns the last carried values and, for each y, its members in order. */
  private iterate(
    op: Op,
    body: Block,
    operands: readonly Datum[],
    count: number,
    memberAt: (xs: Datum, i: number) => Tensor | readonly Tensor[],
  ): readonly [readonly Datum[], readonly (readonly Tensor[])[]] {
    const carries = Number(op.attrs["carries"]);
    const xs = operands.slice(carries);
    const ys = op.results.slice(carries).map((): Tensor[] => []);
    let carried = operands.slice(0, carries);
    const index = op.attrs["index"];
    for (let i = 0; i < count; i++) {
      if (typeof index === "string") this.indices[index] = i;
      const members = xs.map((each) => memberAt(each, i));
      const yields = this.block(body, [...carried, ...members]);
      carried = yields.slice(0, carries);
      yields.slice(carries).forEach((datum, j) => {
        if (isTensor(datum)) ys[j]?.push(datum);
      });
    }
    return [carried, ys];
  }

  /** Every result is stored in its type, whether or not the op's own meaning rounded before. */
  private stored(tensor: Tensor): Tensor {
    const { dtype, data } = tensor;
    if (dtype === "f64" || (this.options.mode === "exact" && isFloat(dtype))) return tensor;
    return { ...tensor, data: data.map((x) => this.round(x, dtype)) };
  }

  /** A listed op answers for a family with one tensor that has the members along a leading axis. */
  private member(tensor: Tensor, type: TensorType | undefined): Datum {
    if (type?.family === undefined) return tensor;
    return Array.from({ length: type.family }, (_, i) => positionOf(tensor, 0, i));
  }

  private stackedSizes(type: TensorType): readonly number[] {
    return type.family === undefined ? this.sizes(type) : [type.family, ...this.sizes(type)];
  }

  private sizes(type: TensorType): readonly number[] {
    return type.dims.map((dim) => dim.evaluate(this.options.symbols));
  }

  private get(value: Value): Datum {
    return defined(this.values.get(value), `the value %${value.name} is not computed yet`);
  }

  private tensor(value: Value): Tensor {
    const datum = this.get(value);
    if (!isTensor(datum)) throw new InternalError(`%${value.name} is a family; only a repeat takes one`);
    return datum;
  }
}

export function isTensor(datum: Datum): datum is Tensor {
  return !Array.isArray(datum);
}
