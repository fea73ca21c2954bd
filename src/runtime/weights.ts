/**
 * Weights into a model: every tensor of the file is matched with a parameter first, all mismatches become one
 * `WeightsError`, and only then are bytes read, converted to the storage type and handed on, in pieces.
 */
import type { ByteSource } from "./byte-source.ts";
import { WeightsError } from "./errors.ts";
import type { WeightMismatch } from "./errors.ts";
import { convertFloats } from "./float-convert.ts";
import type { FloatType } from "./float-convert.ts";
import { readSafetensors } from "./safetensors.ts";
import type { SafetensorsEntry, SafetensorsFile } from "./safetensors.ts";
import { resolveName } from "./weight-names.ts";
import type { WeightNameRule } from "./weight-names.ts";

/** A weight of the model; `dtype` is how its buffer stores it. */
export interface Parameter {
  readonly path: string;
  readonly dtype: FloatType;
  readonly dims: readonly number[];
}

export interface LoadedPiece {
  readonly path: string;
  /** In bytes of the storage type, from the start of the parameter. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface LoadWeightsOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the file read so far, and in all. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

const PIECE_BYTES = 16 * 1024 * 1024;
const FLOATS: Readonly<Record<string, FloatType>> = { F64: "f64", F32: "f32", F16: "f16", BF16: "bf16" };

export interface WeightMatch {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly tied: readonly { readonly entry: SafetensorsEntry; readonly path: string }[];
}

/** Pairs the tensors of `file` with `parameters`. Throws one `WeightsError` that lists everything that is wrong. */
export function matchWeights(
  file: SafetensorsFile,
  name: string,
  parameters: readonly Parameter[],
  rules: readonly WeightNameRule[],
): WeightMatch {
  const wanted = new Map(parameters.map((parameter) => [parameter.path, parameter]));
  const entries = new Map<string, SafetensorsEntry>();
  const tied: { readonly entry: SafetensorsEntry; readonly path: string }[] = [];
  const problems: WeightMismatch[] = [];
  for (const entry of file.tensors.values()) {
    const resolution = resolveName(entry.name, (path) => wanted.has(path), rules);
    if (resolution.kind === "extra") problems.push({ path: entry.name, problem: "extra", found: entryText(entry) });
    else if (resolution.kind === "tied") tied.push({ entry, path: resolution.path });
    else if (resolution.kind === "parameter") {
      const other = entries.get(resolution.path);
      if (other === undefined) entries.set(resolution.path, entry);
      else problems.push({ path: resolution.path, problem: "ambiguous", expected: other.name, found: entry.name });
    }
  }
  for (const parameter of parameters) {
    const entry = entries.get(parameter.path);
    const expected = `[${parameter.dims.join(", ")}]`;
    if (entry === undefined) problems.push({ path: parameter.path, problem: "missing", expected });
    else if (entry.shape.join() !== parameter.dims.join())
      problems.push({ path: parameter.path, problem: "shape", expected, found: `[${entry.shape.join(", ")}]` });
    else if (FLOATS[entry.dtype] === undefined)
      problems.push({ path: parameter.path, problem: "dtype", expected: "F64, F32, F16 or BF16", found: entry.dtype });
  }
  problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  if (problems.length > 0) throw new WeightsError(`${name} does not fit this model:`, problems);
  return { entries, tied };
}

function entryText(entry: SafetensorsEntry): string {
  return `${entry.dtype}[${entry.shape.join(", ")}]`;
}

/** Reads the weights in `source` and calls `deliver` with pieces of each parameter, in the order of the file. */
export async function loadWeights(
  source: ByteSource,
  parameters: readonly Parameter[],
  rules: readonly WeightNameRule[],
  deliver: (piece: LoadedPiece) => void,
  options: LoadWeightsOptions = {},
): Promise<void> {
  const file = await readSafetensors(source, options.signal);
  const { entries, tied } = matchWeights(file, source.name, parameters, rules);
  const problems: WeightMismatch[] = [];
  for (const { entry, path } of tied)
    if (!(await holdsSame(source, entry, entries.get(path), options.signal)))
      problems.push({ path: entry.name, problem: "tied", expected: path });
  const pairs = parameters.flatMap((parameter) => {
    const entry = entries.get(parameter.path);
    return entry === undefined ? [] : [{ parameter, entry }];
  });
  const total = pairs.reduce((sum, { entry }) => sum + entry.bytes, 0);
  let loaded = 0;
  for (const { parameter, entry } of pairs.sort((a, b) => a.entry.offset - b.entry.offset)) {
    const from = FLOATS[entry.dtype] ?? "f32";
    let offset = 0;
    let overflow: number | undefined;
    for (let at = 0; at < entry.bytes; at += PIECE_BYTES) {
      options.signal?.throwIfAborted();
      const length = Math.min(PIECE_BYTES, entry.bytes - at);
      const converted = convertFloats(
        await source.read(entry.offset + at, length, options.signal),
        from,
        parameter.dtype,
      );
      overflow ??= converted.overflow;
      deliver({ path: parameter.path, offset, bytes: converted.bytes });
      offset += converted.bytes.length;
      options.onProgress?.((loaded += length), total);
    }
    if (overflow !== undefined)
      problems.push({ path: parameter.path, problem: "range", expected: parameter.dtype, found: String(overflow) });
  }
  if (problems.length > 0) throw new WeightsError(`${source.name} does not fit this model:`, problems);
}

/** Whether two tensors of one file hold the same numbers, whatever types they are stored in. */
async function holdsSame(
  source: ByteSource,
  a: SafetensorsEntry,
  b: SafetensorsEntry | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const left = FLOATS[a.dtype];
  const right = b === undefined ? undefined : FLOATS[b.dtype];
  if (b === undefined || left === undefined || right === undefined || a.shape.join() !== b.shape.join()) return false;
  const elements = a.shape.reduce((product, size) => product * size, 1);
  const [leftBytes, rightBytes] = [a.bytes / Math.max(1, elements), b.bytes / Math.max(1, elements)];
  const step = PIECE_BYTES / 8;
  for (let at = 0; at < elements; at += step) {
    const count = Math.min(step, elements - at);
    const x = convertFloats(await source.read(a.offset + at * leftBytes, count * leftBytes, signal), left, "f64").bytes;
    const y = convertFloats(
      await source.read(b.offset + at * rightBytes, count * rightBytes, signal),
      right,
      "f64",
    ).bytes;
    if (x.some((byte, i) => byte !== y[i])) return false;
  }
  return true;
}
