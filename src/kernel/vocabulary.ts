/** The words of the kernel IR as lists, for readers and for tables; a word that is missing here is a type error. */
import type { BinaryOp, Builtin, UnaryOp } from "./ir.ts";

const unary: Readonly<Record<UnaryOp, true>> = {
  neg: true, abs: true, floor: true, not: true, exp: true, log: true, sin: true, cos: true, tanh: true, erf: true,
  sqrt: true, rsqrt: true, round_f16: true, round_bf16: true,
}; // prettier-ignore

const binary: Readonly<Record<BinaryOp, true>> = {
  add: true, sub: true, mul: true, div: true, rem: true, min: true, max: true, pow: true, and: true, or: true,
  xor: true, shl: true, shr: true, dot: true, eq: true, ne: true, lt: true, le: true, gt: true, ge: true,
}; // prettier-ignore

const builtins: Readonly<Record<Builtin, true>> = {
  local_x: true, local_y: true, local_z: true, workgroup_x: true, workgroup_y: true, workgroup_z: true, grid_x: true,
  grid_y: true, grid_z: true, subgroup_size: true, subgroup_lane: true,
}; // prettier-ignore

export const UNARY_OPS = Object.keys(unary) as readonly UnaryOp[];
export const BINARY_OPS = Object.keys(binary) as readonly BinaryOp[];
export const BUILTINS = Object.keys(builtins) as readonly Builtin[];

export const COMPARISONS: readonly BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];

export function isOneOf<W extends string>(words: readonly W[], word: string): word is W {
  return (words as readonly string[]).includes(word);
}
