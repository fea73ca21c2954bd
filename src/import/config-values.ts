/**
 * A published config.json as values for a model that is written by hand: a config value that the model declares under
 * the name of a published key gets the value of that key. The key is looked for at the top, else in the one object of
 * the top that has it (`rope_parameters.rope_theta`); else the name is read as the last keys of one path, joined by `_`
 * (`full_attention_rope_theta` is `rope_parameters.full_attention.rope_theta`). Null leaves the model's default, and a
 * single value stands for a list of one. Keys that the model does not declare are the model's affair: whoever wrote it
 * knew the architecture.
 */
import type { ConfigParam, File } from "../../grammar/ast.ts";
import type { StrictJson as Json } from "../runtime/strict-json.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import { diagnostic } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import { parseConfigJson } from "./config-json.ts";
import type { JsonObject } from "./config-keys.ts";
import { isJsonObject, jsonText } from "./config-keys.ts";

type Scalar = number | boolean | string;
export type PublishedValues = Readonly<Record<string, Scalar | readonly Scalar[]>>;

export interface ConfigValues {
  readonly values: PublishedValues;
  readonly diagnostics: readonly Diagnostic[];
  /** The file is not strict JSON. */
  readonly malformed: boolean;
}

/** The values of `config` for the model `name` of `ast`, or its only one; none where there is no such model. */
export function configValues(config: SourceFile, ast: File, name: string | undefined): ConfigValues {
  const json = parseConfigJson(config);
  const start = locOf({ file: config, start: 0, end: 0 });
  if (!json.ok) return failed(diagnostic("LLM0309", json.message, { loc: locOf(json.span) }), true);
  if (!isJsonObject(json.value))
    return failed(diagnostic("LLM0309", "a config.json is one object", { loc: start }), true);
  const models = ast.items.filter((item) => item.kind === "model");
  const model = name === undefined ? models[0] : models.find((item) => item.name.text === name);
  const values: Record<string, Scalar | readonly Scalar[]> = {};
  for (const param of model?.config ?? []) {
    const found = published(json.value, param.name.text);
    if (found === undefined || found.value === null) continue;
    const value = asValue(found.value, param);
    if (value === undefined) {
      const span = json.places.get(found.path);
      const message = `\`${found.path}\` is ${jsonText(found.value)}, which is no value of a model's config`;
      return failed(diagnostic("LLM0313", message, { loc: span === undefined ? start : locOf(span) }), false);
    }
    values[param.name.text] = value;
  }
  return { values, diagnostics: [], malformed: false };
}

function failed(problem: Diagnostic, malformed: boolean): ConfigValues {
  return { values: {}, diagnostics: [problem], malformed };
}

interface Published {
  readonly path: string;
  readonly value: Json;
}

/** The value of a key and its path; undefined where there is none, or more than one to choose from. */
function published(config: JsonObject, key: string): Published | undefined {
  const top = config.get(key);
  if (top !== undefined) return { path: key, value: top };
  const inner = [...config].flatMap(([outer, object]) => {
    const value = isJsonObject(object) ? object.get(key) : undefined;
    return value === undefined ? [] : [{ path: `${outer}.${key}`, value }];
  });
  const found = inner.length === 0 ? joined(config, key, []) : inner;
  return found.length === 1 ? found[0] : undefined;
}

/** The values whose path ends in two or more keys that make `name` when they are joined by `_`. */
function joined(object: JsonObject, name: string, outer: readonly string[]): readonly Published[] {
  return [...object].flatMap(([key, value]) => {
    const path = [...outer, key];
    if (isJsonObject(value)) return joined(value, name, path);
    const isNamed = outer.some((_, start) => path.slice(start).join("_") === name);
    return isNamed ? [{ path: path.join("."), value }] : [];
  });
}

function asValue(json: Json, { list }: ConfigParam): Scalar | readonly Scalar[] | undefined {
  if (isScalar(json)) return list ? [json] : json;
  if (!Array.isArray(json)) return undefined;
  const items = (json as readonly Json[]).filter(isScalar);
  return items.length === json.length ? items : undefined;
}

function isScalar(json: Json): json is Scalar {
  return typeof json === "number" || typeof json === "boolean" || typeof json === "string";
}
