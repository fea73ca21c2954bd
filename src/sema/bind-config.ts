/** Config values of blocks and functions: the arguments of a use, or the defaults, each of its declared type. */
import type { Argument, ConfigParam } from "../../grammar/ast.ts";
import type { Span } from "../support/source.ts";
import { bindArguments } from "./bind-arguments.ts";
import { numberOf } from "./arithmetic.ts";
import type { Entity } from "./entity.ts";
import { float, kindText, poison, valueText } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { foreignConfigType } from "./foreign-names.ts";
import { didYouMean } from "./report.ts";
import { Scope } from "./scope.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

export const CONFIG_TYPES: readonly string[] = ["int", "float", "bool", "text"];

/** The config values of a used block by name; undefined after a wrong number of arguments. */
export function bindConfig(
  context: Context,
  name: string,
  params: readonly ConfigParam[],
  scope: Scope,
  args: readonly Argument[],
  at: Span,
): ReadonlyMap<string, Entity> | undefined {
  const callee = {
    name,
    params: params.map((param) => ({ name: param.name.text, isOptional: param.default !== undefined })),
    ...(params[0] === undefined ? {} : { declared: params[0].span }),
    at,
  };
  const bound = bindArguments(context, callee, args);
  if (bound === undefined) return undefined;
  const inner = new Scope(scope);
  const values = new Map<string, Entity>();
  for (const param of params) {
    const argument = bound.get(param.name.text);
    // A default may use the config values before it.
    const where = argument === undefined ? { ...context, scope: inner } : context;
    const expr = argument?.value ?? param.default;
    const given = expr === undefined ? poison : evaluate({ ...where, frame: undefined }, expr);
    const value = expr === undefined ? poison : asConfig(context, param, given, expr.span);
    values.set(param.name.text, value);
    inner.define(param.name.text, value, param.name.span);
  }
  return values;
}

/** `entity` as a value of the declared type (an int may stand for a float), or poison after a report. */
export function asConfig(context: Context, param: ConfigParam, entity: Entity, at: Span): Entity {
  if (entity.kind === "poison") return poison;
  if (!CONFIG_TYPES.includes(param.type.text)) {
    report(context, "LLM0213", `there is no config type \`${param.type.text}\``, param.type.span, {
      help: `config values are ${CONFIG_TYPES.join(", ")}, and lists of them`,
      ...didYouMean(param.type.text, CONFIG_TYPES),
      ...foreignConfigType(param.type.text),
    });
    return poison;
  }
  const converted = convert(param, entity);
  if (converted !== undefined) return converted;
  const wanted = param.list
    ? `a list of ${param.type.text}`
    : `${param.type.text === "int" ? "an" : "a"} ${param.type.text}`;
  const text = valueText(entity);
  report(context, "LLM0207", `\`${param.name.text}\` must be ${wanted}`, at, {
    label: text === undefined ? `this is ${kindText(entity)}` : `this is ${kindText(entity)}, ${text}`,
    related: [{ message: "declared here", at: param.span }],
  });
  return poison;
}

function convert(param: ConfigParam, entity: Entity): Entity | undefined {
  if (!param.list) return convertOne(param.type.text, entity);
  if (entity.kind !== "list") return undefined;
  const items = entity.items.map((item) => convertOne(param.type.text, item));
  return items.includes(undefined) ? undefined : { kind: "list", items: items.filter((item) => item !== undefined) };
}

function convertOne(type: string, entity: Entity): Entity | undefined {
  if (type === entity.kind) return entity;
  const value = numberOf(entity);
  return type === "float" && entity.kind === "int" && value !== undefined ? float(value, entity.origins) : undefined;
}
