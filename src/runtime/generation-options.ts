/** The options of `generate`, checked and with their defaults. */
import { OptionError } from "./errors.ts";
import type { GenerateOptions } from "./public-types.ts";
import type { Sampling } from "./sampling.ts";

export interface ResolvedOptions extends Sampling {
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly special: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Throws `OptionError` for an option that there is not, and for a value out of its range. */
export function resolveOptions(options: GenerateOptions, eos: readonly number[], vocab: number): ResolvedOptions {
  if (typeof options !== "object" || options === null)
    throw new OptionError(`the options are an object, not ${options}`);
  const { maxTokens = Infinity, temperature = 0.8, topK = 0, topP = 1, minP = 0 } = options;
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, logitBias = {} } = options;
  const { stopTokens = [], stopAtEos = true } = options;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  check(maxTokens === Infinity || isCount(maxTokens, 1, 2 ** 31), "maxTokens", "an integer from 1", maxTokens);
  check(temperature >= 0 && temperature <= 100, "temperature", "from 0 to 100", temperature);
  check(isCount(topK, 0, 2 ** 31 - 1), "topK", "an integer from 0", topK);
  check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
  check(minP >= 0 && minP <= 1, "minP", "from 0 to 1", minP);
  check(repetitionPenalty >= 0.01 && repetitionPenalty <= 100, "repetitionPenalty", "from 0.01 to 100", repetitionPenalty); // prettier-ignore
  check(isPenalty(presencePenalty), "presencePenalty", PENALTY_RANGE, presencePenalty);
  check(isPenalty(frequencyPenalty), "frequencyPenalty", PENALTY_RANGE, frequencyPenalty);
  check(isCount(seed, 0, 2 ** 32 - 1), "seed", "an integer from 0 to 2^32 - 1", seed);
  for (const token of stopTokens) check(isCount(token, 0, vocab - 1), "stopTokens", `tokens below ${vocab}`, token);
  const stop = (typeof options.stop === "string" ? [options.stop] : (options.stop ?? [])).filter((text) => text !== "");
  const resolved = {
    maxTokens,
    temperature,
    topK,
    topP,
    minP,
    repetitionPenalty,
    presencePenalty,
    frequencyPenalty,
    logitBias: resolveBias(logitBias, vocab),
    seed,
    stop,
    stopTokens: [...new Set([...(stopAtEos ? eos : []), ...stopTokens])],
    special: options.special ?? false,
    signal: options.signal,
  };
  const known = [...Object.keys(resolved), "stopAtEos"];
  const plain = (name: string): string => name.replace(/[-_]/g, "").toLowerCase();
  // Others have the same words in other spellings: `max_tokens`, `top-p`.
  for (const name of Object.keys(options))
    check(known.includes(name), "an option", known.find((each) => plain(each) === plain(name)) ?? known.join(), name);
  return resolved;
}

const PENALTY_RANGE = "from -100 to 100";

function isPenalty(x: number): boolean {
  return x >= -100 && x <= 100;
}

/** The biases as pairs of token and number. A record's keys are texts, whatever its type says. */
function resolveBias(given: Readonly<Record<number, number>>, vocab: number): ReadonlyMap<number, number> {
  return new Map(
    Object.entries(given).map(([key, bias]) => {
      const token = String(Number(key)) === key ? Number(key) : NaN;
      if (!isCount(token, 0, vocab - 1)) throw new OptionError(`logitBias must name tokens below ${vocab}, not ${key}`);
      const isBias = bias === -Infinity || (bias >= -MOST_BIAS && bias <= MOST_BIAS);
      check(isBias, `logitBias of token ${key}`, `from ${-MOST_BIAS} to ${MOST_BIAS}, or -Infinity`, bias);
      return [token, bias];
    }),
  );
}

/** More than any logit, and far below what f32 holds. */
const MOST_BIAS = 1e6;

function isCount(x: number, low: number, high: number): boolean {
  return Number.isInteger(x) && x >= low && x <= high;
}

function check(holds: boolean, name: string, expected: string, value: number | string): void {
  if (!holds) throw new OptionError(`${name} must be ${expected}, not ${value}`);
}

/** Throws `OptionError` where a token is none, or there are no tokens. */
export function checkTokens(tokens: readonly number[], vocab: number): void {
  if (!(tokens?.length > 0)) throw new OptionError("at least one token is needed");
  for (const token of tokens)
    check(isCount(token, 0, vocab - 1), "a token", `an integer from 0 to ${vocab - 1}`, token);
}
