/**
 * Folds one operation of i32 or u32 whose operands are literals, or neutral or absorbing ones. The laws:
 * `a op b -> literal`, `x + 0 -> x`, `0 + x -> x`, `x - 0 -> x`, `x * 1 -> x`, `1 * x -> x`, `x * 0 -> 0`, `0 * x -> 0`,
 * `x / 1 -> x`, `x % 1 -> 0`. All are exact with wrap-around. WGSL refuses an operation on literals that overflows.
 */
import type { BinaryOp } from "./ir.ts";
import { applyBinary } from "./scalar.ts";
import { COMPARISONS } from "./vocabulary.ts";

export type IntegerType = "i32" | "u32";

/** No operations on integers, or such whose result is none. */
const NOT_FOLDED: readonly BinaryOp[] = [...COMPARISONS, "pow", "dot"];

/** An operand, and its literal value where it has one. */
export interface Folded<V> {
  readonly value: V;
  readonly literal: number | undefined;
}

/** The literal or the operand that `x op y` equals, or undefined. Comparisons are not folded: their type is bool. */
export function foldInteger<V>(
  op: BinaryOp,
  x: Folded<V>,
  y: Folded<V>,
  type: IntegerType = "i32",
): number | V | undefined {
  if (x.literal !== undefined && y.literal !== undefined) return foldLiterals(op, x.literal, y.literal, type);
  if (op === "add") return y.literal === 0 ? x.value : x.literal === 0 ? y.value : undefined;
  if (op === "sub") return y.literal === 0 ? x.value : undefined;
  if (op === "mul") {
    if (x.literal === 0 || y.literal === 0) return 0;
    return y.literal === 1 ? x.value : x.literal === 1 ? y.value : undefined;
  }
  if (op === "div") return y.literal === 1 ? x.value : undefined;
  if (op === "rem") return y.literal === 1 ? 0 : undefined;
  return undefined;
}

/** `x op y` of two literals; undefined where it is no integer operation, or divides by zero. */
export function foldLiterals(op: BinaryOp, x: number, y: number, type: IntegerType = "i32"): number | undefined {
  if (NOT_FOLDED.includes(op) || ((op === "div" || op === "rem") && y === 0)) return undefined;
  return applyBinary(op, x, y, type);
}
