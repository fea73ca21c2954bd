/**
 * Values for options that the command line does not give: from the environment (`LLMC_TARGET=js` for `--target js`),
 * then from `llmc.config.mjs` or `llmc.config.json` in the working folder (`{ "target": "js" }`), then the default.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Command, Option } from "commander";
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

/** Fills in the options of `command` that were not given. Throws `CommandFailure` 2 for a value that makes no sense. */
export async function applyDefaults(command: Command, environment: NodeJS.ProcessEnv): Promise<void> {
  const config = await readConfig();
  for (const option of command.options) {
    const name = option.attributeName();
    const source = command.getOptionValueSource(name);
    if (CALL_ONLY.has(name) || (source !== undefined && source !== "default")) continue;
    const variable = `LLMC_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const text = environment[variable] ?? configText(config[name]);
    if (text !== undefined) command.setOptionValueWithSource(name, valueOf(option, text), "config");
  }
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

async function readConfig(): Promise<Readonly<Record<string, unknown>>> {
  const [module, json] = ["llmc.config.mjs", "llmc.config.json"].map((name) => path.resolve(name));
  try {
    if (module !== undefined && isFile(module)) {
      const loaded = (await import(pathToFileURL(module).href)) as { readonly default?: unknown };
      return objectOf(loaded.default);
    }
    if (json !== undefined && isFile(json)) return objectOf(JSON.parse(readText(json)));
    return {};
  } catch (error) {
    throw new CommandFailure(5, "file", `cannot read the config ${module ?? ""}: ${reason(error)}`);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError("it holds no object");
}
