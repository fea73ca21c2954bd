/**
 * A published config.json as a complete `.llm`: the example model of its family with the config's values as defaults.
 * Every key is used, known to be irrelevant to inference, or reported by name. To add a family: one file like
 * `gpt2.ts`, one line in `FAMILIES`, one example model.
 */
import type { Diagnostic } from "../support/diagnostic.ts";
import { diagnostic, hasErrors } from "../support/diagnostic.ts";
import type { SourceFile, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import { nearest } from "../support/suggest.ts";
import { parseConfigJson } from "./config-json.ts";
import { ConfigKeys, isJsonObject } from "./config-keys.ts";
import type { Family, TemplateValue } from "./family.ts";
import { readCommon } from "./family.ts";
import { fillTemplate } from "./fill-template.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";

/** The importers by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map([gpt2, llama].map((family) => [family.modelType, family]));

export interface Imported {
  /** The text of a complete `.llm`; absent where a diagnostic is an error. */
  readonly source?: string;
  /** The `model_type`, and the key of the template. */
  readonly family?: string;
  /** The config values that were read, by the template's names. */
  readonly values: Readonly<Record<string, TemplateValue>>;
  readonly diagnostics: readonly Diagnostic[];
  /** The file is not strict JSON. */
  readonly malformed: boolean;
}

/** Imports a config.json; `templates` holds the example model of each family by `model_type`. */
export function importConfig(file: SourceFile, templates: Readonly<Record<string, SourceFile>>): Imported {
  const json = parseConfigJson(file);
  if (!json.ok) return refused([diagnostic("LLM0309", json.message, { loc: locOf(json.span) })], true);
  const start = locOf({ file, start: 0, end: 0 });
  if (!isJsonObject(json.value))
    return refused([diagnostic("LLM0309", "a config.json is one object", { loc: start })], true);
  const keys = new ConfigKeys(json.value, file, json.places);
  const modelType = keys.word("model_type");
  if (modelType === undefined) return refused(keys.diagnostics);
  const family = FAMILIES.get(modelType);
  const template = Object.hasOwn(templates, modelType) ? templates[modelType] : undefined;
  if (family === undefined || template === undefined)
    return refused([unknownFamily(modelType, json.places.get("model_type"))]);
  readCommon(keys, family);
  const values = family.read(keys);
  keys.finish(family.irrelevant);
  if (hasErrors(keys.diagnostics)) return refused(keys.diagnostics);
  const filled = fillTemplate(template, values);
  if (hasErrors(filled.diagnostics)) return refused(filled.diagnostics);
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    source: filled.source,
    family: modelType,
    values: Object.fromEntries(given),
    diagnostics: [],
    malformed: false,
  };
}

function refused(diagnostics: readonly Diagnostic[], malformed = false): Imported {
  return { values: {}, diagnostics, malformed };
}

function unknownFamily(modelType: string, span: Span | undefined): Diagnostic {
  const names = [...FAMILIES.keys()];
  const near = nearest(modelType, names);
  return diagnostic("LLM0310", `there is no importer for the family \`${modelType}\``, {
    ...(span === undefined ? {} : { loc: locOf(span) }),
    help: near === undefined ? `importers exist for ${names.join(", ")}` : `did you mean \`${near}\`?`,
  });
}
