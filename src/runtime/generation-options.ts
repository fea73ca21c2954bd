/** The options of `generate`, checked and with their defaults. */
import { OptionError } from "./errors.ts";
import type { GenerateOptions } from "./public-types.ts";

export interface ResolvedOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly stop: readonly string[];
  readonly stopTokens: readonly number[];
  readonly special: boolean;
  readonly signal?: AbortSignal;
}

/** Throws `OptionError` for a value out of its range. */
export function resolveOptions(options: GenerateOptions, eos: readonly number[], vocab: number): ResolvedOptions {
  const { maxTokens = Infinity, temperature = 0.8, topK = 0, topP = 1, stopTokens = [], stopAtEos = true } = options;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  check(maxTokens === Infinity || isCount(maxTokens, 1, 2 ** 31), "maxTokens", "an integer from 1", maxTokens);
  check(temperature >= 0 && temperature <= 100, "temperature", "from 0 to 100", temperature);
  check(isCount(topK, 0, 2 ** 31 - 1), "topK", "an integer from 0", topK);
  check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
  check(isCount(seed, 0, 2 ** 32 - 1), "seed", "an integer from 0 to 2^32 - 1", seed);
  for (const token of stopTokens) check(isCount(token, 0, vocab - 1), "stopTokens", `tokens below ${vocab}`, token);
  const stop = (typeof options.stop === "string" ? [options.stop] : (options.stop ?? [])).filter((text) => text !== "");
  return {
    maxTokens,
    temperature,
    topK,
    topP,
    seed,
    stop,
    stopTokens: [...new Set([...(stopAtEos ? eos : []), ...stopTokens])],
    special: options.special ?? false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

function isCount(x: number, low: number, high: number): boolean {
  return Number.isInteger(x) && x >= low && x <= high;
}

function check(holds: boolean, name: string, expected: string, value: number): void {
  if (!holds) throw new OptionError(`${name} must be ${expected}, not ${value}`);
}

/** Throws `OptionError` where a token is none. */
export function checkTokens(tokens: readonly number[], vocab: number): void {
  if (tokens.length === 0) throw new OptionError("at least one token is needed");
  for (const token of tokens)
    check(isCount(token, 0, vocab - 1), "a token", `an integer from 0 to ${vocab - 1}`, token);
}
