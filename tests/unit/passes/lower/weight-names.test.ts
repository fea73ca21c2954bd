/** Weights may be called like arguments, states and temporaries: each has a buffer of its own. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../../src/driver/compile.ts";
import { js } from "../../../../src/profiles/js.ts";
import { weightName } from "../../../../passes/lower/sources.ts";

const model = (name: string): string => `model M(vocab: int = 8, dim: int = 4, context: int = 16) {
  param ${name}: f[context, dim]
  use embed: Embedding(vocab, dim)
  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    return (embed(tokens) + take(${name}, iota(T))) @ transpose(embed.weight)
  }
}
`;

describe("a weight at the top of a model", () => {
  it.each(["pos", "tokens_", "count", "step", "arena", "logits", "angles", "weight"])("may be called %s", (name) => {
    const source = { path: "m.llm", text: model(name) };
    const { builds, diagnostics } = compile(source, { profiles: [js], entries: ["generate", "forward"] });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    for (const { buffers } of builds[0]!.program.plans) {
      const own = buffers.filter(({ path }) => path === name);
      expect(own.map((buffer) => [buffer.kind, buffer.name])).toEqual([["weight", `${name} (weight)`]]);
    }
  });

  it("keeps a path that nothing else could be called", () => {
    expect(weightName("model.embed_tokens.weight")).toBe("model.embed_tokens.weight");
    expect(weightName("h.0.ln.weight")).toBe("h.0.ln.weight");
    expect(weightName("k.0")).toBe("k.0 (weight)");
  });
});
