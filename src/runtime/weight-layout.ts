/**
 * Weights in the order in which kernels read them, where the compiler chose another than that of the checkpoint: the
 * tensor is cut into tiles, which follow one another, each whole (`WeightLayout`).
 */
import type { WeightLayout } from "../plan/ir.ts";
import { FLOAT_BYTES } from "./float-convert.ts";
import type { Parameter } from "./match-weights.ts";

/** Bytes of a parameter's buffer, from `offset` on. */
export interface Placed {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where the bytes of one parameter go that come in the order of the checkpoint, piece by piece. */
export class Placement {
  /** Of the whole parameter. */
  readonly bytes: number;
  /** Elements that must come together, from a multiple of that on, to be put in order at once. */
  private readonly together: number;
  private pending: { readonly bytes: Uint8Array; missing: number } | undefined;

  constructor(private readonly parameter: Parameter) {
    const { dims, layout, dtype } = parameter;
    const elements = dims.reduce((product, size) => product * size, 1);
    this.bytes = elements * FLOAT_BYTES[dtype];
    this.together = layout === undefined ? 1 : (elements / (dims[0] ?? 1)) * rowsTogether(dims, layout);
  }

  /** How many elements to bring at a time, about `wanted`. */
  pieceElements(wanted: number): number {
    return Math.max(1, Math.floor(wanted / this.together)) * this.together;
  }

  /** Undefined while more must come first. */
  place(offset: number, bytes: Uint8Array): Placed | undefined {
    const { layout, dtype } = this.parameter;
    if (layout === undefined) return { offset, bytes };
    const together = this.together * FLOAT_BYTES[dtype];
    if (offset % together === 0 && bytes.length % together === 0) return { offset, bytes: this.packed(bytes) };
    // Tensors of the file that are slices of the parameter may end within a tile.
    this.pending ??= { bytes: new Uint8Array(this.bytes), missing: this.bytes };
    this.pending.bytes.set(bytes, offset);
    this.pending.missing -= bytes.length;
    return this.pending.missing > 0 ? undefined : { offset: 0, bytes: this.packed(this.pending.bytes) };
  }

  private packed(bytes: Uint8Array): Uint8Array {
    const { layout, dtype, dims } = this.parameter;
    if (layout === undefined) return bytes;
    const rows = (bytes.length / this.bytes) * (dims[0] ?? 1);
    return packElements(bytes, [rows, ...dims.slice(1)], layout, dtype === "f32" ? 4 : 2);
  }
}

/** One loop over a tensor: so many steps, so many elements apart in the checkpoint's order. */
interface Level {
  readonly size: number;
  readonly stride: number;
}

/**
 * The bytes of row-major elements of `bytesEach` bytes, in the layout's order. `dims` are multiples of the layout's
 * tile.
 */
export function packElements(
  bytes: Uint8Array,
  dims: readonly number[],
  layout: WeightLayout,
  bytesEach: 2 | 4,
): Uint8Array<ArrayBuffer> {
  const levels = levelsOf(dims, layout);
  const last = levels.at(-1);
  // Elements that stay side by side are moved in words.
  const isWords = last === undefined || (last.stride === 1 && (last.size * bytesEach) % 4 === 0);
  const elements = isWords ? 4 / bytesEach : 1;
  const inWords = levels.map(({ size, stride }, i): Level => {
    return i === levels.length - 1 ? { size: size / elements, stride: 1 } : { size, stride: stride / elements };
  });
  const output = new Uint8Array(bytes.length);
  const isAligned = bytes.byteOffset % 4 === 0;
  const source = isAligned ? bytes : bytes.slice();
  if (isWords || bytesEach === 4) copy(view32(source), view32(output), isWords ? inWords : levels);
  else copy(view16(source), view16(output), levels);
  return output;
}

/** How many rows of the first axis must come together so that their bytes are a stretch of the layout's order. */
function rowsTogether(dims: readonly number[], { tile, order }: WeightLayout): number {
  return order[0] === 0 ? (tile[0] ?? 1) : (dims[0] ?? 1);
}

function levelsOf(dims: readonly number[], { tile, order }: WeightLayout): readonly Level[] {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  const at = (list: readonly number[], axis: number): number => list[axis] ?? 1;
  return [
    ...order.map((axis) => ({ size: at(dims, axis) / at(tile, axis), stride: at(strides, axis) * at(tile, axis) })),
    ...order.map((axis) => ({ size: at(tile, axis), stride: at(strides, axis) })),
  ];
}

function copy<A extends Uint16Array | Uint32Array>(source: A, output: A, levels: readonly Level[]): void {
  const [rows, columns] = [levels.at(-2) ?? { size: 1, stride: 0 }, levels.at(-1) ?? { size: 1, stride: 0 }];
  const outer = levels.slice(0, -2);
  let to = 0;
  const walk = (depth: number, from: number): void => {
    const level = outer[depth];
    if (level !== undefined) {
      for (let i = 0; i < level.size; i++) walk(depth + 1, from + i * level.stride);
      return;
    }
    for (let i = 0, row = from; i < rows.size; i++, row += rows.stride)
      for (let j = 0, at = row; j < columns.size; j++, at += columns.stride) output[to++] = source[at] ?? 0;
  };
  walk(0, 0);
}

function view32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function view16(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}
