/**
 * schedule: says for each group *how* its kernel works, as attributes: `schedule` and the tile sizes, chosen from the
 * group's body, the declared capacities and `TargetInfo`. It moves no op. Lowering (`passes/lower`) obeys and asks
 * nothing else.
 *
 * What every group promises. It is isolated: its body reads only its block's arguments (an argument may be a weight of
 * storage type f16, a state argument, any value). Its ops are *points* (trait elementwise, `cast` and `select`
 * included), *moves* (reshape, transpose, broadcast, slice, pad, concat), `constant`, `iota`, `take`, and what the
 * schedule adds. Every value of points, moves, constant, iota, take can be computed for one element from that
 * element's index (pull from the output; no order, no memory in between). All outputs (yields) have the dims below.
 * `angle_table` and `param` are never inside a group. The attribute `kind` names the anchor; `schedule` is one of:
 *
 * - `elementwise {lanes}`: only points, moves, constant, iota, take. One or more yields, all of the same number of
 *   elements and the same dims. One invocation an output index; `lanes` invocations a workgroup.
 * - `transpose {tile, lines}`: an elementwise group whose results are points of one transposition of an argument, seen
 *   through casts and further transpositions, that changes which axis lies side by side. tile x tile elements a workgroup, through its memory, by
 *   tile x lines invocations.
 * - `row_reduce {lanes}`: as elementwise, and one or more reductions (sum, mean, reduce_max, ...: trait reduce) that
 *   fold exactly the LAST axis of operands with dims `[R..., C]`, the same R... and C for all, `keep` or not. What a
 *   reduction reads is pulled at `[r..., c]`. What depends on a reduction is a point on `[R..., C]` (row element), a
 *   point on `[R..., 1]` or `[R...]` (row scalar), a reshape or broadcast of a row scalar to another row scalar or
 *   to row elements, or a later reduction (softmax, variance). At most one of the reductions is a selection
 *   (`topk_indices`), with dims `[R..., K]`; what depends on it is a point on `[R..., K]` or a `take` from the row at what
 *   it has found. Yields are row elements `[R..., C]`, row scalars, or `[R..., K]`. One workgroup of `lanes` a row.
 * - `matmul.registers {tile_rows, tile_columns, workgroup_rows, workgroup_columns}`: one or more `matmul` ops of equal
 *   result dims `[batch..., M, N]`; where there are several they have the same left operand. Their operands are arguments
 *   of the group seen through moves and casts (weights: cast f16 -> f32, transpose, reshape), the right one also through a
 *   take at indices that are cheap to compute. Everything else is the epilogue: points of the products' dims, which read
 *   further arguments through points, moves and takes. A product that a `select` of the epilogue does not take is not
 *   summed, where that is known before (`needed-products.ts`). tile_rows x tile_columns results an invocation,
 *   workgroup_rows x workgroup_columns invocations a workgroup.
 * - `matmul.workgroup {..., terms}`: the same groups, whose operands go through workgroup memory, `terms` terms at a time.
 *   tile_rows, tile_columns and terms are multiples of four. `panel = f16`: they lie there as f16, which all their elements are.
 * - `matvec {lanes, columns}`: the same with M (times batch) at most 8 under the capacities, and more. The products may
 *   have different N: each is a part (`product-parts.ts`) with results of its own. A part's results may lie in another
 *   order (split into heads), combine the two halves of each head (rotary embedding), and end in a `cache_write` whose
 *   cache, pos and count are arguments. The left operand may be computed: ops as a `row_reduce` group has them, whose
 *   rows are those of the operand.
 * - `attention {lanes, keys}`: one `attention`; q, k, v, bias, slopes and sinks are arguments, constants or iota
 *   seen through moves and casts; the window is pulled, once a query; offset, lengths and prefix are arguments, constants,
 *   iota or absent. One yield: the attention's result. Or one `attention_part`, with the same operands; its yields are
 *   among its results. There a chunk of keys is a query.
 * - `cache_write {lanes}`: one `cache_write` whose cache, pos and count are arguments; `new` may be any expression of
 *   points, moves, constant, iota, take over the arguments (rope). One yield, stored in the cache's own buffer. One
 *   invocation an element of `new`.
 * - `sample {lanes}`: one `sample`; logits is an argument. Then points on `[B]` over the token and further `[B]` or
 *   scalar arguments. Yields have dims `[B]`: the token and the next values of `[B]` state. One workgroup a row. State
 *   that is a scalar (`step`) is advanced by an elementwise group of its own.
 * - `scan {lanes, axes}`: one `scan`, and pulled ops that its operands come from; its block holds points, moves, takes, reductions and products. `axes`
 *   lists for each carried value and each result of a step as many axes, which every step keeps apart (`scan-lanes.ts`):
 *   one invocation a place along them.
 * - `cumsum {lanes}`: one `cumsum` along any axis, and points of its dims behind it. What it sums is pulled, twice where
 *   there are lanes. Yields have its dims. One workgroup a row.
 * - `argsort {lanes}`: one `argsort` along any axis; x is an argument seen through moves and casts. One yield, sorted in
 *   its own buffer. One workgroup a row.
 * - `elementwise` also computes the kind `segment_sum`: one of that op, its order and starts arguments seen through moves
 *   and casts, x pulled, points of its dims behind it. One invocation an output index, which runs through its segment.
 */
import type { Attrs, Block, Func, Module, Op } from "../../src/ir/ir.ts";
import { result, walk } from "../../src/ir/ir.ts";
import { definitionsOf } from "../../src/ir/uses.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { bytesOf } from "../../src/ir/type.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { Dim } from "../../src/support/dim.ts";
import { InternalError, assertNever, defined } from "../../src/support/errors.ts";
import type { Pass, PassContext, Property } from "../manager/pass.ts";
import { axisAttr, operandType } from "./attrs.ts";
import { hasFewRows, isProduct } from "./few-rows.ts";
import { sizeUnder } from "./fuse/cost.ts";
import { groupKind } from "./fuse/legal-group.ts";
import { isPlainProduct } from "./fuse/legal-product.ts";
import { isNarrow } from "./narrow.ts";
import { termsThatFit, tileThatFills } from "./product-tiles.ts";
import type { Tile } from "./product-tiles.ts";
import { grouped } from "./fuse.ts";
import { mapFuncs } from "./map-funcs.ts";
import { scanLanes } from "./scan-lanes.ts";
import type { ScanLanes } from "./scan-lanes.ts";
import { turnedIn } from "./turned.ts";

export const scheduled: Property<Module> = {
  name: "scheduled",
  doc: "Every group says how its kernel works.",
  check(module) {
    for (const func of module.funcs) {
      let found: string | undefined;
      walk(func.body, (op) => {
        if (op.name === "group" && op.attrs["schedule"] === undefined)
          found ??= `@${func.name}: the group ${String(op.attrs["name"])} has no schedule`;
      });
      if (found !== undefined) return found;
    }
    return undefined;
  },
};

export const schedule: Pass<Module> = {
  name: "schedule",
  summary: "Chooses for each group how its kernel works, and its tile sizes.",
  promise: "reassociates",
  requires: [grouped],
  establishes: [scheduled],
  destroys: [],
  required: true,
  run: (module, context) => mapFuncs(module, (func) => scheduleFunc(func, context)),
};

function scheduleFunc(func: Func, context: PassContext): Func {
  return rewriteFunc(func, context.ops, (op, operands, b, rewriter) => {
    if (op.name !== "group") return undefined;
    return rewriter.copy(op, operands, b, { ...op.attrs, ...scheduleOf(op, context) });
  });
}

/** The attributes of one group. */
function scheduleOf(group: Op, context: PassContext): Attrs {
  const { info, ops } = context;
  const body = defined(group.regions[0], "a group has a block");
  const kind = defined(groupKind(body, ops), `the group ${String(group.attrs["name"])} is a legal kernel`);
  const { tiles } = info;
  switch (kind) {
    case "elementwise":
      return inSquares(body, context) ?? { schedule: "elementwise", lanes: tiles.elementwise };
    case "row_reduce":
      return { schedule: "row_reduce", lanes: rowLanes(body, context) };
    case "matmul":
      if (hasFewRows(body.ops, context) || hasRowsOfItsOwn(body, ops) || !isPlainProduct(body, ops))
        return { schedule: "matvec", ...tiles.matvec };
      return tiledProduct(body, context);
    case "attention_part":
    case "attention":
      return { schedule: "attention", ...tiles.attention, lanes: attentionLanes(body, info) };
    case "cache_write":
      return { schedule: "cache_write", lanes: tiles.elementwise };
    case "sample":
      return { schedule: "sample", lanes: tiles.rowLanes };
    case "scan":
      return { schedule: "scan", lanes: tiles.elementwise, axes: lanesOf(body, ops).flat() };
    case "segment_sum":
      return { schedule: "elementwise", lanes: tiles.elementwise };
    case "cumsum":
    case "argsort":
      return { schedule: kind, lanes: rowLanes(body, context) };
    default:
      return assertNever(kind, "kind of group");
  }
}

/** Products of many rows. */
function tiledProduct(body: Block, { info, ops, capacities }: PassContext): Attrs {
  const { matmul } = info.tiles;
  const attrs = (tile: Tile): Attrs => ({
    tile_rows: tile.rows,
    tile_columns: tile.columns,
    workgroup_rows: tile.workgroupRows,
    workgroup_columns: tile.workgroupColumns,
  });
  if (matmul.workgroupTerms === undefined) return { schedule: "matmul.registers", ...attrs(matmul) };
  const products = body.ops.filter((op) => isProduct(op, ops));
  const { dims } = result(productOf(body, ops)).type;
  const sizeOf = (of: readonly Dim[]): number => sizeUnder(Dim.product(of), capacities);
  const hasMatrices = products.some((op) => sizeOf(operandType(op, 1).dims.slice(0, -2)) > 1);
  const layers = hasMatrices ? sizeOf(dims.slice(0, -2)) : 1;
  const rows = sizeOf(dims.slice(0, -1)) / layers;
  const producers = definitionsOf(body);
  const areHalves = products.every(({ operands }) => operands.every((operand) => isNarrow(operand, "f16", producers, ops))); // prettier-ignore
  const panel = areHalves && info.hasF16 ? "f16" : "f32";
  const sizes = {
    products: products.length,
    layers,
    rows,
    columns: sizeOf(dims.slice(-1)),
    elementBytes: bytesOf(panel),
  };
  const tile = tileThatFills(sizes, matmul, info.limits);
  if (tile === undefined) return { schedule: "matmul.registers", ...attrs({ ...matmul, workgroupRows: 1, workgroupColumns: 1 }) }; // prettier-ignore
  const terms = termsThatFit(matmul.workgroupTerms, sizes, tile, info.limits);
  return { schedule: "matmul.workgroup", ...attrs(tile), terms, ...(panel === "f16" ? { panel } : {}) };
}

/** A transposition in squares, where the profile does that and a square would not be mostly empty. */
function inSquares(body: Block, { info, ops, capacities }: PassContext): Attrs | undefined {
  const turned = info.tiles.transpose === undefined ? undefined : turnedIn(body, ops);
  if (info.tiles.transpose === undefined || turned === undefined || turned.value.type.dtype === "bool")
    return undefined;
  const { tile, lines } = info.tiles.transpose;
  const sizes = turned.value.type.dims.map((dim) => sizeUnder(dim, capacities));
  const [reads, writes] = [sizes[turned.axis] ?? 1, sizes.at(-1) ?? 1];
  const others = sizes.reduce((all, size) => all * size, 1) / (reads * writes);
  const { maxWorkgroupsPerDimension, maxInvocationsPerWorkgroup, maxWorkgroupMemoryBytes } = info.limits;
  const isFolded = Math.max(reads / tile, writes / tile, others) > maxWorkgroupsPerDimension;
  const isLarge = tile * lines > maxInvocationsPerWorkgroup || 4 * tile * (tile + 1) > maxWorkgroupMemoryBytes;
  return Math.min(reads, writes) < tile / 2 || isFolded || isLarge ? undefined : { schedule: "transpose", tile, lines };
}

function lanesOf(body: Block, ops: OpTable): ScanLanes {
  const found = defined(body.ops.find(({ name }) => name === "scan"), "a group of the kind scan holds one"); // prettier-ignore
  const lanes = scanLanes(found, ops);
  if ("sentence" in lanes) throw new InternalError(`a group of the kind scan: ${lanes.sentence}`);
  return lanes;
}

/** Rows of so few elements are one invocation's each: a reduction over lanes would take longer than their sum. */
const SHORT_ROW = 8;

/** One invocation a query where the workgroup's memory does not hold the query, and of each lane a weight and a sum. */
function attentionLanes(body: Block, { tiles, limits }: TargetInfo): number {
  const { lanes } = tiles.attention;
  const op = defined(
    body.ops.find(({ name }) => name === "attention" || name === "attention_part"),
    "a group of the kind attention holds one",
  );
  const depth = operandType(op, 0).dims.at(-1)?.asNumber() ?? 0;
  return 4 * (depth + 2 * lanes) <= limits.maxWorkgroupMemoryBytes ? lanes : 1;
}

/** The lanes of a row: no more than it has elements, where their number is known. */
function rowLanes(body: Block, { info: { tiles, wholeSubgroups = 1 }, ops }: PassContext): number {
  const isAlongRows = ({ name }: Op): boolean => hasTrait(ops.get(name), "reduce") || hasTrait(ops.get(name), "row");
  const op = defined(body.ops.find(isAlongRows), "a group over rows holds an op along them");
  const { dims } = operandType(op, 0);
  const size = dims[axisAttr(op, dims.length)]?.asNumber() ?? Infinity;
  if (size <= SHORT_ROW) return 1;
  return Math.min(tiles.rowLanes, Math.max(wholeSubgroups, 2 ** Math.ceil(Math.log2(size))));
}

/** Whether each row of the product has a matrix of its own: then there is nothing to tile. */
function hasRowsOfItsOwn(body: Block, ops: OpTable): boolean {
  const { operands, results } = productOf(body, ops);
  const rows = results[0]?.type.dims.at(-2);
  return rows?.equals(1) === true && (operands[1]?.type.dims.length ?? 0) > 2;
}

function productOf(body: Block, ops: OpTable): Op {
  return defined(
    body.ops.find((op) => isProduct(op, ops)),
    "a group of the kind matmul holds a product",
  );
}
