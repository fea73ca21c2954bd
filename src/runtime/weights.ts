/**
 * Weights into a model: every tensor of the file is matched with a parameter first (`match-weights.ts`), and only then
 * are bytes read, converted to the storage type and handed on, in pieces.
 */
import type { ByteSource } from "./public-types.ts";
import { WeightsError } from "./errors.ts";
import type { WeightMismatch } from "./errors.ts";
import { FLOAT_BYTES, convertFloats, nonFiniteHalf } from "./float-convert.ts";
import type { FloatType } from "./float-convert.ts";
import { STORED_FLOATS, matchWeights } from "./match-weights.ts";
import type { Parameter } from "./match-weights.ts";
import { readSafetensors } from "./safetensors.ts";
import type { SafetensorsEntry } from "./safetensors.ts";
import { Placement } from "./weight-layout.ts";
import type { WeightNameRule } from "./weight-names.ts";

export type { Parameter } from "./match-weights.ts";

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

const PIECE_BYTES = 4 * 1024 * 1024;

/** Reads the weights in `source` and calls `deliver` with pieces of each parameter, as its buffer has them. */
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
    if (!(await holdsSame(source, entry, entries.get(path) ?? [], options.signal)))
      problems.push({ path: entry.name, problem: "tied", expected: path });
  const parts = parameters.flatMap((parameter) => {
    const slices = entries.get(parameter.path) ?? [];
    return slices.map((entry, index) => ({ parameter, entry, share: index / slices.length }));
  });
  const total = parts.reduce((sum, { entry }) => sum + entry.bytes, 0);
  const placements = new Map(parameters.map((parameter) => [parameter, new Placement(parameter)] as const));
  let loaded = 0;
  for (const { parameter, entry, share } of parts.sort((a, b) => a.entry.offset - b.entry.offset)) {
    const from = STORED_FLOATS[entry.dtype] ?? "f32";
    const placement = placements.get(parameter) ?? new Placement(parameter);
    let offset = share * placement.bytes;
    let overflow: number | undefined;
    let special: number | undefined;
    const piece = placement.pieceElements(PIECE_BYTES / FLOAT_BYTES[from]) * FLOAT_BYTES[from];
    for (let at = 0; at < entry.bytes; at += piece) {
      options.signal?.throwIfAborted();
      const length = Math.min(piece, entry.bytes - at);
      const read = await source.read(entry.offset + at, length, options.signal);
      const converted = convertFloats(read, from, parameter.dtype);
      overflow ??= converted.overflow;
      if (parameter.isFinite === true) special ??= nonFiniteHalf(converted.bytes);
      const placed = placement.place(offset, converted.bytes);
      if (placed !== undefined) deliver({ path: parameter.path, ...placed });
      offset += converted.bytes.length;
      options.onProgress?.((loaded += length), total);
    }
    const { path, dtype } = parameter;
    if (overflow !== undefined) problems.push({ path, problem: "range", expected: dtype, found: String(overflow) });
    else if (special !== undefined) problems.push({ path, problem: "finite", expected: dtype, found: String(special) });
  }
  if (problems.length > 0) throw new WeightsError(`${source.name} does not fit this model:`, problems);
}

/** Whether a tensor holds the same numbers as the one tensor of a parameter, whatever types they are stored in. */
async function holdsSame(
  source: ByteSource,
  a: SafetensorsEntry,
  others: readonly SafetensorsEntry[],
  signal?: AbortSignal,
): Promise<boolean> {
  const [b] = others;
  const left = STORED_FLOATS[a.dtype];
  const right = b === undefined ? undefined : STORED_FLOATS[b.dtype];
  if (b === undefined || left === undefined || right === undefined) return false;
  if (others.length > 1 || a.shape.join() !== b.shape.join()) return false;
  const elements = a.shape.reduce((product, size) => product * size, 1);
  const numbers = async (entry: SafetensorsEntry, type: FloatType, at: number, count: number): Promise<Uint8Array> => {
    const size = FLOAT_BYTES[type];
    return convertFloats(await source.read(entry.offset + at * size, count * size, signal), type, "f64").bytes;
  };
  const step = PIECE_BYTES / FLOAT_BYTES.f64;
  for (let at = 0; at < elements; at += step) {
    const count = Math.min(step, elements - at);
    const [x, y] = [await numbers(a, left, at, count), await numbers(b, right, at, count)];
    if (x.some((byte, i) => byte !== y[i])) return false;
  }
  return true;
}
