/**
 * Compares what a model computes with recorded answers (`golden.safetensors`, `expected.json`). Pure: tensors in, rows
 * out. Tolerances are derived per output (DECISIONS.md 11) from two runs of the interpreter on the same program: one
 * exact, one that rounds every result to its type.
 */
import { evaluate } from "../interp/index.ts";
import type { Tensor } from "../ir/op-def.ts";
import { funcNamed } from "../ir/ir.ts";
import { OPS } from "../ops/index.ts";
import type { AnalyzedModel } from "../sema/index.ts";
import { InternalError } from "../support/errors.ts";

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

/** Outputs by their recorded names (`out.logits`, `out.hidden.2`), row-major. */
export type Outputs = ReadonlyMap<string, ArrayLike<number>>;

export interface InterpretedOutputs {
  readonly exact: Outputs;
  readonly rounded: Outputs;
}

/** The forward pass of the interpreter in both modes. `tokens`: i32[B, T]. `context`: length of position tables. */
export function interpretForward(
  model: AnalyzedModel,
  tokens: Tensor,
  params: (path: string) => Tensor,
  context: number,
): InterpretedOutputs {
  const forward = funcNamed(model.module, "forward");
  if (forward === undefined) throw new InternalError("the model has no forward");
  const [B = 1, T = 1] = tokens.dims;
  const run = (mode: "exact" | "rounded"): Outputs => {
    const argument = forward.args[0]?.name ?? "tokens";
    const results = evaluate(
      forward,
      { [argument]: tokens },
      { ops: OPS, params, symbols: { B, T, S: context }, mode },
    );
    const values = new Map<string, ArrayLike<number>>();
    for (const [name, result] of Object.entries(results))
      if ("dtype" in result) values.set(name, result.data);
      else result.forEach((member, i) => values.set(`${name}.${i}`, member.data));
    return recordedNames(values, tokens);
  };
  return { exact: run("exact"), rounded: run("rounded") };
}

/**
 * Renames the results of `forward` (first result, taps) to the names of the recorded answers: `out.logits`, `out.loss`,
 * and `out.hidden.i`: before the first layer, after each layer, the last one after the final norm (the tap
 * `hidden.final`, where the model has it).
 */
export function recordedNames(results: Outputs, tokens: Tensor): Outputs {
  const named = new Map<string, ArrayLike<number>>();
  const [first] = results.values();
  if (first !== undefined) {
    named.set("out.logits", first);
    named.set("out.loss", [nextTokenLoss(first, tokens)]);
  }
  const before = [...results.keys()].find((name) => name.endsWith(".in"));
  const layers = [...results.entries()].filter(([name]) => /\.out\.\d+$/.test(name));
  if (before !== undefined) named.set("out.hidden.0", results.get(before) ?? []);
  layers.forEach(([, values], i) => named.set(`out.hidden.${i + 1}`, values));
  const last = results.get("hidden.final");
  if (last !== undefined) named.set(`out.hidden.${layers.length}`, last);
  return named;
}

/** Mean cross-entropy, in nats, of `logits[:, :-1]` against `tokens[:, 1:]`. */
export function nextTokenLoss(logits: ArrayLike<number>, tokens: Tensor): number {
  const [B = 1, T = 1] = tokens.dims;
  const V = logits.length / (B * T);
  let total = 0;
  for (let b = 0; b < B; b++)
    for (let t = 0; t + 1 < T; t++) {
      const row = (b * T + t) * V;
      let largest = -Infinity;
      for (let v = 0; v < V; v++) largest = Math.max(largest, logits[row + v] ?? NaN);
      let sum = 0;
      for (let v = 0; v < V; v++) sum += Math.exp((logits[row + v] ?? NaN) - largest);
      total += largest + Math.log(sum) - (logits[row + (tokens.data[b * T + t + 1] ?? 0)] ?? NaN);
    }
  return total / (B * (T - 1));
}

/** min(1e-4 max|ref|, 16 max|rounded - exact| + 2^-22 max|ref|). */
export function outputTolerance(
  reference: ArrayLike<number>,
  exact: ArrayLike<number>,
  rounded: ArrayLike<number>,
): number {
  const largest = maxAbsolute(reference);
  return Math.min(1e-4 * largest, 16 * (maxDifference(exact, rounded) ?? Infinity) + 2 ** -22 * largest);
}

/** The row of one recorded output. */
export function compareOutput(
  reference: Reference,
  target: string,
  actual: ArrayLike<number> | undefined,
  interpreted: InterpretedOutputs,
): VerifyRow {
  const { name, data } = reference;
  const exact = interpreted.exact.get(name);
  const rounded = interpreted.rounded.get(name);
  const maxReference = finite(maxAbsolute(data));
  if (actual === undefined || exact === undefined || rounded === undefined)
    return {
      name,
      target,
      maxError: null,
      tolerance: null,
      maxReference,
      ok: false,
      reason: "the model has no such output",
    };
  if (actual.length !== data.length)
    return { name, target, maxError: null, tolerance: null, maxReference, ok: false, reason: `it has ${actual.length} elements, the reference ${data.length}` }; // prettier-ignore
  const tolerance = outputTolerance(data, exact, rounded);
  const maxError = maxDifference(actual, data);
  const ok = maxError !== null && maxError <= tolerance;
  return { name, target, maxError, tolerance, maxReference, ok };
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

export function maxAbsolute(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] ?? NaN));
  return largest;
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
