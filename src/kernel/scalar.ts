/**
 * The meaning of the scalar operations: what each gives for one lane. Floats are rounded to their type after every
 * operation, i32 and u32 wrap, bools are 0 and 1. Functions such as exp are f64's, rounded once.
 */
import { assertNever } from "../support/errors.ts";
import { erf } from "./erf.ts";
import { fromBf16, fromF16, toBf16, toF16 } from "./half.ts";
import type { BinaryOp, Scalar, UnaryOp } from "./ir.ts";

/** `x` as the type holds it; floats become integers by truncation, saturated, NaN as 0. */
export function convert(x: number, to: Scalar): number {
  switch (to) {
    case "f32":
      return Math.fround(x);
    case "f16":
      return fromF16(toF16(x));
    case "i32":
      return Number.isNaN(x) ? 0 : Math.trunc(Math.max(-2147483648, Math.min(2147483647, x))) | 0;
    case "u32":
      return Number.isNaN(x) ? 0 : Math.trunc(Math.max(0, Math.min(4294967295, x))) >>> 0;
    case "bool":
      return x === 0 ? 0 : 1;
    default:
      return assertNever(to, "scalar type");
  }
}

/** An exact result brought into its type: rounded, or wrapped. */
export function wrap(x: number, type: Scalar): number {
  return type === "i32" ? x | 0 : type === "u32" ? x >>> 0 : convert(x, type);
}

/** A cast between types: integers wrap into each other. */
export function castScalar(x: number, from: Scalar, to: Scalar): number {
  return from === "f32" || from === "f16" ? convert(x, to) : wrap(x, to);
}

export function applyUnary(op: UnaryOp, x: number, type: Scalar): number {
  return wrap(unaryResult(op, x, type), type);
}

function unaryResult(op: UnaryOp, x: number, type: Scalar): number {
  switch (op) {
    case "neg":
      return -x;
    case "abs":
      return Math.abs(x);
    case "floor":
      return Math.floor(x);
    case "not":
      return type === "bool" ? 1 - x : ~x;
    case "exp":
      return Math.exp(x);
    case "log":
      return Math.log(x);
    case "sin":
      return Math.sin(x);
    case "cos":
      return Math.cos(x);
    case "tanh":
      return Math.tanh(x);
    case "erf":
      return erf(x);
    case "sqrt":
      return Math.sqrt(x);
    case "rsqrt":
      return 1 / Math.sqrt(x);
    case "round_f16":
      return fromF16(toF16(x));
    case "round_bf16":
      return fromBf16(toBf16(x));
    default:
      return assertNever(op, "unary operation");
  }
}

/** Comparisons give 0 or 1. `div` and `rem` of integers by zero give 0. `type` is that of the operands. */
export function applyBinary(op: BinaryOp, x: number, y: number, type: Scalar): number {
  const integer = type === "i32" || type === "u32";
  switch (op) {
    case "add":
      return wrap(x + y, type);
    case "sub":
      return wrap(x - y, type);
    case "mul":
    case "dot":
      return integer ? wrap(Math.imul(x, y), type) : wrap(x * y, type);
    case "div":
      return integer ? (y === 0 ? 0 : wrap(Math.trunc(x / y), type)) : wrap(x / y, type);
    case "rem":
      return integer && y === 0 ? 0 : wrap(x % y, type);
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
    case "pow":
      return wrap(Math.pow(x, y), type);
    case "and":
      return wrap(x & y, type);
    case "or":
      return wrap(x | y, type);
    case "xor":
      return wrap(x ^ y, type);
    case "shl":
      return wrap(x << (y & 31), type);
    case "shr":
      return type === "u32" ? x >>> (y & 31) : x >> (y & 31);
    case "eq":
      return x === y ? 1 : 0;
    case "ne":
      return x !== y ? 1 : 0;
    case "lt":
      return x < y ? 1 : 0;
    case "le":
      return x <= y ? 1 : 0;
    case "gt":
      return x > y ? 1 : 0;
    case "ge":
      return x >= y ? 1 : 0;
    default:
      return assertNever(op, "binary operation");
  }
}

const word = new DataView(new ArrayBuffer(4));

/** The same 32 bits as another type. */
export function bitcastScalar(x: number, from: Scalar, to: Scalar): number {
  if (from === "f32") word.setFloat32(0, x);
  else word.setUint32(0, x >>> 0);
  if (to === "f32") return word.getFloat32(0);
  return to === "i32" ? word.getInt32(0) : word.getUint32(0);
}
