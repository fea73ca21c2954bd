/** Options that several commands share, and how their values are read. */
import type { Command } from "commander";
import { TARGETS } from "../driver/profiles.ts";
import { usageError } from "./failure.ts";

/** What a SOURCE may be, in the help of every command that takes one. */
export const SOURCE_HELP =
  "a .llm file, a folder with one, or a checkpoint folder; SOURCE#NAME for one of several models";

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `a,b,c` */
export function names(value: string): readonly string[] {
  return value.split(",").map((name) => name.trim()).filter((name) => name !== ""); // prettier-ignore
}

/** A positive integer, or one in a range. */
export function integer(option: string, low = 1, high = 2 ** 31 - 1): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < low || number > high)
      throw usageError(`${option} takes an integer from ${low} to ${high}, not \`${value}\``);
    return number;
  };
}

export function decimal(option: string, low: number, high: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === "" || !(number >= low && number <= high))
      throw usageError(`${option} takes a number from ${low} to ${high}, not \`${value}\``);
    return number;
  };
}

/** Above 0, and at most 1. */
export function share(option: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === "" || !(number > 0 && number <= 1))
      throw usageError(`${option} takes a number above 0 and at most 1, not \`${value}\``);
    return number;
  };
}

/** Collects `TOKEN=BIAS`, where the bias may be `-inf`; the last one of a token counts. */
export function tokenBias(
  value: string,
  before: Readonly<Record<number, number>> = {},
): Readonly<Record<number, number>> {
  const [, token = "", text = ""] = /^(\d+)=(\S+)$/.exec(value) ?? [];
  const bias = text === "-inf" ? -Infinity : Number(text);
  if (token === "" || Number.isNaN(bias))
    throw usageError(`--logit-bias takes TOKEN=BIAS, such as 50256=-inf, not \`${value}\``);
  return { ...before, [Number(token)]: bias };
}

/** `1,2,3` as token ids. */
export function tokenIds(value: string): readonly number[] {
  const parts = value.trim() === "" ? [] : value.split(",");
  return parts.map((part) => {
    if (!/^\s*\d+\s*$/.test(part) || Number(part) > 2 ** 31 - 1) throw usageError(`\`${part}\` is no token id`);
    return Number(part);
  });
}

export interface CompileFlags {
  readonly set?: readonly string[];
  readonly profile?: string;
  readonly storage?: string;
  readonly compute?: string;
  readonly batch?: number;
  readonly chunk?: number;
  readonly context?: number;
  readonly memoryBudget?: number;
  readonly passes?: string;
}

/** The options of every command that runs a model on one target. */
export function targetOptions(command: Command): Command {
  return command
    .option("--target <name>", `${TARGETS.join(", ")} (default: webgpu on a GPU, else cpu)`)
    .option(
      "--threads <n>",
      "threads of the target cpu (default: the machine's, 8 at most)",
      integer("--threads", 1, 64),
    );
}

/** The options of every command that compiles; one has another `--profile`. */
export function compileOptions(command: Command, profile = "--profile"): Command {
  return command
    .option("--set <name=value>", "set a config value (repeatable)", collect)
    .option(`${profile} <name>`, "device profile instead of all of the target's")
    .option(
      "--storage <dtype>",
      "type of the weights in memory: f32, f16 or bf16 (default: the checkpoint's, else f32)",
    )
    .option(
      "--compute <dtype>",
      "f16 rounds what products multiply to f16, where the profile has it, and sums in f32 (default: f32)",
    )
    .option("--batch <n>", "rows that run together", integer("--batch"))
    .option(
      "--chunk <n>",
      "prompt tokens of one step (default: 128, or as many as the limits hold)",
      integer("--chunk"),
    )
    .option("--context <n>", "tokens of the cache", integer("--context"))
    .option(
      "--memory-budget <bytes>",
      "bytes that activations may need",
      integer("--memory-budget", 1, Number.MAX_SAFE_INTEGER),
    )
    .option("--passes <list>", "switch passes off: -fuse,-memory-plan")
    .option("--json", "print one JSON document");
}
