/** What WGSL can say: its types, and the spelling of each operation. Kernels that need more were not legalized. */
import { InternalError } from "../../src/support/errors.ts";
import type { BinaryOp, Buffer, KType, UnaryOp } from "../../src/kernel/ir.ts";
import { PRECEDENCE, floatText } from "../text/dialect.ts";
import type { Spelling } from "../text/dialect.ts";

export function typeText(type: KType): string {
  return type.lanes === 1 ? type.scalar : `vec${type.lanes}<${type.scalar}>`;
}

/** The element type of a buffer's array. */
export function elementText(buffer: Buffer): string {
  if (buffer.element === "bf16") throw new InternalError(`WGSL has no bf16: ${buffer.name} was not legalized`);
  return buffer.lanes === 1 ? buffer.element : `vec${buffer.lanes}<${buffer.element}>`;
}

/** Prefix operators, and functions of one argument; `erf` has none, legalize writes it out. */
export const UNARY: Readonly<Record<UnaryOp, string | undefined>> = {
  neg: "-", not: "!", abs: "abs", floor: "floor", exp: "exp", log: "log", sin: "sin", cos: "cos", tanh: "tanh",
  erf: undefined, sqrt: "sqrt", rsqrt: "inverseSqrt", round_f16: undefined, round_bf16: undefined,
}; // prettier-ignore

const { bits, compare, sum, product } = PRECEDENCE;
export const BINARY: Readonly<Record<BinaryOp, Spelling>> = {
  add: { infix: "+", binds: sum }, sub: { infix: "-", binds: sum },
  mul: { infix: "*", binds: product }, div: { infix: "/", binds: product }, rem: { infix: "%", binds: product },
  min: { call: "min" }, max: { call: "max" }, pow: { call: "pow" }, dot: { call: "dot" },
  and: { infix: "&", binds: bits }, or: { infix: "|", binds: bits }, xor: { infix: "^", binds: bits },
  shl: { infix: "<<", binds: bits }, shr: { infix: ">>", binds: bits },
  eq: { infix: "==", binds: compare }, ne: { infix: "!=", binds: compare }, lt: { infix: "<", binds: compare },
  le: { infix: "<=", binds: compare }, gt: { infix: ">", binds: compare }, ge: { infix: ">=", binds: compare },
}; // prettier-ignore

/** A literal. Floats are the shortest text that reads back as the same f32. */
export function literalText(value: number, type: KType): string {
  const text = scalarText(value, type);
  return type.lanes === 1 ? text : `${typeText(type)}(${text})`;
}

function scalarText(value: number, type: KType): string {
  if (type.scalar === "bool") return value === 0 ? "false" : "true";
  if (type.scalar === "i32") return value === -2147483648 ? "i32(-2147483648)" : String(value);
  if (type.scalar === "u32") return `${value}u`;
  if (!Number.isFinite(value)) throw new InternalError(`WGSL has no literal ${value}: legalize replaces it`);
  return floatText(value);
}
