/**
 * The next token as a user would compute it from the logits: the whole history at hand, a sort instead of bisections, a
 * sum of probabilities instead of weights. Nothing here is shared with the op or the runtime but the random bits.
 */
import { gumbel } from "../../src/ops/random/gumbel.ts";
import { threefry } from "../../src/ops/random/threefry.ts";
import type { GenerateOptions } from "../../src/runtime/public-types.ts";

/** The token behind `prompt` and `answer`, whose last one has these logits. */
export function nextToken(
  logits: ArrayLike<number>,
  prompt: readonly number[],
  answer: readonly number[],
  options: GenerateOptions,
): number {
  const { temperature = 0.8, topK = 0, topP = 1, minP = 0, seed = 0 } = options;
  const scores = processed(logits, prompt, answer, options);
  const ranked = scores
    .map((score, token) => ({ score, token }))
    .sort((a, b) => b.score - a.score || a.token - b.token);
  const best = ranked[0]!;
  if (temperature === 0) return best.token;
  const scaled = ranked.map(({ score, token }) => ({ token, score: score / temperature }));
  const few =
    topK > 0 ? scaled.filter(({ score }) => score >= scaled[Math.min(topK, scaled.length) - 1]!.score) : scaled;
  const kept: typeof few = [];
  let mass = 0;
  for (const { token, p } of softmax(few)) {
    if (topP < 1 && mass >= topP) break;
    mass += p;
    kept.push(few.find((each) => each.token === token)!);
  }
  const likely = softmax(kept).filter(({ p }, _, all) => p >= minP * all[0]!.p);
  const noisy = likely.map(({ token, p }) => ({ token, x: Math.log(p) + gumbel(threefry({ key: [seed, answer.length], counter: [0, token] })) })); // prettier-ignore
  return noisy.reduce((a, b) => (b.x > a.x ? b : a)).token;
}

function processed(
  logits: ArrayLike<number>,
  prompt: readonly number[],
  answer: readonly number[],
  { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, logitBias = {} }: GenerateOptions,
): readonly number[] {
  const scores = Array.from(logits, (x, token) => x + (logitBias[token] ?? 0));
  for (const token of new Set([...prompt, ...answer])) {
    const score = scores[token]!;
    scores[token] = score < 0 ? score * repetitionPenalty : score / repetitionPenalty;
  }
  for (const token of answer) scores[token]! -= frequencyPenalty;
  for (const token of new Set(answer)) scores[token]! -= presencePenalty;
  return scores;
}

function softmax(
  scores: readonly { readonly token: number; readonly score: number }[],
): readonly { readonly token: number; readonly p: number }[] {
  const weights = scores.map(({ token, score }) => ({ token, w: Math.exp(score - scores[0]!.score) }));
  const sum = weights.reduce((all, { w }) => all + w, 0);
  return weights.map(({ token, w }) => ({ token, p: w / sum }));
}
