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
 *   to row elements, or a later reduction (softmax, variance). Yields are row elements `[R..., C]` or row scalars.
 *   One workgroup of `lanes` a row.
 * - `matmul.registers {tile_rows, tile_columns, workgroup_rows, workgroup_columns}` and `matvec {lanes, columns}`: one
 *   or more `matmul` ops of equal result dims `[batch..., M, N]`; where there are several they have the same left
 *   operand. Their operands are arguments of the group seen through moves and casts (weights: cast f16 -> f32, transpose,
 *   reshape). Everything else is the epilogue: points, moves and takes that start at the products (read at their own
 *   index only: no move of a product except a reshape that keeps M x N flat order) and at further arguments of the
 *   group. Yields have as many elements as the product, in the same flat order. matvec: M (times batch) is at most 8
 *   under the capacities. matmul.registers: tile_rows x tile_columns results an invocation, workgroup_rows x
 *   workgroup_columns invocations a workgroup.
 * - `attention {lanes, keys}`: one `attention`; q, k, v are arguments seen through moves and casts; offset is an
 *   argument or absent. One yield: the attention's result.
 * - `cache_write {lanes}`: one `cache_write` whose cache, pos and count are arguments; `new` may be any expression of
 *   points, moves, constant, iota, take over the arguments (rope). One yield, stored in the cache's own buffer. One
 *   invocation an element of `new`.
 * - `sample {lanes}`: one `sample`; logits is an argument. Then points on `[B]` over the token and further `[B]` or
 *   scalar arguments. Yields have dims `[B]`: the token and the next values of `[B]` state. One workgroup a row. State
 *   that is a scalar (`step`) is advanced by an elementwise group of its own.
 * - `scan {lanes, axes}`: one `scan`, whose block holds points, moves, takes, reductions and products. The first `axes`
 *   axes of its state and results are kept apart by every step (`scan-lanes.ts`): one invocation a place along them.
 */
import type { Attrs, Block, Func, Module, Op } from "../../src/ir/ir.ts";
import { walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { Dim } from "../../src/support/dim.ts";
import { InternalError, assertNever, defined } from "../../src/support/errors.ts";
import type { Pass, PassContext, Property } from "../manager/pass.ts";
import { sizeUnder } from "./fuse/cost.ts";
import { groupKind } from "./fuse/legal-group.ts";
import { grouped } from "./fuse.ts";
import { mapFuncs } from "./map-funcs.ts";
import { scanLanes } from "./scan-lanes.ts";

/** Products with at most this many rows are split along K instead of tiled: each weight is read once anyway. */
const MATVEC_ROWS = 8;

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
function scheduleOf(group: Op, { info, capacities, ops }: PassContext): Attrs {
  const body = defined(group.regions[0], "a group has a block");
  const kind = defined(groupKind(body, ops), `the group ${String(group.attrs["name"])} is a legal kernel`);
  const { tiles } = info;
  switch (kind) {
    case "elementwise":
      return { schedule: "elementwise", lanes: tiles.elementwise };
    case "row_reduce":
      return { schedule: "row_reduce", lanes: tiles.rowLanes };
    case "matmul": {
      const { rows, columns, workgroupRows, workgroupColumns } = tiles.matmul;
      if (productRows(group, ops, capacities) <= MATVEC_ROWS) return { schedule: "matvec", ...tiles.matvec };
      return {
        schedule: "matmul.registers",
        tile_rows: rows,
        tile_columns: columns,
        workgroup_rows: workgroupRows,
        workgroup_columns: workgroupColumns,
      };
    }
    case "attention":
      return { schedule: "attention", ...tiles.attention };
    case "cache_write":
      return { schedule: "cache_write", lanes: tiles.elementwise };
    case "sample":
      return { schedule: "sample", lanes: tiles.rowLanes };
    case "scan":
      return { schedule: "scan", lanes: tiles.elementwise, axes: lanesOf(body, ops) };
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

/** Rows of the product, all batch axes together, under the declared capacities. */
function productRows(group: Op, ops: OpTable, capacities: Readonly<Record<string, number>>): number {
  const body = defined(group.regions[0], "a group has a block");
  const product = defined(
    body.ops.find((op) => ops.get(op.name)?.traits.includes("contract")),
    "a group of the kind matmul holds a product",
  );
  const { dims } = defined(product.results[0], "a product has a result").type;
  return sizeUnder(Dim.product(dims.slice(0, -1)), capacities);
}
