/**
 * matmul.registers: each invocation sums a tile of rows x columns in registers over the whole depth; nothing goes
 * through workgroup memory. Rows of the leading axes of `a` are one long list of rows where `b` has none of its own;
 * otherwise each matrix of the batch is a layer of the grid. Rows and columns beyond the edge are computed from the
 * last ones inside and not stored; an invocation without a row inside does nothing.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import { unflatten } from "../flat-index.ts";
import { LinearIndex } from "../linear-index.ts";
import { productOf } from "../matmul-operands.ts";
import type { Product } from "../matmul-operands.ts";
import { productLoop, storePiece, sumTile } from "./product-tile.ts";
import type { LoopWish } from "./product-tile.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, along, invocationAlong } from "./schedule.ts";

/** A row or piece of columns of the tile: its number, and the number to read at, which is never beyond the edge. */
export interface Edge {
  readonly at: LinearIndex;
  readonly read: LinearIndex;
  /** Whether it is inside; absent where that is certain. */
  readonly isInside?: KValue;
}

export function matmulRegisters(emission: Emission): LaunchShape {
  const { body, builder, emitter, spec, info, puller } = emission;
  const tiles = info.tiles.matmul;
  const [workgroupRows, workgroupColumns] = [
    tileAttr(spec.attrs, "workgroup_rows", tiles.workgroupRows),
    tileAttr(spec.attrs, "workgroup_columns", tiles.workgroupColumns),
  ];
  const products = body.ops.filter((op) => op.name === "matmul").map(productOf);
  const wish: LoopWish = {
    ...(tiles.outerTerms === undefined ? {} : { outerTerms: tiles.outerTerms }),
    ...(tiles.dotColumns === undefined ? {} : { dotWidth: 1 }),
  };
  const loop = productLoop(puller, products, wish);
  const wanted = tileAttr(spec.attrs, "tile_columns", tiles.columns);
  const dotTile = loop.inner === "dot" ? tiles.dotTile : undefined;
  const columns = dotTile?.columns ?? (loop.inner === "dot" ? (tiles.dotColumns ?? wanted) : wanted);
  const rows = dotTile?.rows ?? tileAttr(spec.attrs, "tile_rows", tiles.rows);
  const product = defined(products[0], "a product schedule without a product");
  const isBatched = products.some(hasMatrices);
  const leading = Dim.product(product.leading);
  const rowCount = isBatched ? product.rows : product.rows.mul(leading);
  const pieceCount = defined(product.columns.div(loop.width), "columns in whole pieces");
  // Products of one kernel share the registers that one would have: at once, or where a tile is just large enough for one
  // product, one after the other.
  const atOnce = dotTile === undefined ? products.length : 1;
  const piecesEach = Math.max(1, Math.floor(columns / (loop.width * atOnce)));

  const firstRow = builder.mul(invocationAlong(emission, "y", workgroupRows), rows);
  const rowEdges = Array.from({ length: rows }, (_, i) => edge(emission, builder.add(firstRow, i), rowCount, isMultiple(rowCount, workgroupRows * rows))); // prettier-ignore
  // Pieces of one invocation stand a workgroup apart, so that neighbours in the workgroup read neighbouring vectors.
  const firstPiece = builder.add(
    builder.mul(builder.builtin("workgroup_x"), workgroupColumns * piecesEach),
    builder.builtin("local_x"),
  );
  const pieceEdges = Array.from({ length: piecesEach }, (_, i) =>
    edge(
      emission,
      builder.add(firstPiece, i * workgroupColumns),
      pieceCount,
      isMultiple(pieceCount, workgroupColumns * piecesEach),
    ),
  );
  const batch = isBatched ? emitter.leaf(builder.builtin("workgroup_z"), leading) : undefined;
  const indexOf = (row: LinearIndex): readonly LinearIndex[] =>
    batch === undefined
      ? unflatten(row, [...product.leading, product.rows])
      : [...unflatten(batch, product.leading), row];
  const tile = { rows: rowEdges.map(({ read }) => indexOf(read)), pieces: pieceEdges.map(({ read }) => read) };
  const parts = atOnce === 1 ? products.map((one) => ({ ...loop, products: [one] })) : [loop];
  // Where the rows end inside of a workgroup, whole invocations may have none: a short prompt would cost as much as a long one.
  inside(emission, defined(rowEdges[0], "a row"), () => {
    const sums = parts.flatMap((part) => sumTile(emission, part, tile, { from: 0, stride: 1 }));
    rowEdges.forEach((row, r) => {
      const flatRow = batch === undefined ? row.at : batch.scale(product.rows).add(row.at);
      inside(emission, r === 0 ? { at: row.at, read: row.read } : row, () =>
        pieceEdges.forEach((piece, p) =>
          inside(emission, piece, () => storePiece(emission, loop, flatRow, piece.at, at(sums, r, p))),
        ),
      );
    });
  });
  return {
    workgroup: [workgroupColumns, workgroupRows, 1],
    grid: [
      along(pieceCount, workgroupColumns * piecesEach),
      along(rowCount, workgroupRows * rows),
      isBatched ? along(leading) : ONE,
    ],
  };
}

/** A row or piece; it may lie beyond the edge unless the workgroups end exactly there. */
export function edge({ emitter, builder }: Emission, number: KValue, count: Dim, isExact: boolean): Edge {
  const at = emitter.leaf(number, count);
  if (isExact) return { at, read: at };
  const size = builder.dim(count);
  const last = emitter.binary("sub", size, emitter.i32(1));
  const read = emitter.leaf(emitter.binary("min", number, last), count);
  return { at, read, isInside: builder.lt(number, size) };
}

export function inside({ emitter }: Emission, edge: Edge, make: () => void): void {
  if (edge.isInside === undefined) make();
  else emitter.when(edge.isInside, make);
}

/** Whether `b` has a matrix for each of several leading indices. */
function hasMatrices({ b }: Product): boolean {
  return b.type.dims.slice(0, -2).some((dim) => !dim.equals(1));
}

function isMultiple(count: Dim, each: number): boolean {
  return count.div(each) !== undefined;
}

function at(sums: readonly KValue[][][], row: number, piece: number): readonly KValue[] {
  return sums.map((product) => defined(product[row]?.[piece], "a sum of the tile"));
}
