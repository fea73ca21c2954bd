/** Weights in tiles: against the layout's definition, element by element; and pieces that end within a tile. */
import { describe, expect, it } from "vitest";
import { bytesOf } from "../../../src/runtime/byte-source.ts";
import { packElements } from "../../../src/runtime/weight-layout.ts";
import { loadWeights } from "../../../src/runtime/weights.ts";
import { f32Tensor, fileOf } from "./safetensors-file.ts";

const CASES = [
  { dims: [8, 12], tile: [4, 4], order: [0, 1] },
  { dims: [8, 12], tile: [4, 4], order: [1, 0] },
  { dims: [6, 12], tile: [2, 3], order: [1, 0] },
  { dims: [5, 7], tile: [1, 1], order: [1, 0] },
  { dims: [4, 6, 8], tile: [2, 3, 4], order: [2, 0, 1] },
  { dims: [4], tile: [2], order: [0] },
] as const;

/** Where element `index` lies: the number of its tile, then its number in the tile. */
function placeOf(index: readonly number[], dims: readonly number[], tile: readonly number[], order: readonly number[]) {
  const inTiles = order.reduce((at, axis) => at * (dims[axis]! / tile[axis]!) + Math.floor(index[axis]! / tile[axis]!), 0); // prettier-ignore
  const inTile = order.reduce((at, axis) => at * tile[axis]! + (index[axis]! % tile[axis]!), 0);
  return inTiles * tile.reduce((product, size) => product * size, 1) + inTile;
}

function indexOf(flat: number, dims: readonly number[]): readonly number[] {
  return dims.map((size, axis) => {
    const stride = dims.slice(axis + 1).reduce((product, each) => product * each, 1);
    return Math.floor(flat / stride) % size;
  });
}

describe.each(CASES)("$dims in tiles of $tile, order $order", ({ dims, tile, order }) => {
  const count = dims.reduce((product: number, size) => product * size, 1);
  it.each([2, 4] as const)("puts each element of %i bytes where the layout says", (bytesEach) => {
    const make = bytesEach === 2 ? Uint16Array : Uint32Array;
    const source = make.from(Array.from({ length: count }, (_, i) => i + 1));
    // Bytes that begin anywhere, as those of a file do.
    const shifted = new Uint8Array(count * bytesEach + 1);
    shifted.set(new Uint8Array(source.buffer), 1);
    const packed = new make(packElements(shifted.subarray(1), dims, { tile, order }, bytesEach).buffer);
    const expected = new make(count);
    source.forEach((x, flat) => (expected[placeOf(indexOf(flat, dims), dims, tile, order)] = x));
    expect([...packed]).toEqual([...expected]);
  });
});

it("collects slices of a parameter that end within a tile", async () => {
  const rows = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]; // prettier-ignore
  const file = bytesOf(fileOf(Object.fromEntries(rows.map((row, i) => [`experts.${i}`, f32Tensor([4], row)]))));
  const rule = { kind: "stack", published: "experts.{e}", path: "all", index: "e" } as const;
  const layout = { tile: [2, 2], order: [0, 1] };
  const delivered: { offset: number; values: readonly number[] }[] = [];
  await loadWeights(file, [{ path: "all", dtype: "f32", dims: [4, 4], layout }], [rule], ({ offset, bytes }) =>
    delivered.push({ offset, values: [...new Float32Array(bytes.slice().buffer)] }),
  );
  expect(delivered).toEqual([{ offset: 0, values: [1, 2, 5, 6, 3, 4, 7, 8, 9, 10, 13, 14, 11, 12, 15, 16] }]);
});
