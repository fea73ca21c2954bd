/**
 * `scan(h: f[B, dim]) over T with x { ... return (next, y) }`: one op `scan`. Its body is elaborated once, in a frame of
 * its own; what the body reads from outside stays outside.
 */
import type { ScanExpr } from "../../grammar/ast.ts";
import type { Op, Value } from "../ir/ir.ts";
import { value } from "../ir/ir.ts";
import { withAxis, withoutAxis } from "../ir/region-types.ts";
import type { TensorType } from "../ir/type.ts";
import { sameType } from "../ir/type.ts";
import type { Dim } from "../support/dim.ts";
import { runBody } from "./call.ts";
import { declareName } from "./declare.ts";
import type { Entity, Placed } from "./entity.ts";
import { poison } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { typeWords } from "./explain.ts";
import { asTensor, emitConstant, stepFrame, typePlace } from "./frame.ts";
import { Scope } from "./scope.ts";
import type { Context, Frame } from "./session.ts";
import { placeOf, report } from "./session.ts";
import { declaredType } from "./signature.ts";
import { evaluateSize } from "./types.ts";

export function evaluateScan(context: Context, expr: ScanExpr, hint: string): Entity {
  const { frame } = context;
  if (frame === undefined) {
    report(context, "LLM0214", "`scan` computes a tensor, and a compile-time value is needed", expr.span);
    return poison;
  }
  const length = evaluateSize(context, expr.over)?.dim;
  const inputs = expr.inputs.map(({ value: each }) => asTensor(context, evaluate(context, each), each.span));
  const states = expr.states.map((state) => declaredType(context, state.type));
  const starts = expr.states.map((state, i) => startOf(context, frame, state, states[i]));
  if (length === undefined) return poison;
  const xs = inputs.filter((x) => x !== undefined);
  const axis = xs.length === inputs.length ? axisOf(context, expr, xs, length) : undefined;
  const types = states.filter((type) => type !== undefined);
  if (axis === undefined || types.length < states.length) return poison;

  const scope = new Scope(context.scope);
  const body = stepFrame(frame);
  const inner: Context = { ...context, scope, frame: body };
  const args = [
    ...types.map((type, i) => value(type, expr.states[i]?.name.text ?? "")),
    ...xs.map((x, i) => value(withoutAxis(x.type, axis), expr.inputs[i]?.name.text ?? "")),
  ];
  [...expr.states, ...expr.inputs].forEach(({ name }, i) => {
    const arg = args[i];
    if (arg !== undefined) declareName(inner, name.text, name.span, { kind: "tensor", value: arg });
  });
  const returned = runBody(inner, expr.body, hint);
  if (returned === undefined) {
    report(context, "LLM0211", "`scan` returns nothing", expr.span);
    return poison;
  }
  const yields = yieldsOf(inner, expr, types, returned);
  const operands = starts.filter((start) => start !== undefined);
  if (yields === undefined || operands.length < starts.length) return poison;
  const ys = yields.slice(types.length);
  const short = ys.find((y) => y.type.dims.length < axis);
  if (short !== undefined) {
    report(context, "LLM0240", `a result of \`scan\` has no place for axis ${axis}`, returned.span, { label: `one of them is ${typeWords(short.type)}` }); // prettier-ignore
    return poison;
  }
  const results = [
    ...types.map((type, i) => value(type, expr.states[i]?.name.text ?? "")),
    ...ys.map((y) => value(withAxis(y.type, axis, length), ys.length === 1 ? hint : y.name)),
  ];
  const op: Op = {
    name: "scan",
    operands: [...operands, ...xs],
    attrs: { axis, carries: types.length },
    results,
    regions: [body.builder.block(args, yields)],
    loc: placeOf(context, expr.span),
  };
  frame.builder.push(op);
  const made = results.slice(types.length).map((each): Entity => ({ kind: "tensor", value: each }));
  const [only, second] = made;
  return second === undefined ? (only ?? poison) : { kind: "list", items: made };
}

/** The value before the first position; undefined after a report. */
function startOf(
  context: Context,
  frame: Frame,
  { name, start, span }: ScanExpr["states"][number],
  type: TensorType | undefined,
): Value | undefined {
  const given = start && asTensor(context, evaluate(context, start), start.span, type?.dtype);
  if (type === undefined || (start !== undefined && given === undefined)) return undefined;
  const found = given ?? emitConstant(frame.builder, type.dtype, 0, placeOf(context, span));
  if (sameType(found.type, type)) return found;
  const attrs = { shape: type.dims };
  const stretched = context.session.ops.get("broadcast")?.infer([found.type], attrs);
  const isStretched = found.type.dtype === type.dtype && stretched !== undefined && typeof stretched !== "string";
  if (isStretched) return frame.builder.emit("broadcast", [found], attrs, name.text);
  report(context, "LLM0240", `the start of \`${name.text}\` is not of its type`, start?.span ?? span, {
    label: `this is ${typeWords(found.type)}`,
    related: [{ message: `declared as ${typeWords(type)}`, at: name.span }],
  });
  return undefined;
}

/** The axis of this size, the same in all inputs; undefined after a report. */
function axisOf(context: Context, expr: ScanExpr, xs: readonly Value[], length: Dim): number | undefined {
  const axes = xs.map(({ type }) => type.dims.findIndex((dim) => dim.equals(length)));
  const [first] = axes;
  const wrong = axes.findIndex((axis) => axis < 0 || axis !== first);
  if (first !== undefined && wrong < 0) return first;
  const [x, input] = [xs[wrong], expr.inputs[wrong]];
  if (x === undefined || input === undefined) return undefined;
  const where = axes[wrong] === -1 ? `has no axis of size ${length}` : `has its axis of size ${length} elsewhere`;
  report(context, "LLM0240", `\`${input.name.text}\` ${where}`, input.span, {
    label: `this is ${typeWords(x.type)}`,
    related: wrong > 0 && xs[0] !== undefined && expr.inputs[0] ? [typePlace(xs[0], expr.inputs[0].span)] : [],
    help: "all inputs of a `scan` have the axis at the same place; `transpose` moves it",
  });
  return undefined;
}

/** The next states, then the results of one position; undefined after a report. */
function yieldsOf(
  context: Context,
  expr: ScanExpr,
  types: readonly TensorType[],
  { entity, span }: Placed,
): readonly Value[] | undefined {
  if (entity.kind === "poison") return undefined;
  const items = entity.kind === "list" ? entity.items : [entity];
  if (items.length <= types.length) {
    const names = expr.states.map(({ name }) => `next ${name.text}`).join(", ");
    report(context, "LLM0240", "`scan` returns the next states, then its results", span, {
      label: `${items.length} ${items.length === 1 ? "value" : "values"} for ${types.length} ${types.length === 1 ? "state" : "states"} and a result`, // prettier-ignore
      help: `write \`return (${names}, result)\``,
    });
    return undefined;
  }
  const values = items.map((item) => asTensor(context, item, span));
  for (const [i, type] of types.entries()) {
    const [next, state] = [values[i], expr.states[i]];
    if (next === undefined || state === undefined) return undefined;
    if (sameType(next.type, type)) continue;
    report(context, "LLM0240", `the next \`${state.name.text}\` is not of its type`, span, {
      label: `it is ${typeWords(next.type)}`,
      related: [{ message: `declared as ${typeWords(type)}`, at: state.span }],
    });
    return undefined;
  }
  const known = values.filter((each) => each !== undefined);
  return known.length === values.length ? known : undefined;
}
