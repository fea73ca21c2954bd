/** LLM05xx: programs that are derived from `forward`: generation token by token, later gradients; their positions. */
import { entry } from "./entry.ts";
import { planned } from "./example.ts";

const language = (lines: string, uses = ""): string => `model Words(vocab: int = 64, dim: int = 8) {
  use embed: Embedding(vocab, dim)${uses}

  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = embed(tokens)
    ${lines.split("\n").join("\n    ")}
    return h @ transpose(embed.weight)
  }
}
`;
const attending = (mask: string): string =>
  language(`let a = split_heads(x, 2)\nlet h = x + merge_heads(attention(a, a, a, mask: ${mask}))`);
const pixels = `model Pixels(classes: int = 10) {
  use head: Linear(768, classes)

  forward(pixels: f[B, 3, 16, 16]) -> f[B, classes] {
    return head(reshape(pixels, [B, 768]))
  }
}
`;
const learned = language("let h = x + wpe(iota(T))", "\n  use wpe: Embedding(64, dim)");

export const DERIVE = {
  LLM0501: entry(
    "forward looks ahead, so it cannot generate",
    "Generation computes token by token: the result at a position may depend on that position and earlier ones only. " +
      "An op that mixes positions in another way (an attention without the causal mask, a mean over T) cannot be split.",
    planned(attending("full"), "--entries generate"),
    planned(attending("causal"), "--entries generate"),
  ),
  LLM0502: entry(
    "forward does not have the form that generation needs",
    "Generation needs `forward(tokens: i32[B, T]) -> f[B, T, vocab]`: one list of tokens in, one score per word of " +
      "the vocabulary and position out.",
    planned(pixels, "--entries generate"),
    planned(pixels, "--entries forward"),
  ),
  LLM0503: entry(
    "a context longer than a table of positions",
    "A model with learned positions has one row for each. The context of a build may not be longer: beyond the table " +
      "there is nothing that was learned.",
    planned(learned, "--entries generate --context 100"),
    planned(learned, "--entries generate --context 64"),
  ),
} as const;
