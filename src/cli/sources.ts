/**
 * What SOURCE on the command line means: a `.llm` file, a folder with exactly one, or a checkpoint folder (`config.json`
 * + safetensors); `#Name` behind it chooses a model of a file that declares several. Weights default to
 * `model.safetensors` beside it, the tokenizer to `tokenizer.json`.
 */
import path from "node:path";
import { importCheckpoint, publishedSettings } from "../driver/front-end.ts";
import type { ConfigSettings } from "../driver/front-end.ts";
import type { Diagnostic } from "../support/diagnostic.ts";
import type { SourceFile } from "../support/source.ts";
import { CommandFailure, fileError, usageError } from "./failure.ts";
import { isFile, isFolder, listFolder, readSource, readText } from "./files.ts";

export interface Source {
  /** The path that was given, without `#Name`. */
  readonly path: string;
  readonly file: SourceFile;
  /** The model asked for by `#Name`; absent where the file's only one is meant. */
  readonly model?: string;
  /** Config values of the model that come from a published config.json; those of `--set` win. */
  readonly settings?: ConfigSettings;
  /** Paths, where such a file lies beside the source. */
  readonly weights?: string;
  readonly tokenizer?: string;
}

/** What lies at a path, whichever of its models is meant. */
type Found = Omit<Source, "path" | "model" | "settings">;

export function resolveSource(given: string): Source {
  const { path: place, model } = splitSource(given);
  if (model === "") throw usageError(`the name of a model is missing behind the # of ${given}`);
  return { ...sourceAt(place), path: place, model };
}

/** `tiny.llm#Nano` as a path and the name of a model. A `#` in the name of a file that exists is part of its path. */
export function splitSource(given: string): { readonly path: string; readonly model?: string } {
  const at = given.lastIndexOf("#");
  if (at <= 0 || isFile(given) || isFolder(given)) return { path: given };
  return { path: given.slice(0, at), model: given.slice(at + 1) };
}

function sourceAt(given: string): Found {
  if (isFile(given)) return beside(path.dirname(given), modelText(given));
  if (!isFolder(given)) throw fileError(`${given}: no such file or folder`);
  const names = listFolder(given);
  const models = names.filter((name) => name.endsWith(".llm"));
  if (models.length > 1) throw usageError(`${given} holds several models (${models.join(", ")}): name one of them`);
  const [model] = models;
  if (model !== undefined) return beside(given, readSource(path.join(given, model)));
  if (!names.includes("config.json")) throw fileError(`${given} holds neither a .llm file nor a config.json`);
  return beside(given, importConfigFile(path.join(given, "config.json")));
}

function modelText(given: string): SourceFile {
  if (given.endsWith(".llm")) return readSource(given);
  if (path.basename(given).endsWith(".json")) return importConfigFile(given);
  throw usageError(`${given}: expected a .llm file, a config.json, or a folder`);
}

/** The `.llm` text for a published `config.json`. */
export function importConfigFile(file: string): SourceFile {
  const config = { path: file, text: readText(file) };
  const imported = importCheckpoint(config);
  if (imported.source === undefined) throw configFailure(config, imported);
  return imported.source;
}

/** A model of a `.llm` file with the config values that a checkpoint's `config.json` gives it, where there is one. */
export function withPublishedConfig(source: Source, folder: string): Source {
  const file = fileIn(folder, "config.json");
  if (file === undefined || !source.path.endsWith(".llm")) return source;
  const config = { path: file, text: readText(file) };
  const published = publishedSettings(config, source.file, source.model);
  if (published.diagnostics.length > 0) throw configFailure(config, published);
  return { ...source, settings: published.settings };
}

interface ConfigProblem {
  readonly malformed: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

function configFailure(config: SourceFile, { malformed, diagnostics }: ConfigProblem): CommandFailure {
  const [exitCode, code] = malformed ? ([5, "file"] as const) : ([1, "source"] as const);
  return new CommandFailure(exitCode, code, `${config.path} makes no model`, diagnostics, new Map([[config.path, config]])); // prettier-ignore
}

function beside(folder: string, file: SourceFile): Found {
  return { file, weights: weightsBeside(folder), tokenizer: fileIn(folder, "tokenizer.json") };
}

/** The checkpoint in a folder, if there is one. */
export function weightsBeside(folder: string): string | undefined {
  return fileIn(folder, "model.safetensors");
}

function fileIn(folder: string, name: string): string | undefined {
  const file = path.join(folder, name);
  return isFile(file) ? file : undefined;
}

/** `name=value` pairs of `--set`. Every name is a property of its own, `__proto__` too. */
export function parseSettings(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  const settings = pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at <= 0) throw usageError(`--set takes name=value, not \`${pair}\``);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(settings);
}
