/**
 * matmul.registers: each invocation sums a tile of rows x columns in registers over the whole depth, and reads all of its
 * operands itself; nothing goes through workgroup memory. `tiled-product.ts` says which results an invocation has;
 * one without a row inside does nothing.
 */
import { tileAttr } from "../attributes.ts";
import { defined } from "../../../src/support/errors.ts";
import { LinearIndex } from "../linear-index.ts";
import { productOf } from "../matmul-operands.ts";
import { neededSums } from "./needed-sums.ts";
import { productLoop } from "./product-tile.ts";
import type { LoopWish } from "./product-tile.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { tiledProduct } from "./tiled-product.ts";

export function matmulRegisters(emission: Emission): LaunchShape {
  const { body, spec, info, puller } = emission;
  const tiles = info.tiles.matmul;
  const products = body.ops.filter((op) => op.name === "matmul").map(productOf);
  const wish: LoopWish = {
    ...(tiles.outerTerms === undefined ? {} : { outerTerms: tiles.outerTerms }),
    ...(tiles.dotColumns === undefined ? {} : { dotWidth: 1 }),
  };
  const loop = productLoop(puller, products, wish);
  const wanted = tileAttr(spec.attrs, "tile_columns", tiles.columns);
  const dotTile = loop.inner === "dot" ? tiles.dotTile : undefined;
  const columns = dotTile?.columns ?? (loop.inner === "dot" ? (tiles.dotColumns ?? wanted) : wanted);
  // Products of one kernel share the registers that one would have: at once, or where a tile is just large enough for one
  // product, one after the other.
  const atOnce = dotTile === undefined ? products.length : 1;
  const dealing = {
    workgroupRows: tileAttr(spec.attrs, "workgroup_rows", tiles.workgroupRows),
    workgroupColumns: tileAttr(spec.attrs, "workgroup_columns", tiles.workgroupColumns),
    rows: dotTile?.rows ?? tileAttr(spec.attrs, "tile_rows", tiles.rows),
    pieces: Math.max(1, Math.floor(columns / (loop.width * atOnce))),
    neighbours: 1,
  };
  return tiledProduct(emission, loop, dealing, ({ rows, pieces, indexOf, axes }) => {
    const tile = { rows: rows.map(({ read }) => indexOf(read)), pieces: pieces.map(({ read }) => read) };
    const parts = atOnce === 1 ? products.map((one) => ({ ...loop, products: [one] })) : [loop];
    const steps = { from: 0, stride: 1, isWanted: rows[0]?.isInside };
    const anyElement = [...indexOf(LinearIndex.of(0)), LinearIndex.of(0)];
    return parts.flatMap((part) => {
      const { places, placeOf } = neededSums(emission, part, tile, steps, anyElement, axes);
      return placeOf.map((place) => defined(places[place], "sums in a place"));
    });
  });
}
