/**
 * The rows of `llmc verify`: what a model computed against recorded answers. Pure. Tolerances are derived per output
 * (DECISIONS.md 11) from two runs of the interpreter on the same program: one exact, one that rounds every result.
 */
import type { Outputs } from "./recorded-outputs.ts";

/** One line of `llmc verify --json`; figures are absolute, a non-finite error is null. */
export interface VerifyRow {
  readonly name: string;
  readonly target: string;
  readonly maxError: number | null;
  readonly tolerance: number | null;
  readonly maxReference: number | null;
  readonly ok: boolean;
  readonly reason?: string;
}

/** The recorded answer of one output. */
export interface Reference {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface InterpretedOutputs {
  readonly exact: Outputs;
  readonly rounded: Outputs;
}

/** The row of an answer that nothing can be compared with. */
export function missingRow(
  { name, data }: Pick<Reference, "name" | "data">,
  target: string,
  reason: string,
): VerifyRow {
  return { name, target, maxError: null, tolerance: null, maxReference: maxAbsolute(data), ok: false, reason };
}

/** The row of one recorded output. */
export function compareOutput(
  reference: Reference,
  target: string,
  actual: ArrayLike<number> | undefined,
  interpreted: InterpretedOutputs,
): VerifyRow {
  const { name, data } = reference;
  const tolerance = toleranceOf(name, data, interpreted);
  if (actual === undefined || tolerance === undefined)
    return missingRow(reference, target, "the model has no such output");
  if (actual.length !== data.length)
    return missingRow(reference, target, `it has ${actual.length} elements, the reference ${data.length}`);
  const row = judgedRow(name, target, maxDifference(actual, data), tolerance, maxAbsolute(data));
  const isBeforeNorm = isLastHidden(name, interpreted.exact) && !interpreted.exact.has("out.hidden.final");
  return row.ok || row.reason !== undefined || !isBeforeNorm ? row : { ...row, reason: WITHOUT_NORM };
}

const WITHOUT_NORM =
  'compared is what the last layer returns; `tap "hidden.final"` names what stands behind a final norm';

function isLastHidden(name: string, outputs: Outputs): boolean {
  const [, layer] = /^out\.hidden\.(\d+)$/.exec(name) ?? [];
  return layer !== undefined && !outputs.has(`out.hidden.${Number(layer) + 1}`);
}

/** A row whose error was measured; null for an error that is no finite number. */
export function judgedRow(
  name: string,
  target: string,
  maxError: number | null,
  tolerance: number,
  maxReference: number | null,
): VerifyRow {
  if (maxError === null) {
    const reason = "it holds infinities or NaN";
    return { name, target, maxError, tolerance, maxReference, ok: false, reason };
  }
  return { name, target, maxError, tolerance, maxReference, ok: maxError <= tolerance };
}

/** The tolerance of the output `name` against `reference`: min(1e-4 m, 16 max|rounded - exact| + 2^-22 m), m = max|reference|. */
export function toleranceOf(
  name: string,
  reference: ArrayLike<number>,
  { exact, rounded }: InterpretedOutputs,
): number | undefined {
  const [left, right] = [exact.get(name), rounded.get(name)];
  const largest = maxAbsolute(reference);
  if (left === undefined || right === undefined || largest === null) return undefined;
  return Math.min(1e-4 * largest, 16 * (maxDifference(left, right) ?? Infinity) + 2 ** -22 * largest);
}

/** The largest |a - b|; null where it is not a finite number. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!Number.isFinite(difference)) return null;
    if (difference > largest) largest = difference;
  }
  return largest;
}

/** The largest |x|; null where it is not a finite number. */
export function maxAbsolute(values: ArrayLike<number>): number | null {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] ?? NaN));
  return Number.isFinite(largest) ? largest : null;
}
