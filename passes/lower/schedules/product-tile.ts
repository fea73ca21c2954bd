/**
 * A tile of one or more products with the same left operand, summed by one invocation in registers: some rows times
 * some pieces of columns, a piece being four neighbouring columns where their number is a multiple of four. Shared by
 * `matmul.registers` and `matvec`, which differ in who takes which rows, columns and terms.
 *
 * Three inner loops, chosen by how the right operand lies in memory and by divisibility:
 * - `dot`: terms lie side by side (`[N, K]`, K a multiple of four): vectors of four terms, dotted; or multiplied, and
 *   the lanes of the sums added up at the end, where the target prefers that (`sumsInVectors`).
 * - `outer`: columns lie side by side (`[K, N]`, N a multiple of four): a vector of columns times one element of a.
 * - `scalar`: everything else.
 */
import type { Value } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { numbersAttr } from "../attributes.ts";
import { unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { leftIndex, rightIndex } from "../matmul-operands.ts";
import type { Product } from "../matmul-operands.ts";
import type { Index, Puller } from "../pull.ts";
import type { Emission } from "./schedule.ts";

type InnerLoop = "dot" | "outer" | "scalar";

/** Products of one shape, whose results are computed in pieces of neighbouring columns. */
export interface ResultPieces {
  readonly products: readonly Product[];
  /** Columns of a piece. */
  readonly width: 1 | 4;
}

/** How the products of a group are walked; the same for all of them. */
export interface ProductLoop extends ResultPieces {
  /** Terms of one step of the loop. */
  readonly depth: 1 | 4;
  readonly inner: InnerLoop;
}

/** What one invocation computes: indices into the result's leading axes and rows, one entry a row, and its pieces. */
export interface Tile {
  readonly rows: readonly (readonly LinearIndex[])[];
  /** In units of `width` columns. */
  readonly pieces: readonly LinearIndex[];
}

/** How the loops may be: terms of a step of `outer`, columns of a piece of `dot`, where a profile has a wish; and a number
 * of columns that must be whole pieces. */
export interface LoopWish {
  readonly outerTerms?: 1 | 4;
  readonly dotWidth?: 1 | 4;
  readonly whole?: number;
}

export function productLoop(puller: Puller, products: readonly Product[], wish: LoopWish = {}): ProductLoop {
  const areFours = (wish.whole ?? LANES) % LANES === 0;
  const fours = areFours && products.every(({ columns }) => columns.div(LANES) !== undefined) ? LANES : 1;
  const hasFours = products.every(({ depth }) => depth.div(LANES) !== undefined);
  const termsLieTogether = products.every((product) => termAxisIsLast(puller, product));
  const inner = termsLieTogether && hasFours ? "dot" : !termsLieTogether && fours === LANES ? "outer" : "scalar";
  const terms = inner === "outer" ? (wish.outerTerms ?? LANES) : LANES;
  const width = inner === "dot" && fours === LANES ? (wish.dotWidth ?? LANES) : fours;
  return { products, width, depth: hasFours && inner !== "scalar" ? terms : 1, inner };
}

/** The steps of the loop that an invocation takes: `from`, `from + stride`, ...; none where `isWanted` is false. */
export interface Steps {
  readonly from: KValue | number;
  readonly stride: number;
  readonly isWanted?: KValue | undefined;
}

/** Sums of a tile of `count` products over no terms, as `addTerms` carries them: product after product, row after row. */
export function noTerms({ emitter, info }: Emission, loop: ProductLoop, tile: Tile, count: number): readonly KValue[] {
  const lanes = loop.inner === "outer" ? loop.width : hasPartialSums(loop, info) ? LANES : 1;
  const zero = emitter.widen(emitter.f32(0), lanes);
  return Array.from({ length: count * tile.rows.length * tile.pieces.length * sumsOfPiece(loop) }, () => zero);
}

/** The sums of the tile that start as `start`, with the terms of those steps of `loop.depth` terms added. */
export function addTerms(
  emission: Emission,
  loop: ProductLoop,
  tile: Tile,
  { from, stride, isWanted }: Steps,
  start: readonly KValue[],
): readonly KValue[] {
  const { emitter, builder } = emission;
  const first = defined(loop.products[0], "a product schedule without a product");
  const steps = defined(first.depth.div(loop.depth), "terms in whole steps");
  const all = builder.dim(steps);
  const to = isWanted === undefined ? all : emitter.select(isWanted, all, emitter.i32(0));
  return emitter.loop({ from, to, step: stride, carried: start, name: "k" }, (index, carried) => {
    const step = emitter.leaf(index, steps);
    const sum = [...carried];
    let slot = 0;
    for (const product of loop.products)
      for (const row of tile.rows)
        for (const piece of tile.pieces)
          for (const add of termsOf(emission, loop, product, row, piece, step)) {
            sum[slot] = add(defined(sum[slot], "a sum"));
            slot++;
          }
    return sum;
  });
}

/** What `addTerms` has summed, `[product][row][piece]`, each a vector of `width` columns. */
export function tileSums(
  { emitter, info }: Emission,
  loop: ProductLoop,
  tile: Tile,
  sums: readonly KValue[],
): readonly KValue[][][] {
  let slot = 0;
  const next = (): KValue => {
    const sum = defined(sums[slot++], "a sum");
    return hasPartialSums(loop, info) ? emitter.binary("dot", sum, emitter.widen(emitter.f32(1), LANES)) : sum;
  };
  const count = sums.length / (tile.rows.length * tile.pieces.length * sumsOfPiece(loop));
  return Array.from({ length: count }, () =>
    tile.rows.map(() =>
      tile.pieces.map(() => {
        if (loop.inner === "outer" || loop.width === 1) return next();
        return emitter.vector(Array.from({ length: loop.width }, next));
      }),
    ),
  );
}

function hasPartialSums({ inner }: ProductLoop, { sumsInVectors }: Emission["info"]): boolean {
  return inner === "dot" && sumsInVectors === true;
}

/** Columns side by side are one sum where a vector of them is added to at once. */
function sumsOfPiece({ inner, width }: ProductLoop): number {
  return inner === "outer" ? 1 : width;
}

/** Says what the products are at one row and piece of the tile, for as long as the scope that is being built lasts. `row`
 * is the flat row number (leading axes and rows), `piece` counts in units of `width` columns. */
export function seedPiece(
  { puller }: Emission,
  loop: ResultPieces,
  row: LinearIndex,
  piece: LinearIndex,
  sums: readonly KValue[],
): void {
  loop.products.forEach((product, which) =>
    puller.seed(result(product.op), elementIndex(product, loop, row, piece), defined(sums[which], "a sum")),
  );
}

/** The index of a product's elements at a flat row and a piece; with a lane where a piece has four columns. */
export function elementIndex(product: Product, loop: ResultPieces, row: LinearIndex, piece: LinearIndex): Index {
  return [...unflatten(row, [...product.leading, product.rows]), columnsOf(loop, piece)];
}

function columnsOf({ width }: ResultPieces, piece: LinearIndex): LinearIndex {
  const scaled = piece.scale(width);
  return width === 1 ? scaled : scaled.add(LinearIndex.atom({ kind: "lane" }));
}

/** Pulls the group's results for one row and piece of the tile, given the sums of the products there, and stores them:
 * results of the products' shape. */
export function storePiece(
  emission: Emission,
  loop: ResultPieces,
  row: LinearIndex,
  piece: LinearIndex,
  sums: readonly KValue[],
): void {
  const { body, emitter, puller, memory } = emission;
  seedPiece(emission, loop, row, piece, sums);
  const { columns } = defined(loop.products[0], "no product");
  const flat = row.scale(columns).add(columnsOf(loop, piece));
  const elements = body.yields.map((value) => puller.at(value, unflatten(flat, value.type.dims)));
  elements.forEach((element, which) => memory.store(which, flat, emitter.widen(element, loop.width)));
}

/** For one row and piece: the additions of this step, one for each carried sum. */
function termsOf(
  { emitter, puller, info }: Emission,
  loop: ProductLoop,
  product: Product,
  row: readonly LinearIndex[],
  piece: LinearIndex,
  step: LinearIndex,
): readonly ((sum: KValue) => KValue)[] {
  const lane = LinearIndex.atom({ kind: "lane" });
  const columns = piece.scale(loop.width);
  const term = step.scale(loop.depth);
  const left = (column: LinearIndex, k: LinearIndex): KValue => puller.at(product.a, leftIndex(product, [...row, column], k)); // prettier-ignore
  const right = (column: LinearIndex, k: LinearIndex): KValue => puller.at(product.b, rightIndex(product, [...row, column], k)); // prettier-ignore
  switch (loop.inner) {
    case "dot":
      return Array.from({ length: loop.width }, (_, i) => (sum: KValue): KValue => {
        const [a, b] = [left(columns, term.add(lane)), right(columns.add(i), term.add(lane))];
        const [x, y] = [emitter.widen(a, LANES), emitter.widen(b, LANES)];
        return info.sumsInVectors === true ? emitter.fma(x, y, sum) : emitter.binary("add", sum, emitter.binary("dot", x, y)); // prettier-ignore
      });
    case "scalar":
      return Array.from(
        { length: loop.width },
        (_, i) =>
          (sum: KValue): KValue =>
            emitter.fma(left(columns, term), right(columns.add(i), term), sum),
      );
    case "outer":
      return [
        (start: KValue): KValue => {
          let sum = start;
          // Four terms of a are one vector load, of which each term then is an element.
          const a = loop.depth === 1 ? left(columns, term) : left(columns, term.add(lane));
          for (let i = 0; i < loop.depth; i++)
            sum = emitter.fma(emitter.extract(a, i), right(columns.add(lane), term.add(i)), sum);
          return sum;
        },
      ];
  }
}

/** Whether the summed axis of the right operand is the one whose elements lie side by side, seen through moves. */
function termAxisIsLast(puller: Puller, product: Product): boolean {
  const rank = product.b.type.dims.length;
  return lastInMemory(puller, product.b) === (product.transposeB ? rank - 1 : rank - 2);
}

/** Which axis of `value` lies side by side in the memory that it is pulled from. */
export function lastInMemory(puller: Puller, value: Value): number {
  const last = puller.layoutOf(value)?.order.at(-1) ?? value.type.dims.length - 1;
  const op = puller.producer(value);
  const source = op?.operands[0];
  if (op === undefined || source === undefined || source === null) return last;
  if (op.name === "transpose") return numbersAttr(op.attrs, "perm").indexOf(lastInMemory(puller, source));
  return op.name === "cast" || op.name === "slice" ? lastInMemory(puller, source) : last;
}
