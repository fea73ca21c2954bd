/**
 * What languages with C's expressions and statements (WGSL, CUDA C++) say differently. `expression.ts` and `body.ts`
 * write kernels through it; each target adds what stands around a kernel's body.
 */
import type { BinaryOp, Buffer, Builtin, KType, UnaryOp } from "../../src/kernel/ir.ts";

/** An infix operator and how tightly it binds, or a function. */
export type Spelling = { readonly infix: string; readonly binds: number } | { readonly call: string };

/** Operators of `bits` mix with no other without parentheses (WGSL section 8.19), so they bind most loosely here. */
export const PRECEDENCE = { bits: 1, compare: 2, sum: 3, product: 4, prefix: 5, atom: 6 } as const;

export interface Dialect {
  /** For messages. */
  readonly name: string;
  /** Whether no buffer, scalar or value may have this name. */
  isReserved(name: string): boolean;
  type(type: KType): string;
  literal(value: number, type: KType): string;
  /** A prefix operator or a function of one argument; undefined for what only `legalize` can write out. */
  unary(op: UnaryOp, type: KType): string | undefined;
  /** `type` is that of the operands. */
  binary(op: BinaryOp, type: KType): Spelling;
  /** Operands of a shift are both of the left one's type; where not, the type of the right one. */
  readonly shiftBy: KType | undefined;
  fma(type: KType): string;
  /** A call that gives `x` where the condition holds, else `y`. */
  select(condition: string, x: string, y: string, type: KType, conditionType: KType): string;
  cast(x: string, from: KType, to: KType): string;
  bitcast(x: string, from: KType, to: KType): string;
  /** The constructor of a vector from `parts` texts: as many as lanes, or one that is repeated. */
  vector(parts: readonly string[], type: KType): string;
  builtin(name: Builtin): string;
  /** A loaded element as a value, and a value as it is stored. */
  loaded(element: string, buffer: Buffer): string;
  stored(value: string, buffer: Buffer): string;
  /** An element of workgroup memory with a barrier before and behind. */
  workgroupLoad(element: string): string;
  subgroupReduce(op: "add" | "max" | "min", x: string, type: KType): string;
  /** Undefined where the language has no function of that name. */
  intrinsic(name: string, args: readonly string[]): string | undefined;
  constant(name: string, type: KType, text: string): string;
  /** A variable, set later where there is no text. */
  variable(name: string, type: KType, text?: string): string;
  /** The head of `for (...; ...; ...)` without the word. */
  counter(name: string, from: string): string;
  /** A line above a loop of so many iterations, with a barrier in each or without, that says how far to unroll it. */
  readonly unrolling?: (iterations: number, hasBarrier: boolean) => string | undefined;
  /** Statements; `sharesStorage`: some storage buffer is both read and written. */
  barrier(sharesStorage: boolean): readonly string[];
}

/** The largest f32: a literal above it does not compile, even where it would be rounded down. */
const LARGEST = 3.4028234663852886e38;

/** The shortest decimal text that reads back as the same finite f32, with a point or an exponent. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const rounded = Math.fround(value);
  let text = String(rounded);
  for (let digits = 9; digits >= 1; digits--) {
    const shorter = String(Number(rounded.toPrecision(digits)));
    if (Math.fround(Number(shorter)) !== rounded || Math.abs(Number(shorter)) > LARGEST) break;
    text = shorter;
  }
  return /[.e]/.test(text) ? text : `${text}.0`;
}
