/** LLM05xx: programs that are derived from `forward`: generation token by token, later gradients; their positions. */
import { entry } from "./entry.ts";

export const DERIVE = {
  LLM0501: entry(
    "forward looks ahead, so it cannot generate",
    "Generation computes token by token: the result at a position may depend on that position and earlier ones only. " +
      "An op that mixes positions in another way (an attention without the causal mask, a mean over T) cannot be split.",
    "let y = attention(q, k, v, mask: full) // every token sees all tokens",
    "let y = attention(q, k, v, mask: causal)",
  ),
  LLM0502: entry(
    "forward does not have the form that generation needs",
    "Generation needs `forward(tokens: i32[B, T]) -> f[B, T, vocab]`: one list of tokens in, one score per word of " +
      "the vocabulary and position out.",
    "forward(pixels: f[B, 3, 224, 224]) -> f[B, classes] { } // with --entries generate",
    "forward(tokens: i32[B, T]) -> f[B, T, vocab] { }",
  ),
  LLM0503: entry(
    "a context longer than a table of positions",
    "A model with learned positions has one row for each. The context of a build may not be longer: beyond the table " +
      "there is nothing that was learned.",
    "use wpe: Embedding(64, dim) // wpe(iota(T)), built with --context 100",
    "use wpe: Embedding(64, dim) // built with --context 64",
  ),
} as const;
