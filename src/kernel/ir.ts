/**
 * The kernel IR: how one kernel computes what it computes. One program for one invocation, in the vocabulary that WGSL,
 * CUDA, WebAssembly and JavaScript share. Structured control flow, SSA values, no tensor op. Every executor (the
 * interpreter, each code generator) knows exactly these statements.
 *
 * Integers are i32 unless said otherwise; an index counts elements of its buffer (vectors where the buffer has lanes).
 */
import type { Loc } from "../support/source.ts";
import type { Dim } from "../support/dim.ts";

export type Scalar = "f32" | "f16" | "i32" | "u32" | "bool";
export interface KType {
  readonly scalar: Scalar;
  /** 1, or a short vector of 2 or 4. */
  readonly lanes: 1 | 2 | 4;
}

/** What memory holds. Loads of f16 and bf16 give f32, stores round to nearest even; a bool never lies in memory. */
export type Element = "f32" | "f16" | "bf16" | "i32" | "u32";

export type Space = "storage" | "workgroup" | "private";
export interface Buffer {
  readonly name: string;
  readonly space: Space;
  /** `private` and `workgroup` buffers are `read_write`. */
  readonly access: "read" | "write" | "read_write";
  readonly element: Element;
  /** The buffer is an array of vectors of this many elements; loads and stores move whole vectors. */
  readonly lanes: 1 | 2 | 4;
  /** Number of elements (vectors where lanes > 1). `workgroup` and `private`: a number. */
  readonly length: Dim;
  /** If there, the buffer has `ceil(length / per)` elements: `length` halves in words, two a word. */
  readonly per?: number;
  /** Every element is a finite number: whoever fills the buffer sees to that. Absent: not known. */
  readonly isFinite?: boolean;
}

export interface KValue {
  readonly type: KType;
  /** A hint for the printer and for emitted code; not unique. */
  readonly name: string;
}

/** Scalars the host passes: the actual sizes (`B`, `T`, `S`) from the call, and constants of one launch (`window`). */
export interface KScalarParam {
  readonly name: string;
  readonly type: KType;
  readonly from: "call" | "launch";
}

/** One dimension of the grid, in workgroups: the product of `ceil(size / per)` over its factors. */
export type Extent = readonly { readonly size: Dim; readonly per: number }[];

export interface Kernel {
  readonly name: string;
  /** Storage buffers in binding order. */
  readonly buffers: readonly Buffer[];
  readonly scalars: readonly KScalarParam[];
  /** The values of `scalars`, in order. */
  readonly scalarValues: readonly KValue[];
  /** Workgroup and private buffers. */
  readonly locals: readonly Buffer[];
  readonly workgroup: readonly [number, number, number];
  readonly grid: readonly [Extent, Extent, Extent];
  /** `[output, input]` storage buffers that may be one: each element is read, at the latest, by the invocation that
   * writes it, before it does. */
  readonly inPlace: readonly (readonly [number, number])[];
  /** What the code generator must be allowed to use, e.g. `subgroups`, `f16`. */
  readonly requires: readonly string[];
  readonly body: readonly Statement[];
  /** Lines of source that it came from, for the header. */
  readonly locs: readonly Loc[];
}

export type UnaryOp =
  | "neg" | "abs" | "floor" | "not" | "exp" | "log" | "sin" | "cos" | "tanh" | "erf" | "sqrt" | "rsqrt"
  | "round_f16" | "round_bf16"; // prettier-ignore
export type BinaryOp =
  | "add" | "sub" | "mul" | "div" | "rem" | "min" | "max" | "pow" | "and" | "or" | "xor" | "shl" | "shr" | "dot"
  | "eq" | "ne" | "lt" | "le" | "gt" | "ge"; // prettier-ignore

export type Expression =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "builtin"; readonly name: Builtin }
  /** Componentwise; `div` and `rem` of integers truncate; `shr` is arithmetic on i32; `not` is for bool and integers;
   * `round_f16` gives the f32 of the nearest f16, ties to even. */
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly x: KValue }
  /** `dot` gives a scalar, comparisons bools; the others have the operands' type, equal on both sides. */
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly x: KValue; readonly y: KValue }
  /** x * y + z, with one rounding or two: the target's choice. */
  | { readonly kind: "fma"; readonly x: KValue; readonly y: KValue; readonly z: KValue }
  | { readonly kind: "select"; readonly condition: KValue; readonly x: KValue; readonly y: KValue }
  /** Conversion of the value (float to integer truncates and saturates). */
  | { readonly kind: "cast"; readonly x: KValue }
  /** The same bits as another type of 32 bits. */
  | { readonly kind: "bitcast"; readonly x: KValue }
  /** A vector from scalars, or of one scalar repeated. */
  | { readonly kind: "vector"; readonly parts: readonly KValue[] }
  | { readonly kind: "extract"; readonly x: KValue; readonly lane: number }
  | { readonly kind: "load"; readonly buffer: Buffer; readonly index: KValue }
  /** An element of a `workgroup` buffer at a uniform index, so that the value is uniform too: there is a barrier for
   * workgroup memory before it and one after it. All must reach it. */
  | { readonly kind: "workgroup_load"; readonly buffer: Buffer; readonly index: KValue }
  /** Over all invocations of the workgroup, the result in each of them. All must reach it. */
  | { readonly kind: "workgroup_reduce"; readonly op: "add" | "max" | "min"; readonly x: KValue }
  /** The value of invocation `lane`. */
  | { readonly kind: "workgroup_broadcast"; readonly x: KValue; readonly lane: number }
  /** `subgroup_size`-wide; only under `requires: subgroups`. Right for sizes 4 to 128. */
  | { readonly kind: "subgroup_reduce"; readonly op: "add" | "max" | "min"; readonly x: KValue }
  /** A named function whose meaning is in `intrinsics.ts`: `unpack2x16float`, `mma_16x8x16`. */
  | { readonly kind: "intrinsic"; readonly name: string; readonly args: readonly KValue[] };

export type Builtin =
  | "local_x" | "local_y" | "local_z" | "workgroup_x" | "workgroup_y" | "workgroup_z"
  | "grid_x" | "grid_y" | "grid_z" | "subgroup_size" | "subgroup_lane"; // prettier-ignore

export type Statement =
  | { readonly kind: "let"; readonly result: KValue; readonly expression: Expression; readonly loc?: Loc }
  | { readonly kind: "store"; readonly buffer: Buffer; readonly index: KValue; readonly value: KValue }
  | ForStatement
  | IfStatement
  /** Workgroup barrier: all invocations of the workgroup reach it, and see what the others wrote before it. */
  | { readonly kind: "barrier" };

/** `for index = from to to step step`: half-open. `carried` start as `init` and take what the body yields. */
export interface ForStatement {
  readonly kind: "for";
  readonly index: KValue;
  readonly from: KValue;
  readonly to: KValue;
  readonly step: KValue;
  readonly carried: readonly { readonly arg: KValue; readonly init: KValue; readonly result: KValue }[];
  readonly body: readonly Statement[];
  readonly yields: readonly KValue[];
  /** The emitter writes the body out once per iteration; `from`, `to`, `step` are constants. */
  readonly unroll: boolean;
}

/** `results` take what `body` yields where the condition holds, else what `otherwise` yields. */
export interface IfStatement {
  readonly kind: "if";
  readonly condition: KValue;
  readonly body: readonly Statement[];
  readonly yields: readonly KValue[];
  readonly otherwise: readonly Statement[];
  readonly otherwiseYields: readonly KValue[];
  readonly results: readonly KValue[];
}

export const F32: KType = { scalar: "f32", lanes: 1 };
export const I32: KType = { scalar: "i32", lanes: 1 };
export const U32: KType = { scalar: "u32", lanes: 1 };
export const BOOL: KType = { scalar: "bool", lanes: 1 };

/** The type a load from this buffer gives: f16 and bf16 widen to f32. */
export function loadType(buffer: Buffer): KType {
  const scalar = buffer.element === "f16" || buffer.element === "bf16" ? "f32" : buffer.element;
  return { scalar, lanes: buffer.lanes };
}

export function elementBytes(element: Element): number {
  return element === "f16" || element === "bf16" ? 2 : 4;
}

export function sameKType(a: KType, b: KType): boolean {
  return a.scalar === b.scalar && a.lanes === b.lanes;
}
