/**
 * Which tensors of a file make which parameters of a model, by names and the rules of the model's `weights` clause.
 * `pairTensors` pairs what can be paired; `matchWeights` checks everything and lists all that is wrong.
 */
import type { WeightLayout } from "../plan/ir.ts";
import { WeightsError } from "./errors.ts";
import type { WeightMismatch } from "./errors.ts";
import type { FloatType } from "./float-convert.ts";
import type { SafetensorsEntry, SafetensorsFile } from "./safetensors.ts";
import { resolveName } from "./weight-names.ts";
import type { WeightNameRule } from "./weight-names.ts";

/** A weight of the model; `dtype` is how its buffer stores it. */
export interface Parameter {
  readonly path: string;
  readonly dtype: FloatType;
  readonly dims: readonly number[];
  /** How its buffer orders the elements, where that is not row-major. */
  readonly layout?: WeightLayout;
  /** Infinities and NaN are refused. */
  readonly isFinite?: boolean;
}

/** The element types of a file that are read. */
export const STORED_FLOATS: Readonly<Record<string, FloatType>> = { F64: "f64", F32: "f32", F16: "f16", BF16: "bf16" };

interface Pairing {
  /** The tensors that claim to be the whole parameter: one, unless the file is ambiguous. */
  readonly whole: Map<string, SafetensorsEntry[]>;
  /** The tensors that are a slice of the parameter along its first axis, by their place. */
  readonly slices: Map<string, Map<number, SafetensorsEntry>>;
  readonly tied: { readonly entry: SafetensorsEntry; readonly path: string }[];
  readonly extra: SafetensorsEntry[];
}

/** Sorts the tensors of `file` by what they are for; nothing is checked. */
export function pairTensors(
  file: SafetensorsFile,
  isParameter: (path: string) => boolean,
  rules: readonly WeightNameRule[],
): Pairing {
  const pairing: Pairing = { whole: new Map(), slices: new Map(), tied: [], extra: [] };
  for (const entry of file.tensors.values()) {
    const found = resolveName(entry.name, isParameter, rules);
    if (found.kind === "extra") pairing.extra.push(entry);
    else if (found.kind === "tied") pairing.tied.push({ entry, path: found.path });
    else if (found.kind === "parameter")
      pairing.whole.set(found.path, [...(pairing.whole.get(found.path) ?? []), entry]);
    else if (found.kind === "slice") {
      const parts = pairing.slices.get(found.path) ?? new Map<number, SafetensorsEntry>();
      if (parts.has(found.index)) pairing.extra.push(entry);
      else pairing.slices.set(found.path, parts.set(found.index, entry));
    }
  }
  return pairing;
}

export interface WeightMatch {
  /** The tensor of each parameter, or those that follow one another along its first axis. */
  readonly entries: ReadonlyMap<string, readonly SafetensorsEntry[]>;
  readonly tied: readonly { readonly entry: SafetensorsEntry; readonly path: string }[];
}

/** Pairs the tensors of `file` with `parameters`. Throws one `WeightsError` that lists everything that is wrong. */
export function matchWeights(
  file: SafetensorsFile,
  name: string,
  parameters: readonly Parameter[],
  rules: readonly WeightNameRule[],
): WeightMatch {
  const wanted = new Set(parameters.map(({ path }) => path));
  const { whole, slices, tied, extra } = pairTensors(file, (path) => wanted.has(path), rules);
  const problems: WeightMismatch[] = extra.map((entry) => extraProblem(entry));
  const entries = new Map<string, readonly SafetensorsEntry[]>();
  for (const parameter of parameters) {
    const { path, dims } = parameter;
    const candidates = whole.get(path) ?? [];
    const parts = slices.get(path);
    const [first, second = parts?.values().next().value] = candidates;
    if (first !== undefined && second !== undefined)
      problems.push({ path, problem: "ambiguous", expected: first.name, found: second.name });
    else if (first !== undefined) problems.push(...entryProblems(path, first, dims));
    else if (parts !== undefined) problems.push(...sliceProblems(parameter, parts));
    else problems.push({ path, problem: "missing", expected: shapeText(dims) });
    entries.set(path, first === undefined ? inOrder(parts) : [first]);
  }
  problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  if (problems.length > 0) throw new WeightsError(`${name} does not fit this model:`, problems);
  return { entries, tied };
}

function inOrder(parts: ReadonlyMap<number, SafetensorsEntry> | undefined): readonly SafetensorsEntry[] {
  return [...(parts ?? [])].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/** The slices 0 to n - 1 of a parameter [n, ...] must be there, each of the shape that is left. */
function sliceProblems(
  { path, dims }: Parameter,
  parts: ReadonlyMap<number, SafetensorsEntry>,
): readonly WeightMismatch[] {
  const [count = 0, ...rest] = dims;
  const problems: WeightMismatch[] = [];
  for (let index = 0; index < count; index++) {
    const entry = parts.get(index);
    const place = `${path}[${index}]`;
    if (entry === undefined) problems.push({ path: place, problem: "missing", expected: shapeText(rest) });
    else problems.push(...entryProblems(place, entry, rest));
  }
  for (const [index, entry] of parts) if (index >= count) problems.push(extraProblem(entry));
  return problems;
}

function entryProblems(path: string, entry: SafetensorsEntry, dims: readonly number[]): readonly WeightMismatch[] {
  if (entry.shape.join() !== dims.join())
    return [{ path, problem: "shape", expected: shapeText(dims), found: shapeText(entry.shape) }];
  if (STORED_FLOATS[entry.dtype] === undefined)
    return [{ path, problem: "dtype", expected: "F64, F32, F16 or BF16", found: entry.dtype }];
  return [];
}

function extraProblem({ name, dtype, shape }: SafetensorsEntry): WeightMismatch {
  return { path: name, problem: "extra", found: `${dtype}${shapeText(shape)}` };
}

function shapeText(dims: readonly number[]): string {
  return `[${dims.join(", ")}]`;
}
