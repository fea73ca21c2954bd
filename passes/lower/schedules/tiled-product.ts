/**
 * Products whose results are dealt in tiles: a workgroup takes the tiles of its invocations, side by side. Shared by
 * `matmul.registers` and `matmul.workgroup`, which differ in who reads the operands of a tile, not in which results it
 * has or what becomes of them. Rows of the leading axes of `a` are one long list of rows where `b` has none of its own;
 * otherwise each matrix of the batch is a layer of the grid. Rows and columns beyond the edge are computed from the last
 * ones inside and not stored.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { unflatten } from "../flat-index.ts";
import type { LinearIndex } from "../linear-index.ts";
import type { Product } from "../matmul-operands.ts";
import { edge, inside } from "./edge.ts";
import type { Edge } from "./edge.ts";
import { storePiece } from "./product-tile.ts";
import type { ResultPieces } from "./product-tile.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, along, invocationAlong } from "./schedule.ts";

/** How results are dealt to invocations. */
export interface Dealing {
  /** Invocations of a workgroup along rows and along columns. */
  readonly workgroupRows: number;
  readonly workgroupColumns: number;
  /** Rows of an invocation, neighbours. */
  readonly rows: number;
  /** Pieces of columns of an invocation, for each product. */
  readonly pieces: number;
  /** Pieces that stand side by side; the next ones stand a workgroup apart, so that what neighbours in the workgroup read
   * lies side by side. */
  readonly neighbours: number;
}

/** The results of one invocation. */
export interface TileOfResults {
  readonly rows: readonly Edge[];
  readonly pieces: readonly Edge[];
  /** All rows there are, in one layer of the grid. */
  readonly rowCount: Dim;
  /** Leading axes and row of a row of this layer. */
  readonly indexOf: (row: LinearIndex) => readonly LinearIndex[];
  /** Along so many of the last axes of the result a tile has several places. */
  readonly axes: number;
}

/** Emits the products: `sumsOf` gives `[product][row][piece]`, the rest is the same for all. */
export function tiledProduct(
  emission: Emission,
  results: ResultPieces,
  dealing: Dealing,
  sumsOf: (tile: TileOfResults) => readonly (readonly (readonly KValue[])[])[],
): LaunchShape {
  const { builder, emitter } = emission;
  const { workgroupRows, workgroupColumns, rows, pieces, neighbours } = dealing;
  const product = defined(results.products[0], "a product schedule without a product");
  const isBatched = results.products.some(hasMatrices);
  const leading = Dim.product(product.leading);
  const rowCount = isBatched ? product.rows : product.rows.mul(leading);
  const pieceCount = defined(product.columns.div(results.width), "columns in whole pieces");
  const [rowsEach, piecesEach] = [workgroupRows * rows, workgroupColumns * pieces];

  const firstRow = builder.mul(invocationAlong(emission, "y", workgroupRows), rows);
  const firstPiece = builder.add(builder.mul(builder.builtin("workgroup_x"), piecesEach), builder.mul(builder.builtin("local_x"), neighbours)); // prettier-ignore
  const pieceOf = (i: number): number => i + Math.floor(i / neighbours) * (workgroupColumns - 1) * neighbours;
  const batch = isBatched ? emitter.leaf(builder.builtin("workgroup_z"), leading) : undefined;
  const tile: TileOfResults = {
    rows: Array.from({ length: rows }, (_, i) => edge(emission, builder.add(firstRow, i), rowCount, isMultiple(rowCount, rowsEach))), // prettier-ignore
    pieces: Array.from({ length: pieces }, (_, i) => edge(emission, builder.add(firstPiece, pieceOf(i)), pieceCount, isMultiple(pieceCount, piecesEach))), // prettier-ignore
    rowCount,
    axes: isBatched ? 2 : product.leading.length + 2,
    indexOf: (row) =>
      batch === undefined
        ? unflatten(row, [...product.leading, product.rows])
        : [...unflatten(batch, product.leading), row],
  };
  const sums = sumsOf(tile);
  tile.rows.forEach((row, r) => {
    const flatRow = batch === undefined ? row.at : batch.scale(product.rows).add(row.at);
    inside(emission, row, () =>
      tile.pieces.forEach((piece, p) =>
        inside(emission, piece, () => storePiece(emission, results, flatRow, piece.at, at(sums, r, p))),
      ),
    );
  });
  return {
    workgroup: [workgroupColumns, workgroupRows, 1],
    grid: [along(pieceCount, piecesEach), along(rowCount, rowsEach), isBatched ? along(leading) : ONE],
  };
}

export function isMultiple(count: Dim, each: number): boolean {
  return count.div(each) !== undefined;
}

/** Whether `b` has a matrix for each of several leading indices. */
function hasMatrices({ b }: Product): boolean {
  return b.type.dims.slice(0, -2).some((dim) => !dim.equals(1));
}

function at(sums: readonly (readonly (readonly KValue[])[])[], row: number, piece: number): readonly KValue[] {
  return sums.map((product) => defined(product[row]?.[piece], "a sum of the tile"));
}
