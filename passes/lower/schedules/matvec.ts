/**
 * matvec: few rows times one or more matrices, which is a matter of reading each matrix once. With lanes, a workgroup
 * takes one row and a few columns, its invocations every lanes-th term, and the parts meet in `workgroup_reduce`; with one
 * lane, an invocation takes all terms of its columns. Rows are layers of the grid. Parts of the group
 * (`product-parts.ts`) follow one another along the grid; a workgroup works for one of them.
 */
import type { Op } from "../../../src/ir/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { InternalError, defined } from "../../../src/support/errors.ts";
import type { ProductPart } from "../../tensor/product-parts.ts";
import { productParts } from "../../tensor/product-parts.ts";
import { numbersAttr, tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { productOf } from "../matmul-operands.ts";
import type { Index } from "../pull.ts";
import { reducedAxis, reductionOf } from "../pull-fold.ts";
import { replacesItsCache, writeOne } from "./cache-write.ts";
import type { Columns } from "./columns.ts";
import { edge, inside } from "./edge.ts";
import type { Edge } from "./edge.ts";
import { neededSums } from "./needed-sums.ts";
import { elementIndex, productLoop, seedPiece } from "./product-tile.ts";
import type { ProductLoop } from "./product-tile.ts";
import { pullAll } from "./pull-all.ts";
import { reduceRow } from "./row-reduce.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { along, deal } from "./schedule.ts";

/** A part with what its workgroups do. */
interface PartPlan {
  readonly part: ProductPart;
  readonly loop: ProductLoop;
  /** Pieces of neighbouring columns that a workgroup (or an invocation alone) sums, and again as many a pair away. */
  readonly piecesEach: number;
  /** Pieces between partners. */
  readonly pair?: number;
  readonly pieceCount: Dim;
  readonly blocks: Dim;
}

export function matvec(emission: Emission): LaunchShape {
  const { body, builder, emitter, spec, info, ops } = emission;
  const parts = defined(productParts(body.ops, body.yields, ops), "a product schedule has parts");
  const writes = parts.flatMap(({ results }) => results).filter(({ write }) => write !== undefined);
  const areInPlace = writes.every(({ value, write }) => write !== undefined && replacesItsCache(spec, write, body.yields.indexOf(value))); // prettier-ignore
  if (!areInPlace) return pullAll(emission);
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.matvec.lanes);
  const plans = parts.map((part) => planOf(emission, part, lanes));
  const { leading, rows } = productOf(defined(parts[0]?.products[0], "a product schedule without a product"));
  const rowDims = [...leading, rows];
  const row = emitter.leaf(builder.builtin("workgroup_z"), Dim.product(rowDims));
  const workgroup = lanes === 1 ? info.tiles.elementwise : lanes;
  foldLeft(emission, lanes, row, unflatten(row, rowDims));

  // Blocks of columns are dealt like any other work; a block beyond the edge reads the last columns and stores nothing.
  const total = Dim.sum(plans.map(({ blocks }) => blocks));
  const work = deal(emission, total, workgroup, lanes === 1 ? "invocation" : "workgroup");
  let before = Dim.of(0);
  plans.forEach((plan, which) => {
    const end = before.add(plan.blocks);
    const number = which === 0 ? work.number : builder.sub(work.number, builder.dim(before));
    const isExact = which < plans.length - 1 || work.isInside === undefined;
    const compute = (): void => computeBlock(emission, plan, lanes, row, number, isExact);
    const conditions = [
      ...(which === 0 ? [] : [builder.ge(work.number, builder.dim(before))]),
      ...(which === plans.length - 1 ? [] : [builder.lt(work.number, builder.dim(end))]),
    ];
    const isHere = conditions.length === 0 ? undefined : conditions.reduce((both, one) => builder.and(both, one));
    if (isHere === undefined) compute();
    else emitter.when(isHere, compute);
    before = end;
  });
  return { workgroup: [workgroup, 1, 1], grid: [work.x, work.y, along(Dim.product(rowDims))] };
}

function planOf({ info, spec, puller }: Emission, part: ProductPart, lanes: number): PartPlan {
  const products = part.products.map(productOf);
  const wanted = tileAttr(spec.attrs, "columns", info.tiles.matvec.columns);
  // Alone, an invocation reads as many rows of weights at a time for several products as it does for one, but of weights
  // in tiles never less than a tile.
  const least = info.tiles.weight?.columns ?? 1;
  const columns = lanes === 1 ? Math.max(least, Math.floor(wanted / products.length)) : wanted;
  const whole = part.pair === undefined ? {} : { whole: part.pair };
  const loop = productLoop(puller, products, { ...whole, ...(columns < LANES ? { dotWidth: 1 } : {}) });
  const pieceCount = defined(products[0]?.columns.div(loop.width), "columns in whole pieces");
  const most = Math.max(1, Math.floor(columns / loop.width));
  if (part.pair === undefined) return { part, loop, piecesEach: most, pieceCount, blocks: blocksOf(pieceCount, most) };
  const pair = part.pair / loop.width;
  const piecesEach = largestDivisor(pair, most);
  const blocks = defined(pieceCount.div(2 * piecesEach), "heads of whole pairs");
  return { part, loop, piecesEach, pair, pieceCount, blocks };
}

/** Sums and stores the columns of one block: number `number` of the part's, or the last one where that is beyond them. */
function computeBlock(
  emission: Emission,
  plan: PartPlan,
  lanes: number,
  row: LinearIndex,
  number: KValue,
  isExact: boolean,
): void {
  const { builder, emitter } = emission;
  const { loop } = plan;
  const pieces = piecesOf(emission, plan, number, isExact);
  const product = defined(loop.products[0], "a part without a product");
  const place = unflatten(row, [...product.leading, product.rows]);
  const tile = { rows: [place], pieces: pieces.map(({ read }) => read) };
  const from = lanes === 1 ? 0 : builder.builtin("local_x");
  const { places, placeOf } = neededSums(
    emission,
    loop,
    tile,
    { from, stride: lanes },
    [...place, LinearIndex.of(0)],
    1,
  );
  const sums = lanes === 1 ? places : places.map((p) => p.map((r) => r.map((sum) => acrossLanes(emission, sum))));
  pieces.forEach(
    ({ at }, p) =>
    seedPiece(emission, loop, row, at, placeOf.map((which) => defined(sums[which]?.[0]?.[p], "a sum"))), // prettier-ignore
  );
  pieces.forEach((piece, p) => {
    const store = (): void => inside(emission, piece, () => storeResults(emission, plan, row, piece.at));
    // All invocations have the sums; each piece is stored by another one.
    if (lanes === 1) store();
    else emitter.when(builder.eq(builder.builtin("local_x"), p % lanes), store);
  });
}

/** The pieces of a block; those that are partners stand a pair apart. */
function piecesOf(emission: Emission, plan: PartPlan, number: KValue, isExact: boolean): readonly Edge[] {
  const { emitter } = emission;
  const { pair, piecesEach, pieceCount, blocks } = plan;
  const each = Array.from({ length: piecesEach }, (_, i) => i);
  if (pair === undefined) {
    const first = emitter.binary("mul", number, emitter.i32(piecesEach));
    const isWhole = isExact && pieceCount.div(piecesEach) !== undefined;
    return each.map((i) => edge(emission, emitter.binary("add", first, emitter.i32(i)), pieceCount, isWhole));
  }
  const block = edge(emission, number, blocks, isExact);
  const perHead = Dim.of(pair / piecesEach);
  const piece = (at: LinearIndex, offset: number): LinearIndex =>
    at.quotient(perHead).scale(2 * pair).add(at.remainder(perHead).scale(piecesEach)).add(offset); // prettier-ignore
  return [...each, ...each.map((i) => pair + i)].map((offset) => ({
    ...block,
    at: piece(block.at, offset),
    read: piece(block.read, offset),
  }));
}

/** Pulls the part's results for one row and piece, whose products have been seeded, and stores them where they belong. */
function storeResults(emission: Emission, { part, loop }: PartPlan, row: LinearIndex, piece: LinearIndex): void {
  const { body, emitter, memory, puller } = emission;
  const product = defined(loop.products[0], "a part without a product");
  const index = elementIndex(product, loop, row, piece);
  const stores = part.results.map(({ value, views, write }): (() => void) => {
    const which = body.yields.indexOf(value);
    const place = views.reduce(throughView, index);
    if (write !== undefined) return (): void => writeOne(emission, write, which, place);
    const element = emitter.widen(puller.at(value, place), loop.width);
    return (): void => memory.store(which, flatten(place, value.type.dims), element);
  });
  stores.forEach((store) => store());
}

/** Where an element of the operand of a reshape or transpose is in its result. */
function throughView(index: Index, view: Op): Index {
  if (view.name === "transpose")
    return numbersAttr(view.attrs, "perm").map((from) => defined(index[from], "an axis is missing"));
  if (view.name !== "reshape") throw new InternalError(`\`${view.name}\` behind a product is no view`);
  const source = defined(view.operands[0], "reshape of nothing");
  return unflatten(flatten(index, source.type.dims), result(view).type.dims);
}

/** What the left operand is computed from by folding its row, one reduction after the other. */
function foldLeft(emission: Emission, lanes: number, flat: LinearIndex, row: Index): void {
  const { body, emitter, puller } = emission;
  for (const op of body.ops) {
    if (reductionOf(op) === undefined) continue;
    const { size } = reducedAxis(op);
    const width = size.div(LANES) === undefined ? 1 : LANES;
    const columns: Columns = { lanes, size, width, leaf: emitter.newLeafId() };
    puller.seed(result(op), unflatten(flat, result(op).type.dims), reduceRow(emission, op, columns, row));
  }
}

function acrossLanes({ emitter, builder }: Emission, part: KValue): KValue {
  return emitter.define(builder.workgroupReduce("add", part));
}

/** `ceil(pieces / each)`; a weight has as many columns as the model says, so this is a number. */
function blocksOf(pieces: Dim, each: number): Dim {
  const count = pieces.asNumber();
  return count === undefined ? pieces : Dim.of(Math.ceil(count / each));
}

/** The largest number up to `most` that divides `size`. */
function largestDivisor(size: number, most: number): number {
  let found = Math.min(size, most);
  while (size % found !== 0) found--;
  return found;
}
