/**
 * What a merge costs and saves, in bytes moved. A value that stays inside a kernel saves its write and its read, and a
 * launch; a producer that is pulled more often than it has elements costs its inputs again, and its arithmetic (a
 * transcendental function counts as the bytes one could move meanwhile).
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import { bytesOf, elementCount } from "../../../src/ir/type.ts";
import type { Dim } from "../../../src/support/dim.ts";

/** A launch costs about as long as moving this many bytes. */
const LAUNCH_BYTES = 8192;
const TRANSCENDENTAL_BYTES = 16;
const POINT_BYTES = 1;
/** The size of a symbol without a declared capacity. */
const DEFAULT_CAPACITY = 1024;
const TRANSCENDENTAL: ReadonlySet<string> = new Set([
  ...["exp", "log", "sin", "cos", "tanh", "erf", "pow", "sigmoid", "silu", "gelu", "gelu_tanh", "sqrt", "rsqrt", "div"],
]);

/** A size under the capacities. */
export function sizeUnder(size: Dim, capacities: Readonly<Record<string, number>>): number {
  const missing = [...size.symbols()].filter((name) => capacities[name] === undefined);
  const sizes = Object.fromEntries(missing.map((name) => [name, DEFAULT_CAPACITY]));
  return size.evaluate({ ...sizes, ...capacities });
}

/** Elements of a value under the capacities. */
export function elementsOf(value: Value, capacities: Readonly<Record<string, number>>): number {
  return sizeUnder(elementCount(value.type), capacities);
}

/**
 * Whether pulling `producer` (points and moves that make `made`) into a kernel with `pulls` elements is worth it.
 * Recomputing costs `pulls - elements` times the bytes of its inputs and arithmetic.
 */
export function isWorthPulling(
  producer: readonly Op[],
  made: Value,
  inputs: readonly Value[],
  pulls: number,
  capacities: Readonly<Record<string, number>>,
): boolean {
  const elements = elementsOf(made, capacities);
  const arithmetic = producer.reduce(
    (sum, op) => sum + (TRANSCENDENTAL.has(op.name) ? TRANSCENDENTAL_BYTES : POINT_BYTES),
    0,
  );
  const reading = inputs.reduce((sum, input) => sum + bytesOf(input.type.dtype), 0);
  const extra = Math.max(0, pulls - elements) * (arithmetic + reading);
  return extra <= 2 * elements * bytesOf(made.type.dtype) + LAUNCH_BYTES;
}
