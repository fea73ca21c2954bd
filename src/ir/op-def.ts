/**
 * The record of an op: everything llmc knows about it, in one object. Parser, verifier, interpreter, passes, schedules,
 * tests and documentation read these records; `src/ops/index.ts` is the list of them.
 */
import type { Rng } from "../support/random.ts";
import type { Dim } from "../support/dim.ts";
import type { Attr, Attrs, Op, Value } from "./ir.ts";
import type { DType, TensorType } from "./type.ts";
import type { Builder } from "./builder.ts";

/** `dim` is one size (a number, or a `Dim` where symbols occur), `dims` a list of them. */
export type AttrKind =
  | "int" | "float" | "bool" | "word" | "text" | "ints" | "floats" | "dim" | "dims" | "dtype" | "literal"; // prettier-ignore

export interface AttrSpec {
  readonly kind: AttrKind;
  /** Meaning and unit, one sentence. */
  readonly doc: string;
  /** Absent: the attribute must be given. */
  readonly default?: Attr;
  /** For `word`: the legal ones. */
  readonly words?: readonly string[];
  /** For `int`, `float` and `dim`: the legal ones, where not all are. */
  readonly range?: NumberRange;
}

/** `least`: that number and all above it; `above`: all above that number; `most`: that number and all below it. */
export type NumberRange = { readonly least: number } | { readonly above: number } | { readonly most: number };

export function isInRange(range: NumberRange | undefined, x: number): boolean {
  if (range === undefined) return true;
  if ("most" in range) return x <= range.most;
  return "least" in range ? x >= range.least : x > range.above;
}

/** `at least 1`, `above 0`, `at most 8`. */
export function rangeText(range: NumberRange): string {
  if ("most" in range) return `at most ${range.most}`;
  return "least" in range ? `at least ${range.least}` : `above ${range.above}`;
}

export type Trait =
  | "pure"
  /** One result of the operands' common shape (after NumPy broadcasting), element by element. */
  | "elementwise"
  | "commutative"
  /** Has `decompose`. */
  | "composite"
  /** Moves elements, computes none: reshape, transpose, broadcast, slice, pad, concat. Has `source`. */
  | "move"
  /** Folds an axis away, or to its first few: sum, max, argmax, topk_indices. */
  | "reduce"
  /** Works along `axis`, each row by itself, and keeps all axes: cumsum, argsort. */
  | "row"
  /** A sum of products: matmul. */
  | "contract"
  /** Reads elements at positions that an operand holds: take. */
  | "gather"
  /** Computed once when the model is loaded, on the host, in f64: no operands. */
  | "load-time";

/** A tensor in the interpreter: row-major, f64 storage whatever the dtype (integers and booleans are exact in it). */
export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** What `evaluate` may know beside its operands. */
export interface EvaluateContext {
  /** The result types with all symbols replaced by numbers. */
  readonly results: readonly { readonly dtype: DType; readonly dims: readonly number[] }[];
  /** Sizes given by symbols: `dim.evaluate(symbols)`. */
  readonly symbols: Readonly<Record<string, number>>;
  /** Rounds to a type: the identity on floats in `exact` mode; integers always wrap. A contraction or a reduction in
   * `rounded` mode calls it after every term, in index order (DECISIONS.md 11). */
  round(x: number, dtype: DType): number;
}

/**
 * The scalar operations an elementwise op may be written in: what every kernel emits. `E` is whatever the executor
 * works with (a kernel-IR value, a number). Arguments and result have the op's element type unless said otherwise.
 */
export type UnaryScalar =
  | "neg" | "abs" | "exp" | "log" | "sin" | "cos" | "tanh" | "erf" | "sqrt" | "rsqrt" | "floor" | "not"; // prettier-ignore
export type BinaryScalar = "add" | "sub" | "mul" | "div" | "rem" | "pow" | "min" | "max" | "and" | "or" | "xor" | "shl" | "shr"; // prettier-ignore
export type CompareScalar = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
export interface ScalarBuilder<E> {
  constant(x: number, dtype: DType): E;
  unary(op: UnaryScalar, x: E): E;
  binary(op: BinaryScalar, x: E, y: E): E;
  /** A bool. */
  compare(op: CompareScalar, x: E, y: E): E;
  select(condition: E, whenTrue: E, whenFalse: E): E;
  cast(x: E, to: DType): E;
}

/**
 * How close an executor in f32 must come to `evaluate`.
 * `ulp(n)`: n units in the last place of the result; `absolute` for functions that a target bounds absolutely;
 * `contraction`: `k u / (1 - k u) * sum |a b|` (Higham 2002, section 3.1) with k terms; `inherited`: from `decompose`.
 */
export type Accuracy =
  | { readonly kind: "exact" }
  | { readonly kind: "ulp"; readonly n: number }
  | { readonly kind: "contraction" }
  | { readonly kind: "inherited" };
export const exact: Accuracy = { kind: "exact" };
export const ulp = (n: number): Accuracy => ({ kind: "ulp", n });
export const contraction: Accuracy = { kind: "contraction" };
export const inherited: Accuracy = { kind: "inherited" };

/** One call of an op for tests: operand types may hold symbols, `symbols` gives their sizes. */
export interface Sample {
  readonly label: string;
  readonly operands: readonly (Tensor | null)[];
  /** The declared operand types; default: numeric dims of the tensors. */
  readonly types?: readonly (TensorType | null)[];
  readonly symbols?: Readonly<Record<string, number>>;
  readonly attrs: Attrs;
  /** Holds -0, infinities or NaN: asserted in the interpreter and on targets that promise them. */
  readonly special?: boolean;
}

/** `infer` answers with the result types, or with the sentence of the diagnostic. */
export type Inferred = readonly TensorType[] | string;

export interface OpDef {
  readonly name: string;
  /** What it computes, as an equation, and where it comes from. */
  readonly doc: string;
  /** Names in order; a trailing `?` marks an optional one, `...` a variadic last one. */
  readonly operands: readonly string[];
  readonly attrs: Readonly<Record<string, AttrSpec>>;
  readonly traits: readonly Trait[];
  infer(operands: readonly (TensorType | null)[], attrs: Attrs): Inferred;
  /** The meaning, in f64, with plain loops. */
  evaluate(operands: readonly (Tensor | null)[], attrs: Attrs, context: EvaluateContext): readonly Tensor[];
  /** Elementwise ops only. `dtype` is the operands' element type. */
  readonly scalar?: <E>(s: ScalarBuilder<E>, args: readonly E[], attrs: Attrs, dtype: DType) => E;
  /** Composites only: the same in terms of other ops; returns the results. */
  readonly decompose?: (b: Builder, operands: readonly (Value | null)[], attrs: Attrs, op: Op) => readonly Value[];
  readonly accuracy: Accuracy;
  samples(rng: Rng): readonly Sample[];
  /** How a call in the source language maps to it; see `Surface`. Absent: operands in order, then attributes in order
   * or by name; a compile-time number given for an operand becomes a scalar `constant`. */
  readonly surface?: Surface;
}

/** A call in the source that is not simply operands and attributes: `rope(x, theta)` brings its own positions. */
export interface Surface {
  readonly params: readonly SurfaceParam[];
  /** Emits the ops; a list of values is a list in the language too. A returned sentence becomes the diagnostic. Absent
   * parameters are missing from `args`. */
  build(
    b: Builder,
    args: Readonly<Record<string, SurfaceArg>>,
  ): Value | readonly Value[] | string | SizeBeyond | BadArgument;
}

/** The argument of one parameter does not fit what else is given; where a config value gave it, that is to blame. */
export interface BadArgument {
  readonly kind: "bad-argument";
  readonly param: string;
  readonly sentence: string;
}

/** An axis of an operand, a tensor, has a size that can only be a mistake. */
export interface SizeBeyond {
  readonly kind: "size-beyond";
  readonly operand: Value;
  readonly axis: number;
  /** The size that is refused, and what it counts: `channels`. */
  readonly size: number;
  readonly unit: string;
  readonly range: NumberRange;
}
export interface SurfaceParam {
  readonly name: string;
  readonly kind: "tensor" | "int" | "float" | "bool" | "word" | "ints" | "floats" | "dim";
  readonly doc: string;
  readonly optional?: boolean;
  /** For `word`: the legal ones. */
  readonly words?: readonly string[];
  /** For numbers, and for a `tensor` that is written as a number: the legal ones, where not all are. */
  readonly range?: NumberRange;
}
/** A tensor, or a compile-time value of the parameter's kind. */
export type SurfaceArg = Value | number | boolean | string | Dim | readonly number[];

/** The ops by name. */
export type OpTable = ReadonlyMap<string, OpDef>;

export function hasTrait(def: OpDef | undefined, trait: Trait): boolean {
  return def !== undefined && def.traits.includes(trait);
}

/** The operands with `null` for the optional ones left out at the end: how `infer` and `evaluate` get them. */
export function padded<V>(def: OpDef, operands: readonly (V | null)[]): readonly (V | null)[] {
  const isVariadic = def.operands[def.operands.length - 1]?.endsWith("...") ?? false;
  const absent = isVariadic ? 0 : Math.max(0, def.operands.length - operands.length);
  return absent === 0 ? operands : [...operands, ...Array.from({ length: absent }, () => null)];
}
