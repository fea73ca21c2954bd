/**
 * Does an op work position by position? The axis of tokens is the axis whose size holds the symbol `T`; it is read off
 * the types, so nothing has to be tracked. An op that mixes positions is answered with the sentence of the diagnostic.
 * Attention is not judged here: derive-extend gives it a cache.
 */
import { Builder } from "../../../src/ir/builder.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import type { TensorType } from "../../../src/ir/type.ts";
import { typeText } from "../../../src/ir/type.ts";
import { Dim } from "../../../src/support/dim.ts";
import { axisAttr, operandType } from "../attrs.ts";

/** The symbol of tokens, and that of rows. */
export const TOKENS = "T";
export const ROWS = "B";

/** The axes whose sizes hold `T`: none, one, or more where positions meet positions. */
export function tokenAxes(type: TensorType): readonly number[] {
  return type.dims.flatMap((dim, axis) => (dim.symbols().has(TOKENS) ? [axis] : []));
}

/** The one axis whose size holds `T`, if there is one. */
export function tokenAxis(type: TensorType): number | undefined {
  return tokenAxes(type)[0];
}

/** Why the op does not work position by position, or undefined where it does. Region ops are not judged. */
export function mixing(op: Op, ops: OpTable): string | undefined {
  const wide = [...op.operands, ...op.results].find((value) => value !== null && tokenAxes(value.type).length > 1);
  if (wide) return `\`${op.name}\` sets positions against positions: there is a ${typeText(wide.type)}`;
  if (op.operands.every((value) => value === null || tokenAxis(value.type) === undefined)) return undefined;
  const def = ops.get(op.name);
  if (hasTrait(def, "elementwise")) return undefined;
  if (hasTrait(def, "composite")) return mixingInside(op, ops);
  return mixingPrimitive(op, ops);
}

/** A composite mixes positions where its decomposition does. */
function mixingInside(op: Op, ops: OpTable): string | undefined {
  const b = new Builder(ops);
  ops.get(op.name)?.decompose?.(b, op.operands, op.attrs, op);
  const found = b.ops.map((inner) => mixing(inner, ops)).find((sentence) => sentence !== undefined);
  return found === undefined ? undefined : `\`${op.name}\` mixes positions: ${found}`;
}

function mixingPrimitive(op: Op, ops: OpTable): string | undefined {
  switch (op.name) {
    case "transpose":
    case "broadcast":
      return undefined;
    case "reshape":
      return keepsTokens(operandType(op, 0), op.results[0]) ? undefined : reshapeSentence(op);
    case "slice":
    case "pad":
      return isAlongTokens(op, 0) ? `\`${op.name}\` moves positions: it works along axis ${TOKENS}` : undefined;
    case "concat":
      return op.operands.some((_, i) => isAlongTokens(op, i))
        ? "`concat` joins positions: it works along axis T"
        : undefined;
    case "take":
      return isAlongTokens(op, 0) ? "`take` reads other positions: the axis that it indexes is T" : undefined;
    case "matmul":
      return contractsTokens(op) ? "`matmul` sums over the positions: the contracted axis is T" : undefined;
    default:
      if (hasTrait(ops.get(op.name), "reduce") || hasTrait(ops.get(op.name), "row"))
        return isAlongTokens(op, 0) ? `\`${op.name}\` runs over all positions: its axis is T` : undefined;
      return `\`${op.name}\` is not known to work position by position`;
  }
}

function isAlongTokens(op: Op, index: number): boolean {
  const type = operandType(op, index);
  return tokenAxis(type) === axisAttr(op, type.dims.length);
}

function contractsTokens(op: Op): boolean {
  return [0, 1].some((side) => {
    const type = operandType(op, side);
    const isSwapped = op.attrs[side === 0 ? "transpose_a" : "transpose_b"] === true;
    const contracted = type.dims.length - ((side === 0) === isSwapped ? 2 : 1);
    return tokenAxis(type) === contracted;
  });
}

/**
 * A reshape keeps positions apart where T stays an axis of its own with the same elements before it, or is merged with
 * (split from) the axes before it: then each position still holds the same elements.
 */
function keepsTokens(from: TensorType, result: Value | undefined): boolean {
  const to = result?.type;
  if (to === undefined) return false;
  const [a, b] = [tokenAxis(from), tokenAxis(to)];
  if (a === undefined || b === undefined) return false;
  return Dim.product(from.dims.slice(a + 1)).equals(Dim.product(to.dims.slice(b + 1)));
}

function reshapeSentence(op: Op): string {
  const to = op.results[0];
  return `\`reshape\` tears positions apart: ${typeText(operandType(op, 0))} becomes ${to === undefined ? "?" : typeText(to.type)}`;
}
