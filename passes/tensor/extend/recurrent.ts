/**
 * State that is not indexed by position: what a `scan` carries on, and the last inputs of a causal convolution. It begins
 * anew where a row starts at position 0, and tokens beyond a row's `count` leave it as it is.
 */
import type { Builder } from "../../../src/ir/builder.ts";
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import { regionInt } from "../../../src/ir/region-types.ts";
import type { TensorType } from "../../../src/ir/type.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { freeValues } from "../../../src/ir/uses.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { numberAttr, operandType } from "../attrs.ts";
import { scalarConstant } from "../constants.ts";
import { ROWS, TOKENS, tokenAxis } from "./positions.ts";

/** pos and count: i32[B]. */
export interface Rows {
  readonly pos: Value;
  readonly count: Value;
}

/** State before and after a call. */
export interface Held {
  readonly before: Value;
  readonly after: Value;
}

/** Why a scan cannot be continued from call to call, or undefined where it can. `scansTokens` has said yes. */
export function scanSentence(op: Op): string | undefined {
  const outside = freeValues(bodyOf(op));
  const states = op.operands.slice(0, regionInt(op.attrs, "carries"));
  const hasTokens = (x: Value | null): boolean => x !== null && tokenAxis(x.type) !== undefined;
  if ([...states, ...outside].some(hasTokens)) return "`scan` reads all positions at each of them";
  if (states.some((state) => !state?.type.dims[0]?.equals(Dim.symbol(ROWS))))
    return "the state of `scan` has no axis B in front, so rows would share it";
  return undefined;
}

/** Whether a scan walks along tokens. Along another axis it does so for each token, as far as its step keeps them apart. */
export function scansTokens(op: Op): boolean {
  const axis = regionInt(op.attrs, "axis");
  return op.operands.slice(regionInt(op.attrs, "carries")).some((x) => x !== null && tokenAxis(x.type) === axis);
}

export function bodyOf(op: Op): Block {
  return defined(op.regions[0], `${op.name} has a block`);
}

/** `before`, or `start` in rows that begin. before: [B, ...]. */
export function begun(b: Builder, start: Value, before: Value, { pos }: Rows): Value {
  const isFirst = b.emit("eq", [pos, scalarConstant(b, "i32", 0)]);
  return b.emit("select", [perRow(b, isFirst, before.type), start, before], {}, before.name);
}

/** One value a row, shaped to meet `type`: [B, 1, ...]. */
export function perRow(b: Builder, x: Value, type: TensorType): Value {
  return b.emit("reshape", [x], { shape: [Dim.symbol(ROWS), ...type.dims.slice(1).map(() => 1)] });
}

/** Which positions of a call are real, as one more input of a scan along `axis`: bool[B, 1, ..., T]. */
export function liveTokens(b: Builder, axis: number, { count }: Rows): Value {
  const steps = b.emit("iota", [], { shape: [Dim.symbol(TOKENS)], axis: 0 });
  const ends = b.emit("reshape", [count], { shape: [Dim.symbol(ROWS), ...Array.from({ length: axis }, () => 1)] });
  return b.emit("lt", [steps, ends], {}, "live");
}

/** Why a convolution cannot be continued from call to call, or undefined where it can. */
export function convolutionSentence(op: Op): string | undefined {
  if (tokenAxis(operandType(op, 0)) !== 1 || tokenAxis(operandType(op, 1)) !== undefined)
    return "`conv1d` is not along the tokens of this call";
  const taps = tapsOf(op);
  if (numberAttr(op, "after") > 0) return "`conv1d` reads positions behind a token";
  return numberAttr(op, "before") === taps - 1 ? undefined : "`conv1d` gives another number of positions than it gets";
}

/** A causal convolution whose last inputs are state. operands: x f[B, T, C], weight, bias. */
export function continueConvolution(
  op: Op,
  operands: readonly (Value | null)[],
  b: Builder,
  rows: Rows,
): { readonly result: Value; readonly held: readonly Held[] } {
  const [x, ...others] = operands;
  const fresh = defined(x, "conv1d has an input");
  const kept = tapsOf(op) - 1;
  const name = op.results[0]?.name;
  if (kept === 0) return { result: b.emit("conv1d", operands, op.attrs, name), held: [] };
  const [first, , channels] = fresh.type.dims;
  const before = value(tensorType(fresh.type.dtype, [defined(first, "rows"), kept, defined(channels, "channels")]), "conv"); // prettier-ignore
  const start = begun(b, scalarConstant(b, fresh.type.dtype, 0), before, rows);
  const all = b.emit("concat", [start, fresh], { axis: 1 }, fresh.name);
  const result = b.emit("conv1d", [all, ...others], { ...op.attrs, before: 0 }, name);
  const ends = b.emit("reshape", [rows.count], { shape: [Dim.symbol(ROWS), 1] });
  const last = b.emit("add", [ends, b.emit("iota", [], { shape: [kept], axis: 0 })]);
  return { result, held: [{ before, after: b.emit("take", [all, last], { axis: 1, batch: 1 }, "conv") }] };
}

/** How many positions one result of a convolution sees. */
function tapsOf(op: Op): number {
  return defined(operandType(op, 1).dims[2]?.asNumber(), "a convolution has a number of taps");
}
