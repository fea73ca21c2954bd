/** How JavaScript says each scalar operation: floats are rounded to f32 with `Math.fround`, integers wrapped. */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { BinaryOp, Scalar, UnaryOp } from "../../src/kernel/ir.ts";

/** The text of an exact result brought into its type. */
export function wrapped(text: string, type: Scalar): string {
  if (type === "i32") return `(${text}) | 0`;
  if (type === "u32") return `(${text}) >>> 0`;
  return type === "bool" ? text : `f32(${text})`;
}

export function unaryText(op: UnaryOp, x: string, type: Scalar): string {
  switch (op) {
    case "neg":
      return wrapped(`-${x}`, type);
    case "not":
      return type === "bool" ? `!${x}` : wrapped(`~${x}`, type);
    case "rsqrt":
      return wrapped(`1 / Math.sqrt(${x})`, type);
    case "erf":
    case "round_f16":
    case "round_bf16":
      throw new InternalError(`JavaScript has no ${op}: legalize writes it out`);
    case "abs":
    case "floor":
    case "exp":
    case "log":
    case "sin":
    case "cos":
    case "tanh":
    case "sqrt":
      return wrapped(`Math.${op}(${x})`, type);
    default:
      return assertNever(op, "unary operation");
  }
}

const INFIX: Partial<Readonly<Record<BinaryOp, string>>> = {
  add: "+", sub: "-", mul: "*", div: "/", rem: "%", and: "&", or: "|", xor: "^", shl: "<<", shr: ">>", eq: "===",
  ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=",
}; // prettier-ignore

const COMPARISONS: readonly BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];

/** `type` is that of the operands. */
export function binaryText(op: BinaryOp, x: string, y: string, type: Scalar): string {
  const infix = INFIX[op];
  if (infix === undefined) return wrapped(`Math.${op}(${x}, ${y})`, type);
  if (COMPARISONS.includes(op)) return `${x} ${infix} ${y}`;
  if (type === "bool") return op === "and" ? `${x} && ${y}` : op === "or" ? `${x} || ${y}` : `${x} !== ${y}`;
  if (op === "mul" && type !== "f32") return wrapped(`Math.imul(${x}, ${y})`, type);
  if (op === "shr" && type === "u32") return `${x} >>> ${y}`;
  return wrapped(`${x} ${infix} ${y}`, type);
}

/** A cast; a float becomes an integer by truncation, saturated. */
export function castText(x: string, from: Scalar, to: Scalar): string {
  if (to === "bool") return from === "bool" ? x : `${x} !== 0`;
  if (from === "bool") return `${x} ? 1 : 0`;
  if (from === "f32" && to === "i32") return `Math.max(-2147483648, Math.min(2147483647, ${x})) | 0`;
  if (from === "f32" && to === "u32") return `Math.max(0, Math.min(4294967295, ${x})) >>> 0`;
  return wrapped(x, to);
}

export function literalText(value: number, type: Scalar): string {
  if (type === "bool") return value === 0 ? "false" : "true";
  const held = type === "f32" ? Math.fround(value) : value;
  return Object.is(held, -0) ? "-0" : held < 0 ? `(${held})` : String(held);
}

/** Functions that only some kernels need, by the name they are called. */
export const HELPERS: Readonly<Record<string, string>> = {
  bits: [
    "const word = new DataView(new ArrayBuffer(4));",
    "function bits(x, from, to) {",
    "  if (from === 'f32') word.setFloat32(0, x);",
    "  else word.setUint32(0, x >>> 0);",
    "  return to === 'f32' ? word.getFloat32(0) : to === 'i32' ? word.getInt32(0) : word.getUint32(0);",
    "}",
  ].join("\n"),
  halves: [
    "function half(h) {",
    "  const size = h & 0x7fff;",
    "  const value = size >= 0x7c00 ? (size > 0x7c00 ? NaN : Infinity) : size < 0x400 ? size * 2 ** -24",
    "    : (1024 + (size & 1023)) * 2 ** ((size >> 10) - 25);",
    "  return h & 0x8000 ? -value : value;",
    "}",
    "function halves(x) {",
    "  return [half(x & 0xffff), half(x >>> 16)];",
    "}",
  ].join("\n"),
};
