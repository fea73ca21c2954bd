/** Which entries a build has where generation cannot be derived: an error where it was asked for, else `forward`. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import type { Compilation, Entry } from "../../../src/driver/compile.ts";
import { chooseProfiles } from "../../../src/driver/profiles.ts";
import type { TargetInfo } from "../../../src/kernel/target-info.ts";

const attending = (mask: string): string => `model Reader(vocab: int = 11, dim: int = 8, places: int = 32) {
  use embed: Embedding(vocab, dim)
  use wpe: Embedding(places, dim)
  use head: Linear(dim, vocab)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = split_heads(embed(tokens) + wpe(iota(T)), 2)
    return head(merge_heads(attention(x, x, x, mask: ${mask})))
  }
}
`;

const profiles = chooseProfiles(["js", "cpu"]) as readonly TargetInfo[];

function compiled(mask: string, orElse?: readonly Entry[], context?: number): Compilation {
  const source = { path: "reader.llm", text: attending(mask) };
  return compile(source, { profiles, entries: ["generate"], orElse, context });
}

const entriesOf = ({ builds }: Compilation): readonly string[] =>
  builds.map(({ program }) => [...new Set(program.plans.map(({ entry }) => entry))].sort().join(" "));

describe("a model that looks ahead", () => {
  it("is an error where generation was asked for", () => {
    const { builds, diagnostics, noGeneration } = compiled("full");
    expect(builds).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: "LLM0501", severity: "error" }]);
    expect(noGeneration).toBeUndefined();
  });

  it("has `forward` on every profile where it was not, and says why", () => {
    const compilation = compiled("full", ["forward"]);
    expect(entriesOf(compilation)).toEqual(profiles.map(() => "forward"));
    expect(compilation.diagnostics).toEqual([]);
    expect(compilation.noGeneration).toMatch(/^`forward` cannot be split into tokens: /);
  });
});

describe("a causal model", () => {
  it("generates", () => {
    const compilation = compiled("causal", ["forward"]);
    expect(entriesOf(compilation)).toEqual(profiles.map(() => "decode extend extend1 prefill"));
    expect(compilation.noGeneration).toBeUndefined();
  });

  it("does not lose generation to another mistake: a context beyond its table of positions", () => {
    const { builds, diagnostics, noGeneration } = compiled("causal", ["forward"], 33);
    expect([builds, noGeneration]).toEqual([[], undefined]);
    expect(diagnostics).toMatchObject([{ code: "LLM0503" }]);
  });
});
