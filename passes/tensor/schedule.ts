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
 * - `row_reduce {lanes}`: as elementwise, and one or more reductions (sum, mean, reduce_max, ...: trait reduce) that
 *   fold exactly the LAST axis of operands with dims `[R..., C]`, the same R... and C for all, `keep` or not. What a
 *   reduction reads is pulled at `[r..., c]`. What depends on a reduction is a point on `[R..., C]` (row element), a
 *   point on `[R..., 1]` or `[R...]` (row scalar), a reshape or broadcast of a row scalar to another row scalar or
 *   to row elements, or a later reduction (softmax, variance). At most one of the reductions is a selection
 *   (`topk_indices`), with dims `[R..., K]`; what depends on it is a point on `[R..., K]` or a `take` from the row at what
 *   it has found. Yields are row elements `[R..., C]`, row scalars, or `[R..., K]`. One workgroup of `lanes` a row.
 * - `matmul.registers {tile_rows, tile_columns, workgroup_rows, workgroup_columns}`: one or more `matmul` ops of equal
 *   result dims `[batch..., M, N]`; where there are several they have the same left operand. Their operands are arguments
 *   of the group seen through moves and casts (weights: cast f16 -> f32, transpose, reshape). Everything else is the
 *   epilogue: points of the products' dims, which read further arguments through points, moves and takes. tile_rows x
 *   tile_columns results an invocation, workgroup_rows x workgroup_columns invocations a workgroup.
 * - `matvec {lanes, columns}`: the same with M (times batch) at most 8 under the capacities, and more. The products may
 *   have different N: each is a part (`product-parts.ts`) with results of its own. A part's results may lie in another
 *   order (split into heads), combine the two halves of each head (rotary embedding), and end in a `cache_write` whose
 *   cache, pos and count are arguments. The left operand may be computed: ops as a `row_reduce` group has them, whose
 *   rows are those of the operand.
 * - `attention {lanes, keys}`: one `attention`; q, k, v, bias, slopes and sinks are arguments, constants or iota
 *   seen through moves and casts; offset, window, lengths and prefix are arguments or absent. One yield: the attention's result.
 *   Or one `attention_part`, with the same operands; its yields are among its results. There a chunk of keys is a query.
 * - `cache_write {lanes}`: one `cache_write` whose cache, pos and count are arguments; `new` may be any expression of
 *   points, moves, constant, iota, take over the arguments (rope). One yield, stored in the cache's own buffer. One
 *   invocation an element of `new`.
 * - `sample {lanes}`: one `sample`; logits is an argument. Then points on `[B]` over the token and further `[B]` or
 *   scalar arguments. Yields have dims `[B]`: the token and the next values of `[B]` state. One workgroup a row. State
 *   that is a scalar (`step`) is advanced by an elementwise group of its own.
 * - `scan {lanes, axes}`: one `scan`, and pulled ops that its operands come from; its block holds points, moves, takes, reductions and products. The first `axes`
 *   axes of its state and results are kept apart by every step (`scan-lanes.ts`): one invocation a place along them.
 * - `cumsum {lanes}`: one `cumsum` along any axis, and points of its dims behind it. What it sums is pulled, twice where
 *   there are lanes. Yields have its dims. One workgroup a row.
 * - `argsort {lanes}`: one `argsort` along any axis; x is an argument seen through moves and casts. One yield, sorted in
 *   its own buffer. One workgroup a row.
 * - `elementwise` also computes the kind `segment_sum`: one of that op, its order and starts arguments seen through moves
 *   and casts, x pulled, points of its dims behind it. One invocation an output index, which runs through its segment.
 */
import type { Attrs, Block, Func, Module, Op } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { InternalError, assertNever, defined } from "../../src/support/errors.ts";
import type { Pass, PassContext, Property } from "../manager/pass.ts";
import { axisAttr, operandType } from "./attrs.ts";
import { hasFewRows } from "./few-rows.ts";
import { groupKind } from "./fuse/legal-group.ts";
import { isPlainProduct } from "./fuse/legal-product.ts";
import { grouped } from "./fuse.ts";
import { mapFuncs } from "./map-funcs.ts";
import { scanLanes } from "./scan-lanes.ts";

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
      return { schedule: "elementwise", lanes: tiles.elementwise };
    case "row_reduce":
      return { schedule: "row_reduce", lanes: rowLanes(body, context) };
    case "matmul": {
      const { rows, columns, workgroupRows, workgroupColumns } = tiles.matmul;
      if (hasFewRows(body.ops, context) || hasRowsOfItsOwn(body, ops) || !isPlainProduct(body, ops))
        return { schedule: "matvec", ...tiles.matvec };
      return {
        schedule: "matmul.registers",
        tile_rows: rows,
        tile_columns: columns,
        workgroup_rows: workgroupRows,
        workgroup_columns: workgroupColumns,
      };
    }
    case "attention_part":
    case "attention":
      return { schedule: "attention", ...tiles.attention };
    case "cache_write":
      return { schedule: "cache_write", lanes: tiles.elementwise };
    case "sample":
      return { schedule: "sample", lanes: tiles.rowLanes };
    case "scan":
      return { schedule: "scan", lanes: tiles.elementwise, axes: lanesOf(body, ops) };
    case "segment_sum":
      return { schedule: "elementwise", lanes: tiles.elementwise };
    case "cumsum":
    case "argsort":
      return { schedule: kind, lanes: rowLanes(body, context) };
    default:
      return assertNever(kind, "kind of group");
  }
}

function lanesOf(body: Block, ops: OpTable): number {
  const found = body.ops.find(({ name }) => name === "scan");
  const lanes = found === undefined ? "no scan" : scanLanes(found, ops);
  if (typeof lanes === "string") throw new InternalError(`a group of the kind scan: ${lanes}`);
  return lanes;
}

/** Rows of so few elements are one invocation's each: a reduction over lanes would take longer than their sum. */
const SHORT_ROW = 8;

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
  const isProduct = (op: Op): boolean => ops.get(op.name)?.traits.includes("contract") === true;
  return defined(body.ops.find(isProduct), "a group of the kind matmul holds a product");
}
