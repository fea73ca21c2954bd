/**
 * matvec: few rows times a matrix, which is a matter of reading the matrix once. With lanes, a workgroup takes one row
 * and a few columns, its invocations every lanes-th term, and the parts meet in `workgroup_reduce`; with one lane, an
 * invocation takes all terms of its columns. Rows are layers of the grid.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import { unflatten } from "../flat-index.ts";
import { LANES } from "../linear-index.ts";
import { productOf } from "../matmul-operands.ts";
import { edge, inside } from "./matmul-registers.ts";
import { productLoop, storePiece, sumTile } from "./product-tile.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { along, deal } from "./schedule.ts";

export function matvec(emission: Emission): LaunchShape {
  const { body, builder, emitter, spec, info, puller } = emission;
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.matvec.lanes);
  const products = body.ops.filter((op) => op.name === "matmul").map(productOf);
  const wanted = tileAttr(spec.attrs, "columns", info.tiles.matvec.columns);
  // Alone, an invocation reads as many rows of weights at a time for several products as it does for one, but of weights
  // in tiles never less than a tile.
  const least = info.tiles.weight?.columns ?? 1;
  const columns = lanes === 1 ? Math.max(least, Math.floor(wanted / products.length)) : wanted;
  const loop = productLoop(puller, products, columns < LANES ? { dotWidth: 1 } : {});
  const product = defined(products[0], "a product schedule without a product");
  const rowDims = [...product.leading, product.rows];
  const row = emitter.leaf(builder.builtin("workgroup_z"), Dim.product(rowDims));
  const pieceCount = defined(product.columns.div(loop.width), "columns in whole pieces");
  const piecesEach = Math.max(1, Math.floor(columns / loop.width));
  const workgroup = lanes === 1 ? info.tiles.elementwise : lanes;

  // Blocks of columns are dealt like any other work; a block beyond the edge reads the last columns and stores nothing.
  const blocks = blocksOf(pieceCount, piecesEach);
  const work = deal(emission, blocks, workgroup, lanes === 1 ? "invocation" : "workgroup");
  const firstPiece = builder.mul(work.number, piecesEach);
  const isExact = work.isInside === undefined && pieceCount.div(piecesEach) !== undefined;
  const pieces = Array.from({ length: piecesEach }, (_, i) =>
    edge(emission, builder.add(firstPiece, i), pieceCount, isExact),
  );
  const tile = { rows: [unflatten(row, rowDims)], pieces: pieces.map(({ read }) => read) };
  const from = lanes === 1 ? 0 : builder.builtin("local_x");
  const parts = sumTile(emission, loop, tile, { from, stride: lanes });
  const sums = lanes === 1 ? parts : parts.map((p) => p.map((r) => r.map((sum) => acrossLanes(emission, sum))));
  pieces.forEach((piece, p) => {
    const store = (): void =>
      inside(
        emission,
        piece,
        () =>
        storePiece(emission, loop, row, piece.at, sums.map((sum) => defined(sum[0]?.[p], "a sum"))), // prettier-ignore
      );
    // All invocations have the sums; each piece is stored by another one.
    if (lanes === 1) store();
    else emitter.when(builder.eq(builder.builtin("local_x"), p % lanes), store);
  });
  return { workgroup: [workgroup, 1, 1], grid: [work.x, work.y, along(Dim.product(rowDims))] };
}

function acrossLanes({ emitter, builder }: Emission, part: KValue): KValue {
  return emitter.define(builder.workgroupReduce("add", part));
}

/** `ceil(pieces / each)`; a weight has as many columns as the model says, so this is a number. */
function blocksOf(pieces: Dim, each: number): Dim {
  const count = pieces.asNumber();
  return count === undefined ? pieces : Dim.of(Math.ceil(count / each));
}
