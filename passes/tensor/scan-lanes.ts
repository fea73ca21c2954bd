/**
 * How a `scan` runs as one kernel: its state is cut along leading axes that no step mixes (rows, channels), one
 * invocation for each place along them ("lanes"); the axes behind are private to an invocation, which keeps its part of
 * the state to itself and walks through the positions. What does not depend on the state may be read from anywhere.
 */
import type { Block, Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { regionInt } from "../../src/ir/region-types.ts";
import type { Dims } from "../../src/ir/type.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { axisAttr, numbersAttr } from "./attrs.ts";

/**
 * Elements of state that one invocation keeps, all carried values together. It keeps them twice, before and after a
 * step, and WGSL has 8,192 bytes of private memory.
 */
export const MOST_PRIVATE = 1024;

/** How many leading axes are lanes, or the sentence that says why the scan is no kernel. */
export function scanLanes(op: Op, table: OpTable): number | string {
  const body = defined(op.regions[0], "a scan has a block");
  const carries = regionInt(op.attrs, "carries");
  const dependent = dependents(body, carries);
  const shapes = body.yields.map(({ type }) => type.dims);
  const first = defined(shapes[0], "a scan yields something");
  let lanes = Math.min(...shapes.map((dims) => sharedAxes(dims, first)));
  let culprit: string | undefined;
  for (const inner of body.ops) {
    const kept = keptAxes(inner, dependent, first, table);
    if (kept < lanes) [lanes, culprit] = [kept, inner.name];
  }
  const own = body.yields.slice(0, carries).map(({ type }) => Dim.product(type.dims.slice(lanes)).asNumber());
  const mixed =
    culprit === undefined ? "its results share no more axes with its state" : `\`${culprit}\` mixes the axes`;
  if (own.includes(undefined))
    return `only the first ${lanes} axes of its state stay apart (${mixed} behind), and the sizes behind are not all numbers`;
  const total = own.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  if (total > MOST_PRIVATE)
    return `only the first ${lanes} axes of its state stay apart (${mixed} behind), and the ${total} elements behind are more than the ${MOST_PRIVATE} that one invocation keeps`;
  return lanes;
}

/** The values of the body that are computed from the carried ones. */
function dependents(body: Block, carries: number): ReadonlySet<Value> {
  const found = new Set<Value>(body.args.slice(0, carries));
  for (const op of body.ops)
    if (op.operands.some((operand) => operand !== null && found.has(operand)))
      for (const made of op.results) found.add(made);
  return found;
}

function sharedAxes(a: Dims, b: Dims): number {
  const differs = a.findIndex((dim, axis) => !(b[axis]?.equals(dim) ?? false));
  return differs < 0 ? a.length : differs;
}

/** How many leading axes an op keeps apart: element [l..., p...] of its result needs only elements [l..., *] of what
 * depends on the state. */
function keptAxes(op: Op, dependent: ReadonlySet<Value>, lanes: Dims, table: OpTable): number {
  const inner = op.operands.flatMap((operand, which) =>
    operand !== null && dependent.has(operand) ? [{ which, dims: operand.type.dims }] : [],
  );
  const result = defined(op.results[0], `${op.name} has a result`).type.dims;
  if (inner.length === 0) return Infinity;
  const shared = Math.min(sharedAxes(result, lanes), ...inner.map(({ dims }) => sharedAxes(dims, lanes)));
  const rank = defined(inner[0], "an operand").dims.length;
  const def = table.get(op.name);
  if (hasTrait(def, "elementwise")) return inner.every(({ dims }) => dims.length === result.length) ? shared : 0;
  if (hasTrait(def, "reduce")) return Math.min(shared, axisAttr(op, rank));
  switch (op.name) {
    case "reshape":
      return shared;
    case "broadcast":
      return rank === result.length ? shared : 0;
    case "transpose": {
      const moved = numbersAttr(op, "perm").findIndex((from, to) => from !== to);
      return Math.min(shared, moved < 0 ? Infinity : moved);
    }
    case "slice":
    case "pad":
    case "concat":
      return Math.min(shared, axisAttr(op, rank));
    case "matmul": {
      const isPlain = op.attrs["transpose_a"] !== true && inner.every(({ which }) => which === 0);
      return inner.every(({ dims }) => dims.length === result.length) ? Math.min(shared, rank - (isPlain ? 1 : 2)) : 0;
    }
    default:
      return 0;
  }
}
