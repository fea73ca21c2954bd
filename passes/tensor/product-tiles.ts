/**
 * The tiles of `matmul.workgroup`: for the schedule that chooses them and for lowering. A profile says the best ones for
 * large products of one weight; smaller products get smaller tiles, so that there are enough of them to fill a device, and
 * several products share one's registers.
 */
import type { Limits, Tiles } from "../../src/kernel/target-info.ts";

/** Operands are brought in blocks of so many terms and rows or columns. */
export const BLOCK = 4;

/** The results of the products of a group, under the capacities. */
export interface ProductSizes {
  readonly products: number;
  /** Matrices that have right operands of their own. */
  readonly layers: number;
  readonly rows: number;
  readonly columns: number;
  /** Bytes of an operand's element in workgroup memory. */
  readonly elementBytes: number;
}

export type Tile = Pick<Tiles["matmul"], "rows" | "columns" | "workgroupRows" | "workgroupColumns">;

/** The columns of an invocation for each of several products: together as many as one would have, but never less than a
 * block. */
export function columnsOfEach(columns: number, products: number): number {
  return Math.max(BLOCK, Math.floor(columns / (BLOCK * products)) * BLOCK);
}

/**
 * The profile's tile, or one of half the rows and then half the columns where there would be too few; then of fewer
 * invocations, until the device takes it. Undefined where it takes none.
 */
export function tileThatFills(sizes: ProductSizes, matmul: Tiles["matmul"], limits: Limits): Tile | undefined {
  const { rows, columns, workgroupRows, workgroupColumns, fewestWorkgroups = 0 } = matmul;
  const whole: Tile = { rows, columns, workgroupRows, workgroupColumns };
  const isEnough = (tile: Tile): boolean => workgroupsOf(sizes, tile) >= fewestWorkgroups;
  const lower = { ...whole, rows: Math.ceil(rows / (2 * BLOCK)) * BLOCK };
  const narrower = { ...lower, workgroupColumns: Math.ceil(workgroupColumns / 2) };
  let tile = [whole, lower].find(isEnough) ?? narrower;
  while (!fits(tile, sizes, limits)) {
    const smaller = withFewerInvocations(tile);
    if (smaller === undefined) return undefined;
    tile = smaller;
  }
  return tile;
}

function fits(tile: Tile, { products, elementBytes }: ProductSizes, limits: Limits): boolean {
  const invocations = tile.workgroupRows * tile.workgroupColumns;
  const bytes = placesOf(tile, products) * BLOCK * elementBytes;
  return invocations <= limits.maxInvocationsPerWorkgroup && bytes <= limits.maxWorkgroupMemoryBytes;
}

/** Half of them, along the longer side. */
function withFewerInvocations(tile: Tile): Tile | undefined {
  const { workgroupRows, workgroupColumns } = tile;
  if (workgroupRows * workgroupColumns === 1) return undefined;
  return workgroupRows > workgroupColumns
    ? { ...tile, workgroupRows: workgroupRows >> 1 }
    : { ...tile, workgroupColumns: workgroupColumns >> 1 };
}

/** Rows and columns that a workgroup brings for one term. */
function placesOf({ rows, columns, workgroupRows, workgroupColumns }: Tile, products: number): number {
  return rows * workgroupRows + products * columnsOfEach(columns, products) * workgroupColumns;
}

function workgroupsOf({ products, layers, rows, columns }: ProductSizes, tile: Tile): number {
  const across = columnsOfEach(tile.columns, products) * tile.workgroupColumns;
  return layers * Math.ceil(rows / (tile.rows * tile.workgroupRows)) * Math.ceil(columns / across);
}

/** Terms that are brought at a time: what the profile wishes, or less where the operands would not fit. */
export function termsThatFit(wished: number, sizes: ProductSizes, tile: Tile, limits: Limits): number {
  const places = placesOf(tile, sizes.products);
  let terms = wished;
  while (terms > BLOCK && places * terms * sizes.elementBytes > limits.maxWorkgroupMemoryBytes)
    terms = Math.ceil(terms / (2 * BLOCK)) * BLOCK;
  return terms;
}
