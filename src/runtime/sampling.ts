/** How the next tokens are chosen, and the bytes that tell the device so. */

/** Ranges are checked by `generation-options.ts`. */
export interface Sampling {
  readonly temperature: number;
  /** 0: no limit. */
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** By token; -Infinity bans it. */
  readonly logitBias: ReadonlyMap<number, number>;
  readonly seed: number;
  readonly stopTokens: readonly number[];
}

/** The number of stop tokens that the sampling kernel looks at; unused places hold -1. */
const DEVICE_STOPS = 8;

/** Stands for -Infinity, which not every device takes for a number: added to a logit, it is less than all others. */
const BANNED = -3.4028234663852886e38;

/** The arguments of `prefill` and `decode`, by name. */
export function samplingInputs(
  sampling: Sampling,
  vocab: number,
): Readonly<Record<string, Int32Array | Uint32Array | Float32Array>> {
  const { temperature, topK, topP, minP, seed, stopTokens } = sampling;
  const stops = new Int32Array(DEVICE_STOPS).fill(-1);
  stops.set(stopTokens.slice(0, DEVICE_STOPS));
  const bias = new Float32Array(vocab);
  for (const [token, x] of sampling.logitBias) bias[token] = Math.max(x, BANNED);
  return {
    temperature: Float32Array.of(temperature),
    top_k: Int32Array.of(topK),
    top_p: Float32Array.of(topP),
    min_p: Float32Array.of(minP),
    seed: Uint32Array.of(seed),
    stops,
    penalties: Float32Array.of(sampling.repetitionPenalty, sampling.presencePenalty, sampling.frequencyPenalty),
    logit_bias: bias,
  };
}

/**
 * What the device counts on from (`counts: i32[V]` of derive-generate): 1 for each token of the prompt. Undefined where
 * no penalty reads it. It is made of the whole prompt, whatever the caches hold, and so owes nothing to the text before.
 */
export function promptCounts(sampling: Sampling, prompt: readonly number[], vocab: number): Int32Array | undefined {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return undefined;
  const counts = new Int32Array(vocab);
  for (const token of prompt) counts[token] = 1;
  return counts;
}
