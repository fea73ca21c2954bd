/**
 * What an op can be to a kernel: a point, a move, a leaf, a gather (all of which any kernel computes from the index of
 * one element), an anchor with a schedule of its own, or something that stays outside of groups.
 */
import type { Op } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { isRegionName } from "../../../src/ir/region-types.ts";
import { bytesOf } from "../../../src/ir/type.ts";
import { literalOf } from "../constants.ts";
import { scanLanes } from "../scan-lanes.ts";

/** What the kernel is built around; an attribute of the group. */
export type GroupKind = "elementwise" | "row_reduce" | Anchor;

export type Role = "outside" | "leaf" | "move" | "gather" | "point" | "reduce" | Anchor;

/** Ops that are the only one of their kind in a kernel, but for products that share their left operand. */
const ANCHORS = ["matmul", "attention", "attention_part", "cache_write", "sample", "scan", "cumsum", "argsort", "segment_sum"] as const; // prettier-ignore
type Anchor = (typeof ANCHORS)[number];

/** Constants of more elements become buffers. */
const MAX_LEAF_ELEMENTS = 16;

export function roleOf(op: Op, ops: OpTable): Role {
  const def = ops.get(op.name);
  if (op.name === "scan") return "sentence" in scanLanes(op, ops) ? "outside" : "scan";
  if (op.name === "param" || isRegionName(op.name) || hasTrait(def, "load-time")) return "outside";
  if (op.name === "constant") {
    const size = literalOf(op)?.data.length ?? 0;
    return size <= MAX_LEAF_ELEMENTS && op.results[0]?.type.family === undefined ? "leaf" : "outside";
  }
  if (op.name === "iota") return "leaf";
  if (hasTrait(def, "elementwise")) return "point";
  if (hasTrait(def, "move")) return "move";
  if (hasTrait(def, "gather")) return "gather";
  if (hasTrait(def, "reduce")) return "reduce";
  return ANCHORS.find((name) => name === op.name) ?? "outside";
}

/** Ops that every kernel can compute for one element from that element's index. */
export function isPulled(role: Role): boolean {
  return role === "leaf" || role === "move" || role === "gather" || role === "point";
}

/**
 * Ops worth computing once for each user rather than storing: index arithmetic, casts, lookups; and conditions, which
 * memory holds as whole words. A cast to fewer bytes is not: what it makes is better stored than what it reads.
 */
export function isCheap(op: Op, ops: OpTable): boolean {
  const role = roleOf(op, ops);
  if (role === "leaf" || role === "move" || role === "gather") return true;
  if (op.name === "cast") return !isNarrowing(op);
  const dtype = op.results[0]?.type.dtype;
  return role === "point" && (dtype === "bool" || (dtype === "i32" && INDEX_ARITHMETIC.has(op.name)));
}

/** Whether its result takes fewer bytes than its operand. */
export function isNarrowing(op: Op): boolean {
  const [from, to] = [op.operands[0], op.results[0]];
  return Boolean(from && to && bytesOf(to.type.dtype) < bytesOf(from.type.dtype));
}

const INDEX_ARITHMETIC: ReadonlySet<string> = new Set(["add", "sub", "mul"]);
