/** Arguments that are attributes: a compile-time value of the kind that the op's record asks for. */
import type { Dim } from "../support/dim.ts";
import type { Argument, Expr } from "../../grammar/ast.ts";
import type { Attr } from "../ir/ir.ts";
import type { AttrSpec, SurfaceArg, SurfaceParam } from "../ir/op-def.ts";
import { isInRange, rangeText } from "../ir/op-def.ts";
import { DTYPES } from "../ir/type.ts";
import { assertNever } from "../support/errors.ts";
import { numberOf } from "./arithmetic.ts";
import type { Entity } from "./entity.ts";
import { kindText, valueText } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { reportAtOrigin } from "./explain.ts";
import { didYouMean } from "./report.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { COMPUTE, checkedSize } from "./types.ts";

/** The attribute `name`, or undefined after a report. */
export function attributeOf(context: Context, name: string, spec: AttrSpec, argument: Argument): Attr | undefined {
  const { value: expr } = argument;
  if (spec.kind === "word" || spec.kind === "dtype")
    return wordOf(context, name, expr, spec.kind === "dtype" ? ["f", ...DTYPES] : (spec.words ?? []), spec.kind);
  const entity = evaluate(context, expr);
  if (entity.kind === "poison") return undefined;
  const made = convertAttribute(spec.kind, entity);
  if (made === undefined) return wrongKind(context, name, spec.kind, entity, expr);
  const isFine = spec.kind === "dims" ? areSizes(context, entity, expr) : isAllowed(context, name, spec, entity, expr);
  return isFine ? made : undefined;
}

/** Whether each item can be the size of an axis; false after a report. */
function areSizes(context: Context, list: Entity, expr: Expr): boolean {
  if (list.kind !== "list") return false;
  return list.items.every((item, index) => {
    const at = expr.kind === "list" ? (expr.items[index] ?? expr) : expr;
    return item.kind === "int" && checkedSize(context, item, at) !== undefined;
  });
}

/** Whether a number lies in the range of its parameter; false after a report. What is no number is not judged. */
export function isAllowed(
  context: Context,
  name: string,
  { range }: Pick<AttrSpec, "range">,
  entity: Entity,
  expr: Expr,
): boolean {
  const x = numberOf(entity);
  if (range === undefined || x === undefined || isInRange(range, x)) return true;
  reportAtOrigin(context, "LLM0226", `\`${name}\` cannot be ${x}`, entity, expr.span, {
    label: `\`${name}\` is ${rangeText(range)}`,
  });
  return false;
}

function convertAttribute(kind: Exclude<AttrSpec["kind"], "word" | "dtype">, entity: Entity): Attr | undefined {
  switch (kind) {
    case "text":
      return entity.kind === "text" ? entity.value : undefined;
    case "dims":
      return listOf(entity, (item) => (item.kind === "int" ? item.dim : undefined));
    case "literal":
      return undefined;
    default:
      return convertNumeric(kind, entity);
  }
}

/** The argument of a surface parameter that is no tensor; undefined after a report. */
export function surfaceValueOf(context: Context, param: SurfaceParam, argument: Argument): SurfaceArg | undefined {
  const { kind, name } = param;
  const { value: expr } = argument;
  if (kind === "tensor") return undefined;
  if (kind === "word") return wordOf(context, name, expr, param.words ?? [], "word");
  const entity = evaluate(context, expr);
  if (entity.kind === "poison") return undefined;
  const made = convertNumeric(kind, entity);
  if (made === undefined) return wrongKind(context, name, kind, entity, expr);
  return isAllowed(context, name, param, entity, expr) ? made : undefined;
}

/** What attributes and surface parameters read alike; undefined where the entity is of another kind. */
function convertNumeric(
  kind: Exclude<SurfaceParam["kind"], "tensor" | "word">,
  entity: Entity,
): number | boolean | Dim | readonly number[] | undefined {
  switch (kind) {
    case "int":
      return entity.kind === "int" ? entity.dim.asNumber() : undefined;
    case "dim":
      return entity.kind === "int" ? entity.dim : undefined;
    case "float":
      return numberOf(entity);
    case "bool":
      return entity.kind === "bool" ? entity.value : undefined;
    case "ints":
      // One int is a list of one: `stride: 2`.
      return listOf(entity.kind === "int" ? { kind: "list", items: [entity] } : entity, (item) =>
        item.kind === "int" ? item.dim.asNumber() : undefined,
      );
    case "floats":
      return listOf(entity, numberOf);
    default:
      return assertNever(kind, "kind of value");
  }
}

function listOf<V>(entity: Entity, convert: (item: Entity) => V | undefined): readonly V[] | undefined {
  if (entity.kind !== "list") return undefined;
  const items = entity.items.map(convert).filter((item) => item !== undefined);
  return items.length === entity.items.length ? items : undefined;
}

/** A bare name that nothing else is called, or a text; one of `words` where the record lists them. */
function wordOf(
  context: Context,
  name: string,
  expr: Expr,
  words: readonly string[],
  kind: "word" | "dtype",
): string | undefined {
  const isBare = expr.kind === "ref" && (words.includes(expr.name) || context.scope.lookup(expr.name) === undefined);
  const entity: Entity = isBare ? { kind: "word", value: expr.name } : evaluate(context, expr);
  if (entity.kind === "poison") return undefined;
  if (entity.kind !== "word" && entity.kind !== "text") {
    wrongKind(context, name, kind, entity, expr);
    return undefined;
  }
  if (words.length === 0 || words.includes(entity.value)) {
    return kind === "dtype" && entity.value === "f" ? COMPUTE : entity.value;
  }
  const near = didYouMean(entity.value, words);
  if (kind === "dtype") report(context, "LLM0213", `there is no element type \`${entity.value}\``, expr.span, near);
  else
    reportAtOrigin(context, "LLM0225", `\`${name}\` cannot be \`${entity.value}\``, entity, expr.span, {
      label: `\`${name}\` is one of ${words.join(", ")}`,
      ...near,
    });
  return undefined;
}

const KIND_WORDS: Readonly<Record<AttrSpec["kind"] | SurfaceParam["kind"], string>> = {
  int: "an int",
  float: "a number",
  bool: "true or false",
  word: "a word",
  text: "a text",
  ints: "a list of ints",
  floats: "a list of numbers",
  dim: "a size",
  dims: "a list of sizes",
  dtype: "an element type",
  literal: "a constant",
  tensor: "a tensor",
};

function wrongKind(
  context: Context,
  name: string,
  kind: AttrSpec["kind"] | SurfaceParam["kind"],
  entity: Entity,
  expr: Expr,
): undefined {
  const text = valueText(entity);
  report(context, "LLM0207", `\`${name}\` must be ${KIND_WORDS[kind]}`, expr.span, {
    label: text === undefined ? `this is ${kindText(entity)}` : `this is ${kindText(entity)}, ${text}`,
  });
  return undefined;
}
