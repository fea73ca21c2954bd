/** The chunk that nobody named: the largest that the limits of a profile hold, each profile its own. */
import { describe, expect, it } from "vitest";
import { chunkNotes } from "../../../src/cli/compile-source.ts";
import { compile } from "../../../src/driver/compile.ts";
import type { Compilation, CompileOptions } from "../../../src/driver/compile.ts";
import { fitChunk } from "../../../src/driver/fit-chunk.ts";
import type { Limits } from "../../../src/kernel/target-info.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";
import { diagnostic } from "../../../src/support/diagnostic.ts";

const text = `model Words(vocab: int = 64, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] { return embed(tokens) @ transpose(embed.weight) }
}
`;

function compiled(limits: readonly Partial<Limits>[], options: Partial<CompileOptions> = {}): Compilation {
  const profiles = limits.map((own, i) => ({ ...webgpuBase, name: `p${i}`, limits: { ...webgpuBase.limits, ...own } }));
  return compile({ path: "words.llm", text }, { profiles, entries: ["forward"], ...options });
}

/** Bytes of `logits` f32[T, 64]. */
const logits = (tokens: number): number => tokens * 64 * 4;

describe("a chunk that nobody named", () => {
  it("is halved until the activations fit, for the profile that needs it", () => {
    const { builds, diagnostics, capacities } = compiled([{ maxBindingBytes: logits(32) }, {}]);
    expect(diagnostics).toEqual([]);
    expect(builds.map((build) => build.capacities.T)).toEqual([32, 128]);
    expect(builds.map(({ program }) => program.plans[0]!.bucket["T"])).toEqual([32, 128]);
    expect(capacities.T).toBe(128);
    // One element less, and half as many fit.
    const [less] = compiled([{ maxBindingBytes: logits(32) - 4 }]).builds;
    expect(less!.capacities.T).toBe(16);
  });

  it("is told to who builds", () => {
    expect(chunkNotes(compiled([{ maxBindingBytes: logits(32) }, {}]))).toEqual([
      "note: p0 takes 32 tokens a step: 128 do not fit (--chunk 128 shows where)",
    ]);
  });

  it("is that of the whole memory as well", () => {
    expect(compiled([{ maxMemoryBytes: logits(20) + logits(1) * 8 }]).builds[0]!.capacities.T).toBe(16);
  });

  it("is not the cause where one token is too much", () => {
    const { builds, diagnostics } = compiled([{ maxBindingBytes: logits(2) }], { batch: 1000 });
    expect(builds).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: "LLM0401", help: expect.stringMatching(/smaller `--batch`,/) as unknown }]); // prettier-ignore
  });
});

it("a chunk that is named is kept, or refused where it stands", () => {
  const { builds, diagnostics } = compiled([{ maxBindingBytes: logits(32) }], { chunk: 33 });
  expect(builds).toEqual([]);
  expect(diagnostics).toMatchObject([{ code: "LLM0401", notes: expect.arrayContaining(["with T = 33"]) as unknown }]);
  expect(compiled([{ maxBindingBytes: logits(32) }], { chunk: 32 }).builds).toHaveLength(1);
});

it("what is no limit is not tried again", () => {
  const tried: number[] = [];
  const attempt = (code: "LLM0501" | "LLM0401") => (chunk: number) => {
    tried.push(chunk);
    return { isRefused: chunk > 12, diagnostics: chunk > 12 ? [diagnostic(code, "no")] : [] };
  };
  expect(fitChunk(100, attempt("LLM0501")).isRefused).toBe(true);
  expect(tried).toEqual([100]);
  expect(fitChunk(100, attempt("LLM0401")).isRefused).toBe(false);
  expect(tried).toEqual([100, 100, 1, 50, 25, 12]);
});
