/**
 * Folds one i32 operation whose operands are literals, or neutral or absorbing ones. The laws:
 * `a op b -> literal`, `x + 0 -> x`, `0 + x -> x`, `x - 0 -> x`, `x * 1 -> x`, `1 * x -> x`, `x * 0 -> 0`, `0 * x -> 0`,
 * `x / 1 -> x`, `x % 1 -> 0`. All are exact for i32 with wrap-around.
 */
import type { BinaryOp } from "./ir.ts";

/** An operand, and its literal value where it has one. */
export interface Folded<V> {
  readonly value: V;
  readonly literal: number | undefined;
}

/** The literal or the operand that `x op y` equals, or undefined. Comparisons are not folded: their type is bool. */
export function foldInteger<V>(op: BinaryOp, x: Folded<V>, y: Folded<V>): number | V | undefined {
  if (x.literal !== undefined && y.literal !== undefined) return foldLiterals(op, x.literal, y.literal);
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

/** `x op y` of two i32 literals; undefined where it is no integer operation, or divides by zero. */
export function foldLiterals(op: BinaryOp, x: number, y: number): number | undefined {
  if (op === "add") return (x + y) | 0;
  if (op === "sub") return (x - y) | 0;
  if (op === "mul") return Math.imul(x, y);
  if (op === "div") return y === 0 ? undefined : (x / y) | 0;
  if (op === "rem") return y === 0 ? undefined : (x % y) | 0;
  if (op === "min") return Math.min(x, y);
  if (op === "max") return Math.max(x, y);
  if (op === "and") return x & y;
  if (op === "or") return x | y;
  if (op === "xor") return x ^ y;
  if (op === "shl") return x << y;
  if (op === "shr") return x >> y;
  return undefined;
}
