/**
 * Every code that the passes report (LLM04xx limits of a profile, LLM05xx what cannot be derived): the picture as a
 * snapshot, and a near miss that must not have the code.
 */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import type { Compilation, CompileOptions } from "../../../src/driver/compile.ts";
import type { Limits, TargetInfo } from "../../../src/kernel/target-info.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";
import { renderDiagnostic } from "../../../src/support/render-diagnostic.ts";

interface Mistake {
  readonly code: string;
  readonly title: string;
  readonly wrong: Source;
  readonly right: Source;
}

interface Source {
  readonly text: string;
  readonly limits?: Partial<Limits>;
  readonly options?: Partial<CompileOptions>;
}

function languageModel(body: string, config = "vocab: int = 64, dim: int = 8"): string {
  return `model Tiny(${config}) {
  use embed: Embedding(vocab, dim)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = embed(tokens)
    ${body}
    return h @ transpose(embed.weight)
  }
}
`;
}

const bigram = languageModel("let h = x * x");
const attention = (mask: string): string =>
  languageModel(`let a = split_heads(x, 2)\n    let h = x + merge_heads(attention(a, a, a, mask: ${mask}))`);
const biased = (bias: string): string =>
  languageModel(
    `let a = split_heads(x, 2)\n    let bias = transpose(take(embed.weight[..., 0:2], ${bias}), [2, 0, 1])\n    let h = merge_heads(attention(a, a, a, bias: bias))`,
  );
const sums = "model Sums() {\n  forward(x: f[B, 4096]) -> f[B, 4096] { return softmax(x) }\n}\n";
/** A step whose state is a vector of each row, with a line in front of what it returns. */
const recurrent = (returned: string, line = "", last = "let h = y"): string =>
  languageModel(
    `let y = scan(h: f[B, dim]) over T with x {\n      ${line}\n      return ${returned}\n    }\n    ${last}`,
  );
/** The delta rule, with states of 36 by 36 numbers. */
const matrices = (taken: string): string =>
  languageModel(
    `let a = reshape(x, [B, T, 2, 36])
    let y = scan(s: f[B, 2, 36, 36]) over T with a {
      let k = reshape(a, [B, 2, 36, 1])
      let v = reshape(a, [B, 2, 36])
      let next = s + k * reshape(${taken}, [B, 2, 1, 36])
      return (next, sum(k * next, axis: 2))
    }
    let h = reshape(y, [B, T, dim])`,
    "vocab: int = 64, dim: int = 72",
  );
const forwardOnly: Partial<CompileOptions> = { entries: ["forward"] };

const MISTAKES: readonly Mistake[] = [
  {
    code: "LLM0401",
    title: "a weight of which eight rows are larger than a binding",
    wrong: { text: bigram, limits: { maxBindingBytes: 8 * 8 * 4 - 4 }, options: { context: 16, chunk: 1 } },
    right: { text: bigram, limits: { maxBindingBytes: 8 * 8 * 4 }, options: { context: 16, chunk: 1 } },
  },
  {
    code: "LLM0401",
    title: "activations larger than a buffer",
    wrong: { text: bigram, limits: { maxBufferBytes: 4096 }, options: { ...forwardOnly, chunk: 256 } },
    right: { text: bigram, limits: { maxBufferBytes: 65536 }, options: { ...forwardOnly, chunk: 256 } },
  },
  {
    code: "LLM0402",
    title: "more workgroups than 64 parts of a grid have",
    wrong: { text: sums, limits: { maxWorkgroupsPerDimension: 2 }, options: { ...forwardOnly, batch: 300 } },
    right: { text: sums, limits: { maxWorkgroupsPerDimension: 3 }, options: { ...forwardOnly, batch: 300 } },
  },
  {
    code: "LLM0403",
    title: "more bindings than a stage has",
    wrong: { text: attention("causal"), limits: { maxStorageBuffers: 3 } },
    right: { text: attention("causal"), limits: { maxStorageBuffers: 9 } },
  },
  {
    code: "LLM0404",
    title: "tiles larger than workgroup memory",
    wrong: { text: sums, limits: { maxWorkgroupMemoryBytes: 255 }, options: forwardOnly },
    right: { text: sums, limits: { maxWorkgroupMemoryBytes: 256 }, options: forwardOnly },
  },
  {
    code: "LLM0405",
    title: "a workgroup larger than the device's",
    wrong: { text: sums, limits: { maxInvocationsPerWorkgroup: 63 }, options: forwardOnly },
    right: { text: sums, limits: { maxInvocationsPerWorkgroup: 64 }, options: forwardOnly },
  },
  {
    code: "LLM0409",
    title: "a state of matrices that a step mixes along both axes; along one it builds",
    wrong: { text: matrices("v - sum(s * k, axis: 2) - sum(s, axis: 3)") },
    right: { text: matrices("v - sum(s * k, axis: 2)") },
  },
  {
    code: "LLM0409",
    title: "a mean over rows that depends on the state; one that does not builds",
    wrong: { text: recurrent("(0.5 * h + mean(h, axis: 0, keep: true), h + x)") },
    right: { text: recurrent("(0.5 * h + mean(x, axis: 0, keep: true), h + x)") },
  },
  {
    code: "LLM0409",
    title: "a scan in each step of a scan; in front of it it builds",
    wrong: { text: recurrent("(0.5 * h + z, h)", "let z = scan(g: f[B]) over dim with x { return (0.5 * g + x, g) }") },
    right: { text: recurrent("(0.5 * h + x, h)", "", "let z = scan(g: f[B, T]) over dim with y { return (0.5 * g + y, g) }\n    let h = z") }, // prettier-ignore
  },
  {
    code: "LLM0409",
    title: "a scan of the state in each step of a scan; a running sum of it builds",
    wrong: { text: recurrent("(0.5 * h + z, x)", "let z = scan(g: f[B]) over dim with h { return (g + h, g) }") },
    right: { text: recurrent("(0.5 * h + z, x)", "let z = cumsum(h, exclusive: true)") },
  },
  {
    code: "LLM0501",
    title: "an attention without the causal mask",
    wrong: { text: attention("full") },
    right: { text: attention("causal") },
  },
  {
    code: "LLM0501",
    title: "a prefix that all tokens see; a window passes",
    wrong: { text: attention("causal, prefix: broadcast(3, [B])") },
    right: { text: attention("causal, window: 2") },
  },
  {
    code: "LLM0501",
    title: "a bias for the keys of a call; one for its queries passes",
    wrong: { text: attention("causal, bias: reshape(cast(tokens, f32), [B, 1, 1, T])") },
    right: { text: attention("causal, bias: reshape(cast(tokens, f32), [B, 1, T, 1])") },
  },
  {
    code: "LLM0501",
    title: "a mean over tokens; one over channels passes",
    wrong: { text: languageModel("let h = x - mean(x, axis: 1, keep: true)") },
    right: { text: languageModel("let h = x - mean(x, axis: 2, keep: true)") },
  },
  {
    code: "LLM0501",
    title: "running sums over tokens; those over channels pass",
    wrong: { text: languageModel("let h = cumsum(x, axis: 1)") },
    right: { text: languageModel("let h = cumsum(x, axis: 2)") },
  },
  {
    code: "LLM0501",
    title: "the token before, by padding; by a scan, as the message says, it passes",
    wrong: { text: languageModel("let h = x + pad(x, axis: 1, before: 1, after: 0)[:, 0:T]") },
    right: { text: languageModel("let y = scan(before: f[B, dim]) over T with x { return (x, before) }\n    let h = x + y") }, // prettier-ignore
  },
  {
    code: "LLM0501",
    title: "attention by products; an MLP of the position passes",
    wrong: { text: languageModel("let h = softmax(x @ transpose(x)) @ x") },
    right: { text: languageModel("let p = reshape(cast(iota(T), f32) / 10.0, [T, 1]) @ embed.weight[0:1]\n    let h = x + tanh(p)") }, // prettier-ignore
  },
  {
    code: "LLM0501",
    title: "a table of positions against positions; one of distances passes",
    wrong: { text: biased("cast(embed.weight, i32)[0:T, 0:T]") },
    right: { text: biased("relative_buckets(T, T, 8, 16, false)") },
  },
  {
    code: "LLM0501",
    title: "sorted tokens; the best channels of each token pass",
    wrong: { text: languageModel("let h = sort(x, axis: 1)") },
    right: { text: languageModel("let h = x * sum(topk(sort(x), 2), axis: 2, keep: true)") },
  },
  {
    code: "LLM0501",
    title: "an attention in a loop inside a loop",
    wrong: { text: nested("use layers: Layer[2]", "repeat(layers, x)") },
    right: { text: nested("use layer: Layer", "layer(x)") },
  },
  {
    code: "LLM0502",
    title: "an input that is no list of tokens; it builds with the entry forward",
    wrong: { text: sums },
    right: { text: sums, options: forwardOnly },
  },
  {
    code: "LLM0502",
    title: "a result that is no score of each word",
    wrong: { text: "model Tokens() {\n  forward(tokens: i32[B, T]) -> i32[B, T] { return tokens + tokens }\n}\n" },
    right: { text: "model Tokens() {\n  forward(tokens: i32[B, T]) -> f[B, T, 8] { return one_hot(tokens, 8) }\n}\n" },
  },
  {
    code: "LLM0503",
    title: "a context beyond the learned positions",
    wrong: { text: positions("iota(T)"), options: { context: 65 } },
    right: { text: positions("iota(T)"), options: { context: 64 } },
  },
  {
    code: "LLM0503",
    title: "positions that start at row 2, as OPT's do",
    wrong: { text: positions("iota(T) + 2"), options: { context: 63 } },
    right: { text: positions("iota(T) + 2"), options: { context: 62 } },
  },
  {
    code: "LLM0503",
    title: "a call beyond the learned positions, where nothing is generated",
    wrong: { text: positions("iota(T)"), options: { ...forwardOnly, context: 100, chunk: 100 } },
    right: { text: positions("iota(T)"), options: { ...forwardOnly, context: 100, chunk: 64 } },
  },
  {
    code: "LLM0503",
    title: "positions that the model bounds itself pass",
    wrong: { text: positions("iota(T) - 1"), options: { context: 66 } },
    right: { text: positions("min(iota(T), 63)"), options: { context: 66 } },
  },
];

/** A model with 64 learned positions, which are read at `index`. */
function positions(index: string): string {
  return languageModel("let h = x + wpe(PLACES)", "vocab: int = 64, dim: int = 8")
    .replace("PLACES", index)
    .replace("embed: Embedding(vocab, dim)", "embed: Embedding(vocab, dim), wpe: Embedding(64, dim)");
}

describe("the default context", () => {
  const contextOf = (text: string, options: Partial<CompileOptions> = {}): number => {
    const { capacities, diagnostics } = compiled({ text, options });
    expect(diagnostics).toEqual([]);
    return capacities.S;
  };
  it("is what a table of positions holds", () => {
    expect(contextOf(positions("iota(T)"))).toBe(64);
    expect(contextOf(positions("iota(T) + 2"))).toBe(62);
    expect(contextOf(positions("iota(T)"), forwardOnly)).toBe(64);
  });
  it("is 1,024 where there is no such table", () => expect(contextOf(bigram)).toBe(1024));
});

function nested(inner: string, call: string): string {
  return `model Nested(vocab: int = 64, dim: int = 8) {
  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {
    let a = split_heads(x, 2)
    return merge_heads(attention(a, a, a, mask: causal))
  }
  block Stage(x: f[B, T, dim]) -> f[B, T, dim] {
    ${inner}
    return ${call}
  }
  use embed: Embedding(vocab, dim), stages: Stage[2]
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    return repeat(stages, embed(tokens)) @ transpose(embed.weight)
  }
}
`;
}

function compiled({ text, limits, options }: Source): Compilation {
  const profile: TargetInfo = { ...webgpuBase, limits: { ...webgpuBase.limits, ...limits } };
  return compile({ path: "test.llm", text }, { profiles: [profile], entries: ["generate"], ...options });
}

describe.each(MISTAKES)("$code: $title", ({ code, wrong, right }) => {
  it("is reported, nothing else is, and nothing is built", () => {
    const { diagnostics, builds, files } = compiled(wrong);
    expect(builds).toEqual([]);
    expect([...new Set(diagnostics.map((found) => found.code))]).toEqual([code]);
    const [first] = diagnostics;
    expect(renderDiagnostic(first!, files, { colour: false })).toMatchSnapshot();
  });
  it("is not reported for the near miss", () => {
    const { diagnostics, builds } = compiled(right);
    expect(diagnostics).toEqual([]);
    expect(builds).toHaveLength(1);
  });
});
