/**
 * Calls of ops by their records: operands in order, then attributes in order or by name; ops with a `surface` have its
 * parameters instead. What the op's `infer` (or `surface`) says about types becomes the diagnostic.
 */
import type { Argument, CallExpr } from "../../grammar/ast.ts";
import type { Builder } from "../ir/builder.ts";
import { completeAttrs } from "../ir/builder.ts";
import type { Attr, Attrs, Value } from "../ir/ir.ts";
import type { OpDef, SizeBeyond, SurfaceArg, SurfaceParam } from "../ir/op-def.ts";
import { hasTrait, rangeText } from "../ir/op-def.ts";
import type { DType } from "../ir/type.ts";
import { defined } from "../support/errors.ts";
import type { Span } from "../support/source.ts";
import { attributeOf, isAllowed, surfaceValueOf } from "./attribute.ts";
import { bindArguments } from "./bind-arguments.ts";
import { largestSuspect, suspectsOf } from "./blame.ts";
import type { Entity, Origin } from "./entity.ts";
import { float, originsOf, poison } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { reportAtOrigin } from "./explain.ts";
import { asTensor, typePlace } from "./frame.ts";
import type { Context } from "./session.ts";
import { placeOf, report } from "./session.ts";

type Place = { readonly message: string; readonly at: Span };

/** The result of `name(args)`; poison after a report. */
export function callOp(context: Context, def: OpDef, expr: CallExpr, hint: string): Entity {
  if (context.frame === undefined) {
    report(context, "LLM0214", `\`${def.name}\` computes a tensor, and a compile-time value is needed`, expr.span);
    return poison;
  }
  if (def.surface !== undefined) return callSurface(context, context.frame.builder, def, expr, hint);
  const isVariadic = def.operands.at(-1)?.endsWith("...") ?? false;
  const given = isVariadic ? expr.args.filter((argument) => argument.name !== undefined) : expr.args;
  const operandNames = def.operands.map((name) => name.replace(/\?$|\.\.\.$/, ""));
  const params = [
    ...(isVariadic
      ? []
      : def.operands.map((name, i) => ({ name: operandNames[i] ?? "", isOptional: name.endsWith("?") }))),
    ...Object.entries(def.attrs).map(([name, spec]) => ({ name, isOptional: spec.default !== undefined })),
  ];
  const bound = bindArguments(context, { name: def.name, params, at: expr.callee.span }, given);
  const variadic = isVariadic ? expr.args.filter((argument) => argument.name === undefined) : [];
  if (bound === undefined) return evaluateAll(context, expr.args);
  const operandArgs = isVariadic ? variadic : operandNames.map((name) => bound.get(name));
  const entities = operandArgs.map((argument) => argument && evaluate(context, argument.value));
  const attrs = attributesOf(context, def, bound);
  const values = operandValues(context, def, operandArgs, entities);
  if (values === undefined || attrs === undefined) return poison;
  const places = operandArgs.flatMap((argument, index): Place[] => {
    const value = values[index];
    return argument === undefined || value === undefined || value === null || entities[index]?.kind !== "tensor"
      ? []
      : [typePlace(value, argument.value.span)];
  });
  return emitOp(context, def.name, values, attrs, expr.span, places, hint);
}

/** Evaluates arguments only for the mistakes in them. */
function evaluateAll(context: Context, args: readonly Argument[]): Entity {
  for (const argument of args) if (argument.value.kind !== "ref") evaluate(context, argument.value);
  return poison;
}

/** Numbers among the operands take the type of the tensors beside them where the op works element by element. */
function operandValues(
  context: Context,
  def: OpDef,
  args: readonly (Argument | undefined)[],
  entities: readonly (Entity | undefined)[],
): readonly (Value | null)[] | undefined {
  const dtypes = entities.flatMap((entity) => (entity?.kind === "tensor" ? [entity.value.type.dtype] : []));
  const dtype: DType | undefined = hasTrait(def, "elementwise") ? dtypes.find((each) => each !== "bool") : undefined;
  const values = entities.map((entity, index) => {
    const at = args[index]?.value.span;
    return entity === undefined || at === undefined ? null : asTensor(context, entity, at, dtype);
  });
  return values.every((value) => value !== undefined) ? values : undefined;
}

function attributesOf(context: Context, def: OpDef, bound: ReadonlyMap<string, Argument>): Attrs | undefined {
  const attrs: Record<string, Attr> = {};
  let isFine = true;
  for (const [name, spec] of Object.entries(def.attrs)) {
    const argument = bound.get(name);
    if (argument === undefined) continue;
    const attr = attributeOf(context, name, spec, argument);
    if (attr === undefined) isFine = false;
    else attrs[name] = attr;
  }
  return isFine ? attrs : undefined;
}

/** Emits an op whose operands are ready; `shown` is how the source writes it (`@`). */
export function emitOp(
  context: Context,
  name: string,
  operands: readonly (Value | null)[],
  attrs: Attrs,
  at: Span,
  places: readonly Place[],
  hint: string,
  shown = name,
): Entity {
  const def = context.session.ops.get(name);
  if (def === undefined || context.frame === undefined) return poison;
  const types = operands.map((operand) => operand?.type ?? null);
  const inferred = def.infer(types, completeAttrs(def, attrs));
  if (typeof inferred === "string") return misfit(context, shown, inferred, at, places, operands);
  const { builder } = context.frame;
  builder.loc = placeOf(context, at);
  return { kind: "tensor", value: builder.emit(name, operands, attrs, hint) };
}

function misfit(
  context: Context,
  shown: string,
  sentence: string,
  at: Span,
  places: readonly Place[],
  operands: readonly (Value | null)[],
  blamed: readonly Origin[] = [],
): Entity {
  const notes = operands.flatMap((operand) => (operand === null ? [] : notesOf(context, operand)));
  report(context, "LLM0203", `the operands of \`${shown}\` do not fit`, at, {
    label: sentence,
    related: places,
    notes: notes.filter((note) => note !== undefined).slice(0, 4),
    ...(blamed.length === 0 ? {} : { blame: { suspects: suspectsOf(blamed), certainty: "computed" } }),
  });
  return poison;
}

function notesOf(context: Context, value: Value): readonly (string | undefined)[] {
  return (context.session.sizes.get(value) ?? []).map(({ note }) => note);
}

/** At the largest of the config values that the size comes from: what makes it too large. */
function sizeBeyond(context: Context, name: string, found: SizeBeyond, at: Span): Entity {
  const { operand, axis, size, unit, range } = found;
  const facts = context.session.sizes.get(operand)?.[axis];
  const culprit = largestSuspect(facts?.origins ?? []);
  const value = float(size, culprit === undefined ? [] : [culprit]);
  reportAtOrigin(context, "LLM0226", `\`${name}\` cannot have ${size} ${unit}`, value, at, {
    label: `\`${name}\` has ${rangeText(range)} ${unit}`,
    notes: facts?.note === undefined ? [] : [facts.note],
  });
  return poison;
}

function callSurface(context: Context, builder: Builder, def: OpDef, expr: CallExpr, hint: string): Entity {
  const params = def.surface?.params ?? [];
  const bound = bindArguments(
    context,
    {
      name: def.name,
      params: params.map((param) => ({ name: param.name, isOptional: param.optional === true })),
      at: expr.callee.span,
    },
    expr.args,
  );
  if (bound === undefined) return evaluateAll(context, expr.args);
  const args: Record<string, SurfaceArg> = {};
  const places: Place[] = [];
  const operands: Value[] = [];
  let isFine = true;
  for (const param of params) {
    const argument = bound.get(param.name);
    if (argument === undefined) continue;
    const value = surfaceArgument(context, param, argument, places, operands);
    if (value === undefined) isFine = false;
    else args[param.name] = value;
  }
  if (!isFine) return poison;
  const inner = builder.nested();
  inner.loc = placeOf(context, expr.span);
  const made = def.surface?.build(inner, args) ?? `\`${def.name}\` has no form in the language`;
  if (typeof made === "string") return misfit(context, def.name, made, expr.span, places, operands);
  if ("kind" in made) {
    if (made.kind === "size-beyond") return sizeBeyond(context, def.name, made, expr.span);
    const argument = bound.get(made.param);
    const origins = argument === undefined ? [] : originsOf(evaluate(context, argument.value));
    return misfit(context, def.name, made.sentence, expr.span, places, operands, origins);
  }
  if ("type" in made)
    return { kind: "tensor", value: defined(adopt(builder, inner, [made], [hint])[0], `${def.name} has a result`) };
  const names = hint.split(" ");
  const adopted = adopt(builder, inner, made, names.length === made.length ? names : made.map(() => hint));
  return { kind: "list", items: adopted.map((value) => ({ kind: "tensor", value })) };
}

function surfaceArgument(
  context: Context,
  param: SurfaceParam,
  argument: Argument,
  places: Place[],
  operands: Value[],
): SurfaceArg | undefined {
  if (param.kind !== "tensor") return surfaceValueOf(context, param, argument);
  const entity = evaluate(context, argument.value);
  if (!isAllowed(context, param.name, param, entity, argument.value)) return undefined;
  const value = asTensor(context, entity, argument.value.span);
  if (value === undefined) return undefined;
  places.push(typePlace(value, argument.value.span));
  operands.push(value);
  return value;
}

/** Moves the ops of `inner` into `builder`; of `made`, those that nothing has used yet get the names `hints`. */
function adopt(builder: Builder, inner: Builder, made: readonly Value[], hints: readonly string[]): readonly Value[] {
  const isUsed = (value: Value): boolean =>
    inner.ops.some((op) => op.operands.includes(value) || op.regions.length > 0);
  const named = new Map<Value, Value>();
  for (const [i, value] of made.entries()) {
    const name = hints[i] ?? "";
    const isMade = inner.ops.some((op) => op.results.includes(value));
    if (name !== "" && isMade && !isUsed(value)) named.set(value, { ...value, name });
  }
  for (const op of inner.ops) builder.push({ ...op, results: op.results.map((value) => named.get(value) ?? value) });
  return made.map((value) => named.get(value) ?? value);
}
