/**
 * matmul.workgroup: the operands of a workgroup's tile go through its memory, some terms at a time (`operand-panel.ts`),
 * so that each element is read once a workgroup and not once an invocation. Between two barriers each invocation adds
 * outer products of four rows and four columns to its sums in registers. `tiled-product.ts` says which results an
 * invocation has; terms are added in their order, so the sums are those of `matmul.registers` up to what `fma` rounds.
 */
import type { Value } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import type { Dim } from "../../../src/support/dim.ts";
import { InternalError, defined } from "../../../src/support/errors.ts";
import { BLOCK, columnsOfEach } from "../../tensor/product-tiles.ts";
import { tileAttr } from "../attributes.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import { leftIndex, productOf, rightIndex } from "../matmul-operands.ts";
import type { Product } from "../matmul-operands.ts";
import { bringBlock, panelOf, panelVector } from "./operand-panel.ts";
import type { Panel, PanelElement, PanelSource } from "./operand-panel.ts";
import { lastInMemory } from "./product-tile.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { guarded } from "./schedule.ts";
import { tiledProduct } from "./tiled-product.ts";
import type { TileOfResults } from "./tiled-product.ts";

interface Sizes {
  readonly workgroupRows: number;
  readonly workgroupColumns: number;
  /** Of an invocation, in blocks. */
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  /** Terms of a panel. */
  readonly terms: number;
  readonly panel: PanelElement;
}

/** The operands in workgroup memory: the left one of all products, and the right one of each. */
interface Panels {
  readonly left: Panel;
  readonly rights: readonly Panel[];
}

export function matmulWorkgroup(emission: Emission): LaunchShape {
  const { body } = emission;
  const products = body.ops.filter((op) => op.name === "matmul").map(productOf);
  const product = defined(products[0], "a product schedule without a product");
  const sizes = sizesOf(emission, products.length);
  const width = products.every(({ columns }) => columns.div(LANES) !== undefined) ? LANES : 1;
  const neighbours = BLOCK / width;
  const dealing = {
    workgroupRows: sizes.workgroupRows,
    workgroupColumns: sizes.workgroupColumns,
    rows: sizes.rowBlocks * BLOCK,
    pieces: sizes.columnBlocks * neighbours,
    neighbours,
  };
  return tiledProduct(emission, { products, width }, dealing, (tile) => {
    const sums = sumsOf(
      emission,
      panelsOf(emission, products, tile, sizes),
      product.depth,
      tile.rows[0]?.isInside,
      sizes,
    );
    if (width === LANES) return sums;
    return sums.map((rows) => rows.map((pieces) => pieces.flatMap((piece) => [0, 1, 2, 3].map((i) => emission.emitter.extract(piece, i))))); // prettier-ignore
  });
}

function sizesOf({ spec, info }: Emission, products: number): Sizes {
  const tiles = info.tiles.matmul;
  const inBlocks = (size: number, what: string): number => {
    if (size % BLOCK !== 0) throw new InternalError(`matmul.workgroup with ${size} ${what}, no multiple of ${BLOCK}`);
    return size / BLOCK;
  };
  const terms = tileAttr(spec.attrs, "terms", tiles.workgroupTerms ?? BLOCK);
  inBlocks(terms, "terms");
  return {
    workgroupRows: tileAttr(spec.attrs, "workgroup_rows", tiles.workgroupRows),
    workgroupColumns: tileAttr(spec.attrs, "workgroup_columns", tiles.workgroupColumns),
    rowBlocks: inBlocks(tileAttr(spec.attrs, "tile_rows", tiles.rows), "rows"),
    columnBlocks: columnsOfEach(tileAttr(spec.attrs, "tile_columns", tiles.columns), products) / BLOCK,
    terms,
    panel: spec.attrs["panel"] === "f16" ? "f16" : "f32",
  };
}

function panelsOf(
  emission: Emission,
  products: readonly Product[],
  { rowCount, indexOf }: TileOfResults,
  { workgroupRows, workgroupColumns, rowBlocks, columnBlocks, terms, panel }: Sizes,
): Panels {
  const { builder, puller } = emission;
  const first = defined(products[0], "a product schedule without a product");
  const nothing = LinearIndex.of(0);
  const along = (value: Value, placeAxis: number): "places" | "terms" =>
    lastInMemory(puller, value) === value.type.dims.length + placeAxis ? "places" : "terms";
  const left = (product: Product): Panel => {
    const source: PanelSource = {
      element: (row, term) => puller.at(product.a, leftIndex(product, [...indexOf(row), nothing], term)),
      along: along(product.a, product.transposeA ? -1 : -2),
      places: rowCount,
      terms: product.depth,
      number: builder.builtin("workgroup_y"),
    };
    return panelOf(emission, "left", source, workgroupRows * rowBlocks, terms, panel);
  };
  const right = (product: Product): Panel => {
    const source: PanelSource = {
      element: (column, term) => puller.at(product.b, rightIndex(product, [...indexOf(nothing), column], term)),
      along: along(product.b, product.transposeB ? -2 : -1),
      places: product.columns,
      terms: product.depth,
      number: builder.builtin("workgroup_x"),
    };
    return panelOf(emission, "right", source, workgroupColumns * columnBlocks, terms, panel);
  };
  return { left: left(first), rights: products.map(right) };
}

/** The sums of an invocation's tile: `[product][row][block of columns]`, each a vector of four columns. Without a row inside
 * (`hasRows`) an invocation brings operands for the others and adds nothing. */
function sumsOf(
  emission: Emission,
  panels: Panels,
  depth: Dim,
  hasRows: KValue | undefined,
  sizes: Sizes,
): readonly KValue[][][] {
  const { emitter, builder, memory } = emission;
  const { columnBlocks, terms } = sizes;
  const rows = sizes.rowBlocks * BLOCK;
  const slotOf = (which: number, row: number, column: number): number => (which * rows + row) * columnBlocks + column;
  const zero = emitter.widen(emitter.f32(0), LANES);
  const start = Array.from({ length: slotOf(panels.rights.length, 0, 0) }, () => zero);
  const sums = emitter.loop({ to: stepsOf(emission, depth, terms), carried: start, name: "step" }, (step, carried) => {
    const { sharing } = memory;
    memory.sharing = { kind: "lanes", column: -1 };
    bringPanels(emission, [panels.left, ...panels.rights], sizes, step);
    memory.sharing = sharing;
    builder.barrier();
    const add = (): readonly KValue[] =>
      emitter.loop({ to: terms / BLOCK, carried, name: "k" }, (four, parts) => {
        const now = [...parts];
        for (let j = 0; j < BLOCK; j++) {
          const [x, ys] = vectorsOf(emission, panels, sizes, four, j);
          ys.forEach((columns, which) =>
            columns.forEach((y, column) => {
              for (let row = 0; row < rows; row++) {
                const slot = slotOf(which, row, column);
                const a = emitter.extract(defined(x[Math.floor(row / BLOCK)], "rows"), row % BLOCK);
                now[slot] = emitter.fma(a, y, defined(now[slot], "a sum"));
              }
            }),
          );
        }
        return now;
      });
    const next = hasRows === undefined ? add() : emitter.choose(hasRows, add, () => carried);
    builder.barrier();
    return next;
  });
  const sum = (which: number, row: number, column: number): KValue => defined(sums[slotOf(which, row, column)], "a sum"); // prettier-ignore
  return panels.rights.map(
    (_, which) =>
    Array.from({ length: rows }, (_row, row) => Array.from({ length: columnBlocks }, (_c, column) => sum(which, row, column))), // prettier-ignore
  );
}

/** For term `j` of four: the rows of this invocation, and its columns of each product, in vectors. */
function vectorsOf(
  emission: Emission,
  { left, rights }: Panels,
  { rowBlocks, columnBlocks, workgroupColumns }: Sizes,
  four: KValue,
  j: number,
): readonly [readonly KValue[], readonly (readonly KValue[])[]] {
  const { emitter, builder } = emission;
  const vectors = (panel: Panel, first: KValue, count: number, apart: number): readonly KValue[] =>
    Array.from({ length: count }, (_, i) =>
      panelVector(emission, panel, emitter.binary("add", first, emitter.i32(i * apart)), four, j),
    );
  const firstRow = emitter.binary("mul", builder.builtin("local_y"), emitter.i32(rowBlocks));
  return [
    vectors(left, firstRow, rowBlocks, 1),
    rights.map((right) => vectors(right, builder.builtin("local_x"), columnBlocks, workgroupColumns)),
  ];
}

/** Deals the blocks of all panels, one panel after the other, to the invocations of the workgroup. */
function bringPanels(
  emission: Emission,
  panels: readonly Panel[],
  { workgroupRows, workgroupColumns }: Sizes,
  step: KValue,
): void {
  const { builder, emitter } = emission;
  const invocations = workgroupRows * workgroupColumns;
  const row = emitter.binary("mul", builder.builtin("local_y"), emitter.i32(workgroupColumns));
  const invocation = emitter.binary("add", row, builder.builtin("local_x"));
  let start = 0;
  for (const panel of panels) {
    const end = start + panel.blocks;
    for (let first = start - (start % invocations); first < end; first += invocations) {
      const block = emitter.binary("add", invocation, emitter.i32(first - start));
      const conditions = [
        ...(first < start ? [emitter.binary("ge", block, emitter.i32(0))] : []),
        ...(first + invocations > end ? [emitter.binary("lt", block, emitter.i32(panel.blocks))] : []),
      ];
      const isHere = conditions.length === 0 ? undefined : conditions.reduce((x, y) => emitter.binary("and", x, y));
      guarded(emitter, isHere, () => bringBlock(emission, panel, block, step));
    }
    start = end;
  }
}

/** Panels along the terms. */
function stepsOf({ emitter, builder }: Emission, depth: Dim, terms: number): KValue {
  const whole = depth.div(terms);
  if (whole !== undefined) return builder.dim(whole);
  const size = depth.asNumber();
  if (size !== undefined) return emitter.i32(Math.ceil(size / terms));
  const rounded = emitter.binary("add", builder.dim(depth), emitter.i32(terms - 1));
  return emitter.binary("div", rounded, emitter.i32(terms));
}
