/**
 * Builds one kernel: values are made in order, loops and branches take callbacks for their bodies. Operands of wrong
 * types are an `InternalError` at once. Constants, built-ins, scalars and sizes are shared and stand at the kernel's
 * top, so a value of theirs may be used in any scope. Only integer arithmetic on literals is folded here; the rest is
 * the work of simplify-index.
 */
import { Dim } from "../support/dim.ts";
import { InternalError } from "../support/errors.ts";
import type { Loc } from "../support/source.ts";
import { foldInteger } from "./fold-integer.ts";
import { BOOL, F32, I32, U32, loadType, sameKType } from "./ir.ts";
import type {
  BinaryOp, Buffer, Builtin, Element, Expression, Extent, KScalarParam, KType, KValue, Kernel, Statement, UnaryOp,
} from "./ir.ts"; // prettier-ignore
import { ktypeText } from "./names.ts";
import { COMPARISONS } from "./vocabulary.ts";

/** A value, or a literal that takes the type of the other operand (i32 where there is none). */
export type Operand = KValue | number;

/** What a body yields; nothing where it carries nothing. */
export type Yields = readonly KValue[] | void;

export interface LoopOptions {
  /** 0 if absent. */
  readonly from?: Operand;
  /** Exclusive. */
  readonly to: Operand;
  /** 1 if absent. */
  readonly step?: Operand;
  /** First values of what the loop carries. */
  readonly carried?: readonly KValue[];
  /** Write the body out once per iteration: from, to and step are literals. */
  readonly unroll?: boolean;
  /** Name of the index. */
  readonly name?: string;
}

export interface KernelOptions {
  readonly workgroup?: readonly [number, number, number];
  readonly grid: readonly [Extent, Extent, Extent];
  readonly inPlace?: readonly (readonly [number, number])[];
  readonly requires?: readonly string[];
  readonly locs?: readonly Loc[];
}

/** Where statements are collected; made and filled by the builder only. */
export type Scope = Statement[];

export class KernelBuilder {
  private readonly shared: Statement[] = [];
  private body: Statement[] = [];
  private readonly sharedValues = new Map<string, KValue>();
  private readonly literals = new Map<KValue, number>();
  private readonly buffers: Buffer[] = [];
  private readonly locals: Buffer[] = [];
  private readonly scalars: { readonly param: KScalarParam; readonly value: KValue }[] = [];
  private loc: Loc | undefined;

  constructor(private readonly name: string) {}

  /** The place in the source that the following statements come from. */
  at(loc: Loc | undefined): this {
    this.loc = loc;
    return this;
  }

  /** The next storage buffer, in binding order. `length` counts elements, or vectors where `lanes > 1`. */
  buffer(name: string, access: Buffer["access"], element: Element, length: Dim | number, lanes: 1 | 2 | 4 = 1): Buffer {
    const made: Buffer = { name, space: "storage", access, element, lanes, length: Dim.of(length) };
    this.buffers.push(made);
    return made;
  }

  /** Memory of the workgroup or of one invocation, of fixed length. */
  local(name: string, space: "workgroup" | "private", element: Element, length: number, lanes: 1 | 2 | 4 = 1): Buffer {
    const made: Buffer = { name, space, access: "read_write", element, lanes, length: Dim.of(length) };
    this.locals.push(made);
    return made;
  }

  /** A scalar that the host passes; asked for again by the same name it is the same value. */
  scalar(name: string, from: KScalarParam["from"], type: KType = I32): KValue {
    const found = this.scalars.find((scalar) => scalar.param.name === name);
    if (found !== undefined) return found.value;
    const value = { type, name };
    this.scalars.push({ param: { name, type, from }, value });
    return value;
  }

  /** The value of a size: its symbols become `call` scalars. */
  dim(size: Dim): KValue {
    const literal = size.asNumber();
    if (literal !== undefined) return this.i32(literal);
    return this.share(`dim ${size.toString()}`, () => {
      const terms = size.entries().map(([symbols, coefficient]) => {
        const factors = symbols.map((symbol) => this.scalar(symbol, "call"));
        return factors.reduce<KValue>((all, factor) => this.mul(all, factor), this.i32(coefficient));
      });
      return terms.reduce((all, term) => this.add(all, term));
    });
  }

  const_(value: number, type: KType, name = ""): KValue {
    const key = `const ${ktypeText(type)} ${Object.is(value, -0) ? "-0" : value}`;
    const made = this.share(key, () => this.emit({ kind: "constant", value }, type, name));
    this.literals.set(made, value);
    return made;
  }
  i32(value: number): KValue {
    return this.const_(value, I32);
  }
  u32(value: number): KValue {
    return this.const_(value, U32);
  }
  f32(value: number): KValue {
    return this.const_(value, F32);
  }
  bool(value: boolean): KValue {
    return this.const_(value ? 1 : 0, BOOL);
  }
  builtin(name: Builtin): KValue {
    return this.share(`builtin ${name}`, () => this.emit({ kind: "builtin", name }, I32, name));
  }

  unary(op: UnaryOp, x: KValue, name = ""): KValue {
    return this.emit({ kind: "unary", op, x }, x.type, name);
  }
  neg(x: KValue, name = ""): KValue {
    return this.unary("neg", x, name);
  }
  exp(x: KValue, name = ""): KValue {
    return this.unary("exp", x, name);
  }
  not(x: KValue, name = ""): KValue {
    return this.unary("not", x, name);
  }

  binary(op: BinaryOp, left: Operand, right: Operand, name = ""): KValue {
    const [x, y] = this.pair(left, right);
    if (!sameKType(x.type, y.type))
      throw new InternalError(`kernel ${this.name}: ${op} of ${ktypeText(x.type)} and ${ktypeText(y.type)}`);
    const folded = this.fold(op, x, y);
    if (folded !== undefined) return folded;
    const scalar = COMPARISONS.includes(op) ? "bool" : x.type.scalar;
    return this.emit({ kind: "binary", op, x, y }, { scalar, lanes: op === "dot" ? 1 : x.type.lanes }, name);
  }
  add(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("add", x, y, name);
  }
  sub(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("sub", x, y, name);
  }
  mul(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("mul", x, y, name);
  }
  div(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("div", x, y, name);
  }
  rem(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("rem", x, y, name);
  }
  min(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("min", x, y, name);
  }
  max(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("max", x, y, name);
  }
  and(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("and", x, y, name);
  }
  or(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("or", x, y, name);
  }
  eq(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("eq", x, y, name);
  }
  lt(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("lt", x, y, name);
  }
  le(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("le", x, y, name);
  }
  gt(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("gt", x, y, name);
  }
  ge(x: Operand, y: Operand, name = ""): KValue {
    return this.binary("ge", x, y, name);
  }

  /** x * y + z. */
  fma(x: KValue, y: KValue, z: KValue, name = ""): KValue {
    this.same("fma", x, y);
    this.same("fma", x, z);
    return this.emit({ kind: "fma", x, y, z }, x.type, name);
  }
  /** `condition ? x : y`; both are evaluated. */
  select(condition: KValue, left: Operand, right: Operand, name = ""): KValue {
    const [x, y] = this.pair(left, right);
    this.same("select", x, y);
    return this.emit({ kind: "select", condition, x, y }, x.type, name);
  }
  cast(x: KValue, type: KType, name = ""): KValue {
    return sameKType(x.type, type) ? x : this.emit({ kind: "cast", x }, type, name);
  }
  bitcast(x: KValue, type: KType, name = ""): KValue {
    return sameKType(x.type, type) ? x : this.emit({ kind: "bitcast", x }, type, name);
  }
  /** A vector of these scalars, all of one type. */
  vector(parts: readonly KValue[], name = ""): KValue {
    const first = parts[0];
    if (first === undefined || (parts.length !== 2 && parts.length !== 4))
      throw new InternalError(`kernel ${this.name}: a vector has 2 or 4 parts, not ${parts.length}`);
    parts.forEach((part) => this.same("vector", first, part));
    return this.emit({ kind: "vector", parts }, { scalar: first.type.scalar, lanes: parts.length }, name);
  }
  /** A vector of one scalar repeated. */
  splat(x: KValue, lanes: 1 | 2 | 4, name = ""): KValue {
    return lanes === 1
      ? x
      : this.emit({ kind: "vector", parts: [x] }, { scalar: x.type.scalar, lanes }, name || x.name);
  }
  extract(x: KValue, lane: number, name = ""): KValue {
    return this.emit({ kind: "extract", x, lane }, { scalar: x.type.scalar, lanes: 1 }, name);
  }

  load(buffer: Buffer, index: Operand, name = ""): KValue {
    return this.emit({ kind: "load", buffer, index: this.operand(index, I32) }, loadType(buffer), name || buffer.name);
  }
  store(buffer: Buffer, index: Operand, value: KValue): void {
    if (!sameKType(value.type, loadType(buffer)))
      throw new InternalError(`kernel ${this.name}: ${ktypeText(value.type)} stored in ${buffer.name}`);
    this.body.push({ kind: "store", buffer, index: this.operand(index, I32), value });
  }
  barrier(): void {
    this.body.push({ kind: "barrier" });
  }
  workgroupReduce(op: "add" | "max" | "min", x: KValue, name = ""): KValue {
    return this.emit({ kind: "workgroup_reduce", op, x }, x.type, name);
  }
  /** The value that invocation `lane` (counted along x, then y, then z) has. */
  workgroupBroadcast(x: KValue, lane = 0, name = ""): KValue {
    return this.emit({ kind: "workgroup_broadcast", x, lane }, x.type, name);
  }
  subgroupReduce(op: "add" | "max" | "min", x: KValue, name = ""): KValue {
    return this.emit({ kind: "subgroup_reduce", op, x }, x.type, name);
  }
  /** A function of `intrinsics.ts`. */
  intrinsic(callee: string, args: readonly KValue[], type: KType, name = ""): KValue {
    return this.emit({ kind: "intrinsic", name: callee, args }, type, name);
  }

  /** `for (index = from; index < to; index += step)`. Returns the carried values after the last iteration. */
  forLoop(options: LoopOptions, make: (index: KValue, carried: readonly KValue[]) => Yields): readonly KValue[] {
    const [from, to, step] = [options.from ?? 0, options.to, options.step ?? 1].map((x) => this.operand(x, I32)) as [
      KValue,
      KValue,
      KValue,
    ];
    const index: KValue = { type: I32, name: options.name ?? "i" };
    const carried = (options.carried ?? []).map((init) => ({
      arg: { type: init.type, name: init.name },
      init,
      result: { type: init.type, name: init.name },
    }));
    const args = carried.map(({ arg }) => arg);
    const [body, yields] = this.nested(() => make(index, args));
    this.yielded("for", args, yields);
    this.body.push({ kind: "for", index, from, to, step, carried, body, yields, unroll: options.unroll ?? false });
    return carried.map(({ result }) => result);
  }

  /** A branch. Both sides yield as many values, of the same types; the results stand for them afterwards. */
  ifThen(condition: KValue, makeThen: () => Yields, makeElse: () => Yields = () => []): readonly KValue[] {
    const [then, thenYields] = this.nested(makeThen);
    const [otherwise, elseYields] = this.nested(makeElse);
    this.yielded("if", thenYields, elseYields);
    const results = thenYields.map(({ type, name }) => ({ type, name }));
    this.body.push({ kind: "if", condition, then, thenYields, else: otherwise, elseYields, results });
    return results;
  }

  /** The statements that are being collected now: the kernel's body, or the body of the innermost loop or branch. */
  get scope(): Scope {
    return this.body;
  }

  /** Builds at the end of an enclosing scope, before the loops and branches that are being built in it. */
  inScope<V>(scope: Scope, make: () => V): V {
    const outer = this.body;
    this.body = scope;
    const made = make();
    this.body = outer;
    return made;
  }

  finish(options: KernelOptions): Kernel {
    return {
      name: this.name,
      buffers: this.buffers,
      scalars: this.scalars.map(({ param }) => param),
      scalarValues: this.scalars.map(({ value }) => value),
      locals: this.locals,
      workgroup: options.workgroup ?? [1, 1, 1],
      grid: options.grid,
      inPlace: options.inPlace ?? [],
      requires: options.requires ?? [],
      body: [...this.shared, ...this.body],
      locs: options.locs ?? [],
    };
  }

  private emit(expression: Expression, type: KType, name: string): KValue {
    const result: KValue = { type, name };
    this.body.push({ kind: "let", result, expression, ...(this.loc === undefined ? {} : { loc: this.loc }) });
    return result;
  }

  /** Makes a value once, at the kernel's top. */
  private share(key: string, make: () => KValue): KValue {
    const found = this.sharedValues.get(key);
    if (found !== undefined) return found;
    const [outer, loc] = [this.body, this.loc];
    this.body = this.shared;
    this.loc = undefined;
    const made = make();
    this.body = outer;
    this.loc = loc;
    this.sharedValues.set(key, made);
    return made;
  }

  private nested(make: () => Yields): [readonly Statement[], readonly KValue[]] {
    const outer = this.body;
    const body: Statement[] = [];
    this.body = body;
    const yields = make() ?? [];
    this.body = outer;
    return [body, yields];
  }

  private operand(x: Operand, type: KType): KValue {
    return typeof x === "number" ? this.const_(x, type) : x;
  }

  private pair(x: Operand, y: Operand): [KValue, KValue] {
    const type = typeof x !== "number" ? x.type : typeof y !== "number" ? y.type : I32;
    return [this.operand(x, type), this.operand(y, type)];
  }

  private fold(op: BinaryOp, x: KValue, y: KValue): KValue | undefined {
    if (x.type.scalar !== "i32" || x.type.lanes !== 1) return undefined;
    const folded = foldInteger(
      op,
      { value: x, literal: this.literals.get(x) },
      { value: y, literal: this.literals.get(y) },
    );
    return typeof folded === "number" ? this.i32(folded) : folded;
  }

  private same(what: string, x: KValue, y: KValue): void {
    if (!sameKType(x.type, y.type))
      throw new InternalError(`kernel ${this.name}: ${what} of ${ktypeText(x.type)} and ${ktypeText(y.type)}`);
  }

  private yielded(what: string, wanted: readonly KValue[], found: readonly KValue[]): void {
    if (wanted.length !== found.length)
      throw new InternalError(`kernel ${this.name}: a ${what} yields ${found.length} values, not ${wanted.length}`);
    wanted.forEach((value, i) => this.same(`yield ${i} of ${what}`, value, found[i] ?? value));
  }
}
