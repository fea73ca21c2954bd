/**
 * The config values of a model: what was set from outside (`--set`, an imported config.json) or the defaults, each of
 * its declared type. A default may use the values before it.
 */
import type { ConfigParam, ModelItem } from "../../grammar/ast.ts";
import { Dim } from "../support/dim.ts";
import { locOf } from "../support/source.ts";
import { numberOf } from "./arithmetic.ts";
import { CONFIG_TYPES, asConfig } from "./bind-config.ts";
import type { ConfigValue, Entity, Origin } from "./entity.ts";
import { bool, float, int, kindText, poison, text as textEntity, valueText } from "./entity.ts";
import { evaluate } from "./evaluate.ts";
import { arithmeticNote, reportAtOrigin } from "./explain.ts";
import { didYouMean } from "./report.ts";
import { declareName } from "./declare.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { SIZE_HELP, isSize } from "./size.ts";

/** The config value that bounds how many positions a session holds. */
export const CONTEXT = "context";
/** The config value that says which tokens end a text; negative ones mean none. */
export const EOS = "eos";
/** Config values that mean something to the tools, whether or not the model reads them: also the end-of-text tokens. */
const TOOL_TYPES: ReadonlyMap<string, { readonly meaning: string; readonly mayBeList: boolean }> = new Map([
  [CONTEXT, { meaning: "it is the length of the cache, in positions", mayBeList: false }],
  [EOS, { meaning: "it is the token that ends a text, or a list of them", mayBeList: true }],
]);
export const TOOL_CONFIG: readonly string[] = [...TOOL_TYPES.keys()];

/** Values by name; texts are read by the declared type. */
export type ConfigSettings = Readonly<Record<string, ConfigValue | string>>;

/** Declares the model's config in `context.scope`, and returns the values that are fine. */
export function bindModelConfig(
  context: Context,
  model: ModelItem,
  settings: ConfigSettings,
): Readonly<Record<string, ConfigValue>> {
  const names = model.config.map((param) => param.name.text);
  for (const name of Object.keys(settings))
    if (!names.includes(name))
      report(
        context,
        "LLM0301",
        `\`${model.name.text}\` has no config value named \`${name}\``,
        undefined,
        didYouMean(name, names),
      );
  const values: Record<string, ConfigValue> = {};
  for (const param of model.config) {
    const entity = configEntity(context, model, param, settings);
    declareName(context, param.name.text, param.name.span, entity);
    checkToolType(context, param);
    if (param.name.text === CONTEXT) checkContext(context, param, entity);
    const plain = plainValue(entity);
    if (plain !== undefined) values[param.name.text] = plain;
  }
  return values;
}

/** What the tools read as a number of positions or as ids of tokens is declared as that. */
function checkToolType(context: Context, { name, type, list }: ConfigParam): void {
  const what = TOOL_TYPES.get(name.text);
  if (what === undefined || (type.text === "int" && (!list || what.mayBeList))) return;
  // What is no type at all is told already.
  if (!CONFIG_TYPES.includes(type.text)) return;
  report(context, "LLM0302", `\`${name.text}\` cannot be ${list ? "a list of" : "of type"} ${type.text}`, type.span, {
    label: `the tools read it: ${what.meaning}`,
    help: `declare it as \`int\`${what.mayBeList ? " or `int[]`" : ""}, or call it something else`,
  });
}

/** The tools read this value as the length of the cache. */
function checkContext(context: Context, param: ConfigParam, entity: Entity): void {
  const value = numberOf(entity);
  if (value === undefined || isSize(value)) return;
  reportAtOrigin(context, "LLM0305", `${value} is no size`, entity, param.name.span, {
    label: "is the length of the cache, in positions",
    help: SIZE_HELP,
  });
}

/**
 * Warns of an end-of-text token that none of `vocab` logits stands for. No error: small versions of published models
 * keep the id of the large one.
 */
export function checkEndOfText(context: Context, model: ModelItem, vocab: number | undefined): void {
  const param = model.config.find(({ name }) => name.text === EOS);
  const entity = context.scope.lookup(EOS)?.entity;
  if (param === undefined || entity === undefined || vocab === undefined) return;
  for (const each of entity.kind === "list" ? entity.items : [entity]) {
    const id = numberOf(each);
    if (id !== undefined && id >= vocab)
      reportAtOrigin(context, "LLM0315", `the token ${id} is beyond the ${vocab} logits`, each, param.name.span, {
        severity: "warning",
        label: "is the token that ends a text",
        help: "without one, write `eos: int = -1`",
      });
  }
}

function configEntity(context: Context, model: ModelItem, param: ConfigParam, settings: ConfigSettings): Entity {
  const name = param.name.text;
  const declared = locOf(param.span);
  if (Object.hasOwn(settings, name)) {
    const entity = settingEntity(context, param, settings[name]);
    return withOrigin(entity, { name, declared, text: valueText(entity) ?? "" });
  }
  if (param.default === undefined) {
    report(context, "LLM0303", `the config value \`${name}\` of \`${model.name.text}\` is missing`, param.span, {
      help: `give it: \`--set ${name}=...\``,
    });
    return poison;
  }
  const { default: expr } = param;
  const given = evaluate(context, expr);
  const entity = asConfig(context, param, given, expr.span);
  const origin: Origin = { name, loc: locOf(expr.span), declared, text: valueText(entity) ?? "" };
  // A default that was computed points at the values that it was computed from.
  if (entity.kind === "int" && entity.origins.length > 0)
    return int(
      entity.dim,
      entity.origins,
      () => arithmeticNote(expr, entity, context.scope) ?? `${name} = ${entity.dim}`,
    );
  return withOrigin(entity, origin);
}

function withOrigin(entity: Entity, origin: Origin): Entity {
  if (entity.kind === "int") return int(entity.dim, [origin]);
  if (entity.kind === "float") return float(entity.value, [origin]);
  if (entity.kind === "bool") return bool(entity.value, [origin]);
  if (entity.kind === "list") return { ...entity, items: entity.items.map((item) => withOrigin(item, origin)) };
  return entity.kind === "text" ? textEntity(entity.value, [origin]) : entity;
}

/** A value from outside as an entity of the declared type; poison after a report, which has no place. */
function settingEntity(context: Context, param: ConfigParam, setting: ConfigValue | string | undefined): Entity {
  const type = param.type.text;
  const read = typeof setting === "string" ? readText(setting, type, param.list) : entityOf(setting);
  const name = param.name.text;
  const shown = Array.isArray(setting) ? `[${setting.join(", ")}]` : String(setting);
  if (read === "beyond") {
    report(context, "LLM0307", `\`${name} = ${shown}\` is beyond 2^53`, undefined, {
      related: [{ message: "declared here", at: param.span }],
    });
    return poison;
  }
  const converted = read === undefined ? undefined : convertSetting(read, type, param.list);
  if (converted !== undefined) return converted;
  const wanted = param.list ? `a list of ${type}: \`${name}=1,2,3\`` : `${type === "int" ? "an" : "a"} ${type}`;
  report(context, "LLM0302", `\`${name} = ${shown}\` is not ${wanted}`, undefined, {
    related: [{ message: "declared here", at: param.span }],
    ...(read === undefined ? {} : { notes: [`the value given is ${kindText(read)}`] }),
  });
  return poison;
}

function convertSetting(entity: Entity, type: string, list: boolean): Entity | undefined {
  if (list) {
    if (entity.kind !== "list") return undefined;
    const items = entity.items.map((item) => convertSetting(item, type, false));
    return items.every((item) => item !== undefined) ? { kind: "list", items } : undefined;
  }
  if (entity.kind === type) return entity;
  const number = numberOf(entity);
  return type === "float" && number !== undefined ? float(number) : undefined;
}

/** The text of `--set name=text`, read as the declared type. */
function readText(text: string, type: string, list: boolean): Entity | "beyond" | undefined {
  if (list) {
    const inner = text
      .trim()
      .replace(/^\[(.*)\]$/s, "$1")
      .trim();
    const items = inner === "" ? [] : inner.split(",").map((item) => readText(item.trim(), type, false));
    if (items.includes("beyond")) return "beyond";
    const known = items.filter((item) => item !== undefined && item !== "beyond");
    return known.length === items.length ? { kind: "list", items: known } : undefined;
  }
  if (type === "text") return textEntity(text);
  if (type === "bool") return text === "true" || text === "false" ? bool(text === "true") : undefined;
  const isInt = /^[+-]?\d+$/.test(text);
  if (type === "int") {
    if (!isInt) return undefined;
    return Number.isSafeInteger(Number(text)) ? int(Dim.of(Number(text))) : "beyond";
  }
  const isFloat = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
  return type === "float" && isFloat && Number.isFinite(Number(text)) ? float(Number(text)) : undefined;
}

function entityOf(setting: ConfigValue | undefined): Entity | "beyond" | undefined {
  if (typeof setting === "boolean") return bool(setting);
  if (typeof setting === "string") return textEntity(setting);
  if (typeof setting === "number") {
    if (!Number.isFinite(setting)) return undefined;
    if (Number.isSafeInteger(setting)) return int(Dim.of(setting));
    return Number.isInteger(setting) && Math.abs(setting) < 2 ** 64 ? "beyond" : float(setting);
  }
  if (setting === undefined) return undefined;
  const items = setting.map((item) => entityOf(item));
  if (items.includes("beyond")) return "beyond";
  const known = items.filter((item) => item !== undefined && item !== "beyond");
  return known.length === items.length ? { kind: "list", items: known } : undefined;
}

/** A compile-time value as the outside sees it. */
function plainValue(entity: Entity): ConfigValue | undefined {
  switch (entity.kind) {
    case "int":
    case "float":
      return numberOf(entity);
    case "bool":
    case "text":
      return entity.value;
    case "list": {
      const items = entity.items.map((item) =>
        item.kind === "bool" || item.kind === "text" ? item.value : numberOf(item),
      );
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    default:
      return undefined;
  }
}
