/** Compares what an executor computed with what the reference says; a difference is one message that can be repeated. */
import type { Tensor } from "../../src/ir/op-def.ts";

export interface Comparison {
  /** The op or program. */
  readonly what: string;
  readonly seed?: number;
  /** The command that repeats the case. */
  readonly repeat?: string;
}

/**
 * Undefined where each element of `actual` lies within `tolerance` (absolute; one for all, or one for each element) of
 * `expected`. NaN must meet NaN, an infinity the same infinity, and with tolerance 0 also -0 the same zero.
 */
export function compareTensors(
  actual: Tensor,
  expected: Tensor,
  tolerance: number | Float64Array,
  comparison: Comparison,
): string | undefined {
  const shape = `${expected.dtype}[${expected.dims.join(", ")}]`;
  const head = `${comparison.what} ${shape}${comparison.seed === undefined ? "" : `, seed ${comparison.seed}`}`;
  const found = `${actual.dtype}[${actual.dims.join(", ")}]`;
  if (found !== shape || actual.data.length !== expected.data.length) return `${head}: the result is ${found}`;
  let worst = -1;
  let worstExcess = 0;
  let count = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const bound = typeof tolerance === "number" ? tolerance : (tolerance[i] ?? 0);
    const excess = excessOf(actual.data[i] ?? NaN, expected.data[i] ?? NaN, bound);
    if (excess <= 0) continue;
    count++;
    if (excess > worstExcess) [worst, worstExcess] = [i, excess];
  }
  if (worst < 0) return undefined;
  const bound = typeof tolerance === "number" ? tolerance : tolerance[worst];
  const place = `[${indexOf(worst, expected.dims).join(", ")}]`;
  const values = `${actual.data[worst]}, expected ${expected.data[worst]} within ${bound}`;
  const repeat = comparison.repeat === undefined ? "" : `\n  repeat with: ${comparison.repeat}`;
  return `${head}: ${count} of ${expected.data.length} elements differ, worst at ${place}: ${values}${repeat}`;
}

/** How far beyond the bound; positive where the element is wrong. */
function excessOf(actual: number, expected: number, bound: number): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  const error = Math.abs(actual - expected);
  if (error === 0) return bound === 0 ? Number.MIN_VALUE : 0;
  if (error <= bound) return 0;
  // A bound that is NaN accepts nothing.
  return Number.isNaN(bound) ? Infinity : error - bound;
}

function indexOf(flat: number, dims: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = flat;
  for (const size of [...dims].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
