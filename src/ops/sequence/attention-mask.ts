/**
 * Which keys a query of `attention` sees: the rule, once as a predicate on numbers and once as tensor ops. Everything
 * that depends on positions is here, the arithmetic of attention is in `attention.ts`.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Attrs, Value } from "../../ir/ir.ts";
import type { Tensor } from "../../ir/op-def.ts";
import type { TensorType } from "../../ir/type.ts";
import type { Dim } from "../../support/dim.ts";
import { wordAttr } from "../support/attrs.ts";
import { iota, reshape, scalarConstant } from "../support/emit.ts";
import { butText, wrongDType, wrongRank } from "../support/shape.ts";
import { at } from "../support/tensor.ts";

/** What `mask` may be. */
export const MASKS = ["causal", "full"] as const;

/** The optional operands of attention behind q, k, v. */
export interface MaskOperands<V> {
  /** i32[B]: query t stands at position `offset[b] + t`. */
  readonly offset: V | null;
  /** i32[], i32[T] or i32[B, T]: keys at or before `position - window` are not seen by the query. */
  readonly window: V | null;
  /** i32[B]: keys from `lengths[b]` on are padding. */
  readonly lengths: V | null;
  /** i32[B]: keys below `prefix[b]` are seen by every query, whatever its position (Raffel et al. 2020, prefix LM). */
  readonly prefix: V | null;
}

export function maskOperands<V>(operands: readonly (V | null)[]): MaskOperands<V> {
  const [, , , offset = null, window = null, lengths = null, prefix = null] = operands;
  return { offset, window, lengths, prefix };
}

/** How a window on both sides of a query is written. */
const TWO_SIDED =
  ", and a window on both sides is a bias: select(abs(reshape(iota(T), [T, 1]) - iota(T)) <= 64, 0.0, -1e9)";

/** A sentence unless the operands fit the mask and q: f[B, H, T, D]. */
export function maskSentence(q: TensorType, mask: MaskOperands<TensorType>, attrs: Attrs): string | undefined {
  for (const name of ["offset", "window", "lengths", "prefix"] as const) {
    const type = mask[name];
    if (type === null) continue;
    if (wordAttr(attrs, "mask") === "full" && name !== "lengths")
      return `${name} has no meaning where mask is full; it needs mask: causal${name === "window" ? TWO_SIDED : ""}`;
    const sentence =
      wrongDType(name, type, ["i32"]) ?? (name === "window" ? undefined : wrongRank(name, type, 1, "[B]"));
    if (sentence !== undefined) return sentence;
    if (name === "window") {
      if (!isWindowOf(q, type)) return `${butText("q", q, name, type)}: a window is i32[], i32[T] or i32[B, T]`;
    } else if (type.dims[0]?.equals(q.dims[0] ?? -1) !== true) return butText("q", q, name, type);
  }
  return undefined;
}

/** Whether a window is one number, or one for each query of q: f[B, H, T, D]. */
function isWindowOf(q: TensorType, { dims }: TensorType): boolean {
  const wanted = [q.dims[0], q.dims[2]].slice(2 - dims.length);
  return dims.length <= 2 && dims.every((dim, axis) => dim.equals(wanted[axis] ?? -1));
}

/** Whether query t of row b sees key s. */
export function isVisible(mask: MaskOperands<Tensor>, attrs: Attrs, b: number, t: number, s: number): boolean {
  if (mask.lengths !== null && s >= at(mask.lengths.data, b)) return false;
  if (wordAttr(attrs, "mask") === "full") return true;
  if (mask.prefix !== null && s < at(mask.prefix.data, b)) return true;
  const position = positionOf(mask, b, t);
  return s <= position && (mask.window === null || s > position - windowOf(mask.window, b, t));
}

function windowOf({ dims, data }: Tensor, b: number, t: number): number {
  const T = dims.at(-1) ?? 1;
  return at(data, dims.length === 0 ? 0 : dims.length === 1 ? t : b * T + t);
}

/** Where query t of row b stands. */
export function positionOf(mask: MaskOperands<Tensor>, b: number, t: number): number {
  return (mask.offset === null ? 0 : at(mask.offset.data, b)) + t;
}

/** The same as tensor ops: i32[T, 1] or i32[B, 1, 1, T, 1]. */
export function emitPositions(b: Builder, mask: MaskOperands<Value>, T: Dim): Value {
  const queries = reshape(b, iota(b, T), [T, 1]);
  return mask.offset === null ? queries : b.emit("add", [perRow(b, mask.offset), queries]);
}

/** A window as a number, [T, 1] or [B, 1, 1, T, 1]. */
function perQuery(b: Builder, window: Value): Value {
  const { dims } = window.type;
  if (dims.length === 0) return window;
  return reshape(b, window, dims.length === 1 ? [...dims, 1] : [...dims.slice(0, 1), 1, 1, ...dims.slice(1), 1]);
}

/** One number a row, `[B]`, as [B, 1, 1, 1, 1]. */
function perRow(b: Builder, value: Value): Value {
  return reshape(b, value, [...value.type.dims, 1, 1, 1, 1]);
}

/** Visibility as a bool tensor that broadcasts to [B, G, H / G, T, S]; undefined where every query sees every key. */
export function emitVisible(
  b: Builder,
  mask: MaskOperands<Value>,
  attrs: Attrs,
  sizes: { readonly T: Dim; readonly S: Dim },
): Value | undefined {
  const keys = iota(b, sizes.S);
  const both = (one: Value | undefined, other: Value): Value =>
    one === undefined ? other : b.emit("and", [one, other]);
  let visible: Value | undefined;
  if (wordAttr(attrs, "mask") === "causal") {
    const position = emitPositions(b, mask, sizes.T);
    visible = b.emit("le", [keys, position]);
    if (mask.window !== null)
      visible = both(visible, b.emit("gt", [keys, b.emit("sub", [position, perQuery(b, mask.window)])]));
    if (mask.prefix !== null) visible = b.emit("or", [visible, b.emit("lt", [keys, perRow(b, mask.prefix)])]);
  }
  return mask.lengths === null ? visible : both(visible, b.emit("lt", [keys, perRow(b, mask.lengths)]));
}

/** Stands for minus infinity in scores: finite in every float type, and far below any score. */
export function hiddenScore(b: Builder, scores: Value): Value {
  return scalarConstant(b, scores.type.dtype, scores.type.dtype === "f16" ? -65504 : -1e30);
}
