/**
 * The statements of a kernel in the making: the scope that is being written, values that stand once at the kernel's
 * top, and what is folded while it is written. `KernelBuilder` gives it the vocabulary.
 */
import { InternalError } from "../support/errors.ts";
import type { Loc } from "../support/source.ts";
import { foldInteger } from "./fold-integer.ts";
import { castScalar } from "./scalar.ts";
import { BOOL, F32, I32, U32, sameKType } from "./ir.ts";
import type { BinaryOp, Builtin, Expression, KType, KValue, Statement } from "./ir.ts";
import { ktypeText } from "./names.ts";

/** A value, or a literal that takes the type of the other operand (i32 where there is none). */
export type Operand = KValue | number;

/** What a body yields; nothing where it carries nothing. */
export type Yields = readonly KValue[] | void;

/** Where statements are collected; made and filled by the builder only. */
export type Scope = Statement[];

export abstract class KernelDraft {
  protected readonly shared: Statement[] = [];
  protected body: Statement[] = [];
  private readonly sharedValues = new Map<string, KValue>();
  private readonly literals = new Map<KValue, number>();
  private loc: Loc | undefined;

  constructor(protected readonly name: string) {}

  /** The place in the source that the following statements come from. */
  at(loc: Loc | undefined): this {
    this.loc = loc;
    return this;
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

  protected emit(expression: Expression, type: KType, name: string): KValue {
    const result: KValue = { type, name };
    this.body.push({ kind: "let", result, expression, ...(this.loc === undefined ? {} : { loc: this.loc }) });
    return result;
  }

  /** Makes a value once, at the kernel's top. */
  protected share(key: string, make: () => KValue): KValue {
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

  protected nested(make: () => Yields): [readonly Statement[], readonly KValue[]] {
    const outer = this.body;
    const body: Statement[] = [];
    this.body = body;
    const yields = make() ?? [];
    this.body = outer;
    return [body, yields];
  }

  protected operand(x: Operand, type: KType): KValue {
    return typeof x === "number" ? this.const_(x, type) : x;
  }

  protected pair(x: Operand, y: Operand): [KValue, KValue] {
    const type = typeof x !== "number" ? x.type : typeof y !== "number" ? y.type : I32;
    return [this.operand(x, type), this.operand(y, type)];
  }

  protected fold(op: BinaryOp, x: KValue, y: KValue): KValue | undefined {
    const { scalar, lanes } = x.type;
    if ((scalar !== "i32" && scalar !== "u32") || lanes !== 1) return undefined;
    const folded = foldInteger(
      op,
      { value: x, literal: this.literals.get(x) },
      { value: y, literal: this.literals.get(y) },
      scalar,
    );
    return typeof folded === "number" ? this.const_(folded, x.type) : folded;
  }

  /** A literal of one integer type as the literal of the other: WGSL has no `u32(-1)`. */
  protected foldCast(x: KValue, type: KType): KValue | undefined {
    const literal = this.literals.get(x);
    const isInteger = ({ scalar, lanes }: KType): boolean => (scalar === "i32" || scalar === "u32") && lanes === 1;
    if (literal === undefined || !isInteger(x.type) || !isInteger(type)) return undefined;
    return this.const_(castScalar(literal, x.type.scalar, type.scalar), type);
  }

  protected same(what: string, x: KValue, y: KValue): void {
    if (!sameKType(x.type, y.type))
      throw new InternalError(`kernel ${this.name}: ${what} of ${ktypeText(x.type)} and ${ktypeText(y.type)}`);
  }

  protected yielded(what: string, wanted: readonly KValue[], found: readonly KValue[]): void {
    if (wanted.length !== found.length)
      throw new InternalError(`kernel ${this.name}: a ${what} yields ${found.length} values, not ${wanted.length}`);
    wanted.forEach((value, i) => this.same(`yield ${i} of ${what}`, value, found[i] ?? value));
  }
}
