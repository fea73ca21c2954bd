/**
 * Values for options that the command line does not give: from the environment (`LLMC_TARGET=js` for `--target js`),
 * then from `llmc.config.mjs` or `llmc.config.json` in the working folder (`{ "target": "js" }`), then the default.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Command, Option } from "commander";
import { nearest } from "../support/suggest.ts";
import { CommandFailure, reason } from "./failure.ts";
import { isFile, readText } from "./files.ts";

/** What describes one call and not a preference: never taken from elsewhere. */
const CALL_ONLY: ReadonlySet<string> = new Set([
  "json",
  "force",
  "check",
  "special",
  "tokens",
  "prompt",
  "after",
  "out",
]);

/**
 * Fills in the options of `command` that were not given, and warns of keys of the config file that no command reads.
 * Throws `CommandFailure` 2 for a value that makes no sense, 5 for a file that cannot be read.
 */
export async function applyDefaults(
  command: Command,
  environment: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<void> {
  const { file, values } = await readConfig();
  // The file serves all commands, so a key that only another one reads is no mistake.
  const commands = command.parent?.commands ?? [command];
  const known = commands.flatMap(({ options }) => options.map((option) => option.attributeName()));
  const names = [...new Set(known)].filter((name) => !CALL_ONLY.has(name));
  for (const key of values.keys()) if (!names.includes(key)) warn(`warning: ${file}: ${unreadKey(key, names)}`);
  for (const option of command.options) {
    const name = option.attributeName();
    const source = command.getOptionValueSource(name);
    if (CALL_ONLY.has(name) || isSwitchOf(option, commands) || (source !== undefined && source !== "default")) continue;
    const variable = `LLMC_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const text = environment[variable] ?? configText(values.get(name));
    if (text !== undefined) command.setOptionValueWithSource(name, valueOf(option, text), "config");
  }
}

/** Whether the option is a switch where other commands have a value of that name, which is what is meant. */
function isSwitchOf(option: Option, commands: readonly Command[]): boolean {
  const isValue = (other: Option): boolean =>
    other.attributeName() === option.attributeName() && !other.isBoolean() && !other.negate;
  return option.isBoolean() && commands.some(({ options }) => options.some(isValue));
}

function unreadKey(key: string, names: readonly string[]): string {
  if (CALL_ONLY.has(key)) return `the key \`${key}\` is not read: --${key} belongs to a single call`;
  const near = nearest(key, names);
  return `unknown key \`${key}\`${near === undefined ? "" : `, did you mean \`${near}\`?`}`;
}

function valueOf(option: Option, text: string): unknown {
  if (option.isBoolean() || option.negate) return text !== "false" && text !== "0" && text !== "";
  return option.parseArg === undefined ? text : option.parseArg(text, undefined);
}

/** A value of the config file as the command line would have it. */
function configText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

interface Config {
  /** Its name in messages; empty where there is none. */
  readonly file: string;
  readonly values: ReadonlyMap<string, unknown>;
}

const CONFIG_FILES: readonly string[] = ["llmc.config.mjs", "llmc.config.json"];

async function readConfig(): Promise<Config> {
  const file = CONFIG_FILES.find((name) => isFile(name));
  if (file === undefined) return { file: "", values: new Map() };
  try {
    return { file, values: entriesOf(await contentOf(path.resolve(file))) };
  } catch (error) {
    throw new CommandFailure(5, "file", `cannot read the config ${file}: ${reason(error)}`);
  }
}

async function contentOf(file: string): Promise<unknown> {
  if (file.endsWith(".json")) return JSON.parse(readText(file));
  return ((await import(pathToFileURL(file).href)) as { readonly default?: unknown }).default;
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  throw new TypeError("it holds no object");
}
