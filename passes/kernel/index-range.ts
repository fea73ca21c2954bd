/**
 * Ranges of i32 values, and the laws of division that need them. A missing bound is unknown; a range is only kept where
 * no step of it can wrap around.
 */
import type { Expression, KValue, Kernel } from "../../src/kernel/ir.ts";

/** Both bounds inclusive. */
export interface Range {
  readonly low: number | undefined;
  readonly high: number | undefined;
}

export interface Facts {
  readonly literal: (value: KValue) => number | undefined;
  readonly range: (value: KValue) => Range | undefined;
  readonly made: (value: KValue) => Expression | undefined;
}

const LARGEST = 2 ** 31 - 1;

export function rangeOf(
  expression: Expression,
  kernel: Kernel,
  range: (value: KValue) => Range | undefined,
): Range | undefined {
  if (expression.kind === "constant") return { low: expression.value, high: expression.value };
  if (expression.kind === "builtin") {
    const axis = ["local_x", "local_y", "local_z"].indexOf(expression.name);
    const size = kernel.workgroup[axis];
    return { low: 0, high: size === undefined ? undefined : size - 1 };
  }
  if (expression.kind !== "binary") return undefined;
  const [x, y] = [range(expression.x), range(expression.y)];
  if (expression.op === "min" || expression.op === "max") return ofExtreme(expression.op, x, y);
  if (x?.low === undefined || y?.low === undefined || x.low < 0 || y.low < 0) return undefined;
  switch (expression.op) {
    case "add":
      return bounded(x.low + y.low, x.high, y.high, (a, b) => a + b);
    case "mul":
      return bounded(x.low * y.low, x.high, y.high, (a, b) => a * b);
    case "div":
      return y.low < 1 ? undefined : { low: 0, high: x.high === undefined ? undefined : Math.floor(x.high / y.low) };
    case "rem":
      return y.low < 1
        ? undefined
        : { low: 0, high: y.high === undefined ? x.high : Math.min(y.high - 1, x.high ?? LARGEST) };
    default:
      return undefined;
  }
}

/** One known bound is enough for the side that `min` or `max` limits. */
function ofExtreme(op: "min" | "max", x: Range | undefined, y: Range | undefined): Range {
  const pick = op === "min" ? Math.min : Math.max;
  const either = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined ? b : b === undefined ? a : pick(a, b);
  const both = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? undefined : pick(a, b);
  return op === "min"
    ? { low: both(x?.low, y?.low), high: either(x?.high, y?.high) }
    : { low: either(x?.low, y?.low), high: both(x?.high, y?.high) };
}

/** Without both upper bounds a sum or product may wrap, and nothing is known. */
function bounded(
  low: number,
  x: number | undefined,
  y: number | undefined,
  combine: (a: number, b: number) => number,
): Range | undefined {
  if (x === undefined || y === undefined) return undefined;
  const high = combine(x, y);
  return high > LARGEST ? undefined : { low, high };
}

/**
 * `min(b, c) -> b` and `max(b, d) -> b` where the range of b lies within. With c > 0 a literal: `b / c -> 0` and `b % c -> b` for 0 <= b < c; `(a * c + b) / c -> a` and
 * `(a * c + b) % c -> b` for 0 <= b < c, a >= 0 and a sum that is known not to wrap.
 */
export function foldByRange(
  expression: Extract<Expression, { kind: "binary" }>,
  facts: Facts,
): number | KValue | undefined {
  const { op, x, y } = expression;
  if (op === "min" || op === "max") return foldExtreme(op, x, y, facts);
  const divisor = facts.literal(y);
  if ((op !== "div" && op !== "rem") || divisor === undefined || divisor <= 0) return undefined;
  if (isBelow(facts.range(x), divisor)) return op === "div" ? 0 : x;
  const sum = facts.made(x);
  if (sum?.kind !== "binary" || sum.op !== "add" || facts.range(x) === undefined) return undefined;
  for (const [product, rest] of [
    [sum.x, sum.y],
    [sum.y, sum.x],
  ] as const) {
    const factors = facts.made(product);
    if (factors?.kind !== "binary" || factors.op !== "mul" || !isBelow(facts.range(rest), divisor)) continue;
    const quotient = facts.literal(factors.y) === divisor ? factors.x : facts.literal(factors.x) === divisor ? factors.y : undefined; // prettier-ignore
    if (quotient !== undefined) return op === "div" ? quotient : rest;
  }
  return undefined;
}

function foldExtreme(op: "min" | "max", x: KValue, y: KValue, facts: Facts): KValue | undefined {
  const atMost = (a: KValue, b: KValue): boolean => {
    const [high, low] = [facts.range(a)?.high, facts.range(b)?.low];
    return high !== undefined && low !== undefined && high <= low;
  };
  const [smaller, larger] = atMost(x, y) ? [x, y] : atMost(y, x) ? [y, x] : [];
  return op === "min" ? smaller : larger;
}

function isBelow(range: Range | undefined, limit: number): boolean {
  return range?.low !== undefined && range.high !== undefined && range.low >= 0 && range.high < limit;
}
