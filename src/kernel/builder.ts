/**
 * Builds one kernel: values are made in order, loops and branches take callbacks for their bodies. Operands of wrong
 * types are an `InternalError` at once. Constants, built-ins, scalars and sizes are shared and stand at the kernel's
 * top, so a value of theirs may be used in any scope. Only integer arithmetic on literals is folded here; the rest is
 * the work of simplify-index.
 */
import { Dim } from "../support/dim.ts";
import { InternalError } from "../support/errors.ts";
import type { Loc } from "../support/source.ts";
import { I32, loadType, sameKType } from "./ir.ts";
import type { BinaryOp, Buffer, Element, Extent, KScalarParam, KType, KValue, Kernel, UnaryOp } from "./ir.ts";
import { KernelDraft } from "./kernel-draft.ts";
import type { Operand, Yields } from "./kernel-draft.ts";
import { ktypeText } from "./names.ts";
import { COMPARISONS } from "./vocabulary.ts";

export type { Operand, Scope, Yields } from "./kernel-draft.ts";

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

export class KernelBuilder extends KernelDraft {
  private readonly buffers: Buffer[] = [];
  private readonly locals: Buffer[] = [];
  private readonly scalars: { readonly param: KScalarParam; readonly value: KValue }[] = [];

  /** The next storage buffer, in binding order. `length` counts elements, or vectors where `lanes > 1`. */
  buffer(
    name: string,
    access: Buffer["access"],
    element: Element,
    length: Dim | number,
    lanes: 1 | 2 | 4 = 1,
    isFinite = false,
  ): Buffer {
    const made: Buffer = {
      ...{ name, space: "storage", access, element, lanes, length: Dim.of(length) },
      ...(isFinite ? { isFinite } : {}),
    };
    this.buffers.push(made);
    return made;
  }

  /** Memory of the workgroup or of one invocation, of fixed length. */
  local(name: string, space: "workgroup" | "private", element: Element, length: number, lanes: 1 | 2 | 4 = 1): Buffer {
    const isTaken = (word: string): boolean => [...this.buffers, ...this.locals].some((other) => other.name === word);
    let own = name;
    for (let n = 1; isTaken(own); n++) own = `${name}_own${n === 1 ? "" : n}`;
    const made: Buffer = { name: own, space, access: "read_write", element, lanes, length: Dim.of(length) };
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
    if (sameKType(x.type, type)) return x;
    return this.foldCast(x, type) ?? this.emit({ kind: "cast", x }, type, name);
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
    const [body, yields] = this.nested(makeThen);
    const [otherwise, otherwiseYields] = this.nested(makeElse);
    this.yielded("if", yields, otherwiseYields);
    const results = yields.map(({ type, name }) => ({ type, name }));
    this.body.push({ kind: "if", condition, body, yields, otherwise, otherwiseYields, results });
    return results;
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
}
