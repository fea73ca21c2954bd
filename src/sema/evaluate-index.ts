/** `windows[i]`, `layers[0]` and `qkv[..., 0:dim]`: items of lists, layers of arrays, and slices of tensors. */
import type { IndexExpr, IndexItem } from "../../grammar/ast.ts";
import type { Value } from "../ir/ir.ts";
import { Dim } from "../support/dim.ts";
import type { Span } from "../support/source.ts";
import type { ArrayEntity, Entity, ListEntity } from "./entity.ts";
import { kindText, poison } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { sourceText, typeWords } from "./explain.ts";
import { typePlace } from "./frame.ts";
import { emitOp } from "./op-call.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { addSizes, subtractSizes } from "./size.ts";
import { evaluateInt } from "./types.ts";

export function evaluateIndex(context: Context, expr: IndexExpr, hint: string): Entity {
  const object = evaluate(context, expr.object);
  switch (object.kind) {
    case "poison":
      return poison;
    case "tensor":
      return sliceTensor(context, expr, object.value, hint);
    case "list":
    case "array":
      return pickItem(context, expr, object);
    default:
      report(context, "LLM0207", `${kindText(object)} cannot be indexed`, expr.object.span);
      return poison;
  }
}

function pickItem(context: Context, expr: IndexExpr, object: ListEntity | ArrayEntity): Entity {
  const [item] = expr.items;
  if (item?.kind !== "at" || expr.items.length !== 1) {
    report(context, "LLM0207", `${kindText(object)} takes one index`, expr.span);
    return poison;
  }
  const index = evaluateInt(context, item.value)?.dim.asNumber();
  if (index === undefined) return poison;
  const items = object.kind === "list" ? object.items : object.layers;
  const first = object.kind === "array" ? object.first : 0;
  const picked = object.kind === "list" ? object.items[index] : layerAt(object, index);
  if (picked !== undefined) return picked;
  report(context, "LLM0218", `there is no item ${index}`, item.span, {
    label: `\`${sourceText(expr.object.span)}\` has the items ${first} to ${first + items.length - 1}`,
  });
  return poison;
}

function layerAt(array: ArrayEntity, index: number): Entity | undefined {
  const shape = array.layers[index - array.first];
  return shape && { kind: "instance", shape, path: `${array.path}.${index}`, use: array.use };
}

/** One `slice` for each axis that is cut, then one `reshape` that drops the axes that were indexed. */
function sliceTensor(context: Context, expr: IndexExpr, x: Value, hint: string): Entity {
  const rank = x.type.dims.length;
  const ellipsis = expr.items.findIndex((item) => item.kind === "ellipsis");
  const written = expr.items.length - (ellipsis < 0 ? 0 : 1);
  if (written > rank || expr.items.filter((item) => item.kind === "ellipsis").length > 1) {
    report(context, "LLM0218", "more indices than axes", expr.span, { related: [typePlace(x, expr.object.span)] });
    return poison;
  }
  const isReshaped = expr.items.some((item) => item.kind === "at");
  let current = x;
  const dropped = new Set<number>();
  for (const [position, item] of expr.items.entries()) {
    if (item.kind === "ellipsis") continue;
    const axis = ellipsis >= 0 && position > ellipsis ? rank - (expr.items.length - position) : position;
    const range = rangeOf(context, item, x, axis);
    if (range === undefined) return poison;
    const [start, end] = range;
    const size = x.type.dims[axis] ?? Dim.of(1);
    if (!isInside(context, item.span, x, axis, start, end)) return poison;
    if (item.kind === "at") dropped.add(axis);
    if (start.equals(0) && end.equals(size)) continue;
    const cut = emitOp(
      context,
      "slice",
      [current],
      { axis, start, end },
      expr.span,
      [typePlace(x, expr.object.span)],
      isReshaped ? "" : hint,
    );
    if (cut.kind !== "tensor") return poison;
    current = cut.value;
  }
  if (dropped.size === 0) return { kind: "tensor", value: current };
  const shape = current.type.dims.filter((_, axis) => !dropped.has(axis));
  return emitOp(context, "reshape", [current], { shape }, expr.span, [], hint);
}

type Range = readonly [start: Dim, end: Dim];

/** The half-open range of an item; negative numbers count from the end. */
function rangeOf(context: Context, item: IndexItem, x: Value, axis: number): Range | undefined {
  const size = x.type.dims[axis] ?? Dim.of(1);
  const fromEnd = (dim: Dim | undefined): Dim | undefined =>
    dim !== undefined && (dim.asNumber() ?? 0) < 0 ? addSizes(size, dim) : dim;
  if (item.kind === "at") {
    const start = fromEnd(evaluateInt(context, item.value)?.dim);
    const end = start && addSizes(start, Dim.of(1));
    return start === undefined || end === undefined ? undefined : [start, end];
  }
  if (item.kind === "ellipsis") return undefined;
  const start = item.from === undefined ? Dim.of(0) : fromEnd(evaluateInt(context, item.from)?.dim);
  const end = item.to === undefined ? size : fromEnd(evaluateInt(context, item.to)?.dim);
  return start === undefined || end === undefined ? undefined : [start, end];
}

/** Reports a range that is certainly outside of the axis, or empty; with symbols it may be fine. */
function isInside(context: Context, at: Span, x: Value, axis: number, start: Dim, end: Dim): boolean {
  const size = x.type.dims[axis] ?? Dim.of(1);
  const length = subtractSizes(end, start)?.asNumber();
  const left = subtractSizes(size, end)?.asNumber();
  if ((start.asNumber() ?? 0) >= 0 && (length ?? 1) >= 1 && (left ?? 0) >= 0) return true;
  report(context, "LLM0218", `the range ${start}:${end} does not lie within the axis`, at, {
    label: `axis ${axis} of ${typeWords(x.type)} has ${size} elements`,
    notes: [context.session.sizes.get(x)?.[axis]?.note].filter((note) => note !== undefined),
  });
  return false;
}
