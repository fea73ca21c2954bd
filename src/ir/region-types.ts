/**
 * The signatures of the region ops: which types a block's arguments have, given the operands, and which types the
 * results have, given what the block yields. Parser, verifier, rewriter and interpreter all ask here. A signature that
 * does not fit is answered with a sentence, not thrown.
 */
import type { Dim } from "../support/dim.ts";
import type { Attrs, Op } from "./ir.ts";
import type { TensorType } from "./type.ts";

export const REGION_OPS = ["repeat", "scan", "group"] as const;
export type RegionName = (typeof REGION_OPS)[number];

export function isRegionName(name: string): name is RegionName {
  return (REGION_OPS as readonly string[]).includes(name);
}

/** An integer attribute of a region op, or -1 where it is absent or not an integer. */
export function regionInt(attrs: Attrs, name: "count" | "carries" | "axis"): number {
  const found = attrs[name];
  return typeof found === "number" && Number.isInteger(found) ? found : -1;
}

/** `30 x f32[C]` -> `f32[C]`: one member of a family. */
export function memberType(type: TensorType): TensorType {
  return { dtype: type.dtype, dims: type.dims };
}

/** `f32[C]` -> `30 x f32[C]`. */
export function familyType(type: TensorType, count: number): TensorType {
  return { dtype: type.dtype, dims: type.dims, family: count };
}

/** `f32[B, T, C]` with axis 1 -> `f32[B, C]`. */
export function withoutAxis(type: TensorType, axis: number): TensorType {
  return { ...type, dims: type.dims.filter((_, i) => i !== axis) };
}

/** `f32[B, C]` with axis 1 and size T -> `f32[B, T, C]`. */
export function withAxis(type: TensorType, axis: number, size: Dim): TensorType {
  return { ...type, dims: [...type.dims.slice(0, axis), size, ...type.dims.slice(axis)] };
}

/** The types of the block's arguments, or the sentence that says why the operands do not fit. */
export function regionArgTypes(
  name: RegionName,
  operands: readonly TensorType[],
  attrs: Attrs,
): readonly TensorType[] | string {
  if (name === "group") return operands;
  const carries = regionInt(attrs, "carries");
  if (carries < 0 || carries > operands.length)
    return `\`carries\` must be between 0 and the number of operands, ${operands.length}`;
  const carried = operands.slice(0, carries);
  const xs = operands.slice(carries);
  if (carried.some((type) => type.family !== undefined)) return "a carried value cannot be a family";
  if (name === "repeat") {
    const count = regionInt(attrs, "count");
    if (count < 1) return "`count` must be an integer of at least 1";
    const misfit = xs.find((type) => type.family !== count);
    if (misfit !== undefined) return `each of the xs must be a family of ${count} tensors`;
    return [...carried, ...xs.map(memberType)];
  }
  const axis = regionInt(attrs, "axis");
  const length = scanLength(operands, attrs);
  if (typeof length === "string") return length;
  for (const type of xs) {
    const size = type.dims[axis];
    if (type.family !== undefined || size === undefined || !size.equals(length))
      return `each of the xs must have the same size along axis ${axis}`;
  }
  return [...carried, ...xs.map((type) => withoutAxis(type, axis))];
}

/** The types of the results, or the sentence that says why the yields do not fit. */
export function regionResultTypes(
  name: RegionName,
  operands: readonly TensorType[],
  yields: readonly TensorType[],
  attrs: Attrs,
): readonly TensorType[] | string {
  if (name === "group") return yields;
  const carries = regionInt(attrs, "carries");
  if (yields.length < carries) return `the block yields ${yields.length} values for ${carries} carried ones`;
  const carried = yields.slice(0, carries);
  const ys = yields.slice(carries);
  if (ys.some((type) => type.family !== undefined)) return "one member of the ys cannot itself be a family";
  if (name === "repeat") return [...carried, ...ys.map((type) => familyType(type, regionInt(attrs, "count")))];
  const axis = regionInt(attrs, "axis");
  const length = scanLength(operands, attrs);
  if (typeof length === "string") return length;
  if (ys.some((type) => type.dims.length < axis)) return `the ys have no place for axis ${axis}`;
  return [...carried, ...ys.map((type) => withAxis(type, axis, length))];
}

/** How many positions a scan visits: the size of the first of its xs along the axis. */
function scanLength(operands: readonly TensorType[], attrs: Attrs): Dim | string {
  const axis = regionInt(attrs, "axis");
  const first = operands[regionInt(attrs, "carries")];
  if (axis < 0) return "`axis` must be a non-negative integer";
  if (first === undefined) return "a scan needs at least one of the xs: its axis is what is scanned";
  return first.dims[axis] ?? `the first of the xs has no axis ${axis}`;
}

/** The operands of a region op, none of which may be absent; undefined where one is. */
export function regionOperandTypes(op: Op): readonly TensorType[] | undefined {
  const types: TensorType[] = [];
  for (const operand of op.operands) {
    if (operand === null) return undefined;
    types.push(operand.type);
  }
  return types;
}
