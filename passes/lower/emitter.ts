/**
 * A kernel builder that computes each pure expression once, as far outside the loops as its operands allow: value
 * numbering and hoisting while the kernel is written, so that schedules may ask for the same index or element as often
 * as is convenient. Scalars meet vectors by being repeated.
 *
 * Loads go out of loops but never out of branches, because a branch may be what keeps an index inside its buffer.
 */
import type { BinaryOp, Buffer, KType, KValue, UnaryOp } from "../../src/kernel/ir.ts";
import { KernelBuilder } from "../../src/kernel/builder.ts";
import type { LoopOptions, Scope, Yields } from "../../src/kernel/builder.ts";
import type { Dim } from "../../src/support/dim.ts";
import { InternalError, defined } from "../../src/support/errors.ts";
import { LinearIndex } from "./linear-index.ts";
import type { Atom } from "./linear-index.ts";

interface Level {
  readonly scope: Scope;
  readonly isBranch: boolean;
  /** What is already computed and visible from here, by a text that says how. */
  readonly known: Map<string, KValue>;
}

export class Emitter {
  private readonly levels: Level[];
  private readonly depths = new Map<KValue, number>();
  private readonly ids = new Map<KValue, number>();
  private leaves = 0;

  constructor(readonly builder: KernelBuilder) {
    this.levels = [{ scope: builder.scope, isBranch: false, known: new Map() }];
  }

  /** A value of the kernel as an index, `0 <= value < extent`. Loops that visit the same elements in the same
   * invocations share an `id`, so that their accesses compare equal. */
  leaf(value: KValue, extent: Dim, id = this.newLeafId()): LinearIndex {
    return LinearIndex.atom({ kind: "leaf", id, value, extent });
  }

  newLeafId(): number {
    return this.leaves++;
  }

  /** The value of an index without a lane. Terms of outer loops are summed first, so that the sums stay outside. */
  index(index: LinearIndex): KValue {
    const known = this.find(`index ${index.key}`);
    if (known !== undefined) return known;
    const terms = index.entries().map(({ atom, coefficient }) => ({ coefficient, value: this.atom(atom) }));
    terms.sort((a, b) => this.depth(a.value) - this.depth(b.value));
    let sum: KValue | undefined;
    for (const { coefficient, value } of terms) {
      const term = coefficient.equals(1) ? value : this.binary("mul", value, this.builder.dim(coefficient));
      sum = sum === undefined ? term : this.binary("add", sum, term);
    }
    const constant = this.builder.dim(index.constant);
    const value =
      sum === undefined ? constant
      : index.constant.equals(0) ? sum
      : this.binary("add", sum, constant); // prettier-ignore
    this.remember(`index ${index.key}`, value);
    return value;
  }

  constant(value: number, type: KType): KValue {
    return this.builder.const_(value, { scalar: type.scalar, lanes: 1 });
  }
  i32(value: number): KValue {
    return this.builder.i32(value);
  }
  f32(value: number): KValue {
    return this.builder.f32(value);
  }

  unary(op: UnaryOp, x: KValue): KValue {
    return this.once(`${op}`, [x], () => this.builder.unary(op, x));
  }
  binary(op: BinaryOp, left: KValue, right: KValue): KValue {
    const [x, y] = this.sameLanes(left, right);
    return this.once(op, [x, y], () => this.builder.binary(op, x, y));
  }
  fma(left: KValue, right: KValue, addend: KValue): KValue {
    const lanes = Math.max(left.type.lanes, right.type.lanes, addend.type.lanes) as KType["lanes"];
    const [x, y, z] = [this.widen(left, lanes), this.widen(right, lanes), this.widen(addend, lanes)];
    return this.once("fma", [x, y, z], () => this.builder.fma(x, y, z));
  }
  select(condition: KValue, whenTrue: KValue, whenFalse: KValue): KValue {
    const lanes = Math.max(condition.type.lanes, whenTrue.type.lanes, whenFalse.type.lanes) as KType["lanes"];
    const [c, x, y] = [this.widen(condition, lanes), this.widen(whenTrue, lanes), this.widen(whenFalse, lanes)];
    return this.once("select", [c, x, y], () => this.builder.select(c, x, y));
  }
  /** Conversion of the value to another scalar type, lane by lane. */
  cast(x: KValue, scalar: KType["scalar"]): KValue {
    if (x.type.scalar === scalar) return x;
    return this.once(`cast ${scalar}`, [x], () => this.builder.cast(x, { scalar, lanes: x.type.lanes }));
  }
  bitcast(x: KValue, scalar: KType["scalar"]): KValue {
    if (x.type.scalar === scalar) return x;
    return this.once(`bitcast ${scalar}`, [x], () => this.builder.bitcast(x, { scalar, lanes: x.type.lanes }));
  }
  vector(parts: readonly KValue[]): KValue {
    return this.once("vector", parts, () => this.builder.vector(parts));
  }
  extract(x: KValue, lane: number): KValue {
    return x.type.lanes === 1 ? x : this.once(`extract ${lane}`, [x], () => this.builder.extract(x, lane));
  }
  /** A scalar as a vector of `lanes` equal elements; a vector as it is. */
  widen(x: KValue, lanes: KType["lanes"]): KValue {
    if (x.type.lanes === lanes) return x;
    if (x.type.lanes !== 1) throw new InternalError(`a vector of ${x.type.lanes} where ${lanes} lanes are needed`);
    return this.once(`splat ${lanes}`, [x], () => this.builder.splat(x, lanes));
  }
  /** A load of something that this kernel does not change before its last use of it. */
  load(buffer: Buffer, index: KValue): KValue {
    return this.once(`load ${buffer.name}`, [index], () => this.builder.load(buffer, index), this.innermostBranch());
  }

  /** A loop. Each carried value keeps its name. */
  loop(options: LoopOptions, make: (index: KValue, carried: readonly KValue[]) => Yields): readonly KValue[] {
    return this.defineAll(
      this.builder.forLoop(options, (index, carried) =>
        this.inside(false, () => {
          this.define(index);
          return make(index, this.defineAll(carried));
        }),
      ),
    );
  }
  /** A branch without results. */
  when(condition: KValue, make: () => void): void {
    this.builder.ifThen(condition, () => this.inside(true, make));
  }

  /** A branch with results. */
  choose(condition: KValue, makeThen: () => readonly KValue[], makeElse: () => readonly KValue[]): readonly KValue[] {
    return this.defineAll(
      this.builder.ifThen(
        condition,
        () => this.inside(true, makeThen),
        () => this.inside(true, makeElse),
      ),
    );
  }

  /** Marks a value that was built directly as belonging to the scope that is being built. */
  define(value: KValue): KValue {
    this.depths.set(value, this.levels.length - 1);
    return value;
  }

  /** A result remembered for as long as it is visible. */
  find(key: string): KValue | undefined {
    for (let depth = this.levels.length - 1; depth >= 0; depth--) {
      const known = this.levels[depth]?.known.get(key);
      if (known !== undefined) return known;
    }
    return undefined;
  }
  remember(key: string, value: KValue): void {
    this.level(this.depth(value)).known.set(key, value);
  }
  /** Remembers only while the innermost scope lasts. */
  rememberHere(key: string, value: KValue): void {
    this.level(this.levels.length - 1).known.set(key, value);
  }

  private atom(atom: Atom): KValue {
    switch (atom.kind) {
      case "leaf":
        return atom.value;
      case "lane":
        throw new InternalError("the lane of a vector has no value");
      case "quotient":
        return this.binary("div", this.index(atom.of), this.builder.dim(atom.by));
      case "remainder":
        return this.binary("rem", this.index(atom.of), this.builder.dim(atom.by));
    }
  }

  private once(what: string, operands: readonly KValue[], make: () => KValue, atLeast = 0): KValue {
    const key = `${what} ${operands.map((operand) => this.id(operand)).join(" ")}`;
    const known = this.find(key);
    if (known !== undefined) return known;
    const depth = Math.max(atLeast, ...operands.map((operand) => this.depth(operand)));
    const level = this.level(depth);
    const length = level.scope.length;
    const made = this.builder.inScope(level.scope, make);
    // Folding may give an operand or a shared literal instead of a new statement; those keep their own depth.
    if (level.scope.length > length) this.depths.set(made, depth);
    level.known.set(key, made);
    return made;
  }

  private inside<V>(isBranch: boolean, make: () => V): V {
    this.levels.push({ scope: this.builder.scope, isBranch, known: new Map() });
    const made = make();
    this.levels.pop();
    return made;
  }

  private innermostBranch(): number {
    for (let depth = this.levels.length - 1; depth > 0; depth--) if (this.levels[depth]?.isBranch) return depth;
    return 0;
  }

  private sameLanes(x: KValue, y: KValue): readonly [KValue, KValue] {
    const lanes = Math.max(x.type.lanes, y.type.lanes) as KType["lanes"];
    return [this.widen(x, lanes), this.widen(y, lanes)];
  }

  private defineAll(values: readonly KValue[]): readonly KValue[] {
    values.forEach((value) => this.define(value));
    return values;
  }

  private depth(value: KValue): number {
    return this.depths.get(value) ?? 0;
  }

  private level(depth: number): Level {
    return defined(this.levels[depth], "a value is used outside the loop that makes it");
  }

  private id(value: KValue): number {
    let id = this.ids.get(value);
    if (id === undefined) this.ids.set(value, (id = this.ids.size));
    return id;
  }
}
