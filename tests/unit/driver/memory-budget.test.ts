/** A budget below the peak of a plan: what holds the peak is named, and a chunk that nobody named gives way first. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import type { Compilation, CompileOptions } from "../../../src/driver/compile.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";
import type { Loc } from "../../../src/support/source.ts";

const text = `model Words(vocab: int = 64, dim: int = 16) {
  use embed: Embedding(vocab, dim)
  use up: Linear(dim, 4 * dim), down: Linear(4 * dim, dim), norm: RmsNorm(dim)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = embed(tokens)
    let open = silu(up(x))
    let h = norm(x + down(open))
    return h @ transpose(embed.weight)
  }
}
`;

function compiled(options: Partial<CompileOptions>): Compilation {
  return compile({ path: "words.llm", text }, { profiles: [webgpuBase], entries: ["forward"], ...options });
}

const peakOf = ({ builds }: Compilation): number => Math.max(...builds[0]!.program.plans.map((plan) => plan.memory.peak)); // prettier-ignore
const lineOf = (loc: Loc | undefined): string => text.split("\n")[loc!.start.line - 1]!.trim();

describe("a budget for activations", () => {
  const peak = peakOf(compiled({ chunk: 128 }));

  it("may be just the peak", () => {
    expect(compiled({ chunk: 128, memoryBudget: peak })).toMatchObject({ diagnostics: [], builds: [{}] });
  });

  it("of one byte less is refused, with the largest values that are alive together", () => {
    const { diagnostics, builds } = compiled({ chunk: 128, memoryBudget: peak - 1 });
    expect(builds).toEqual([]);
    expect(diagnostics).toHaveLength(1);
    const [{ code, message, loc, label, related, notes }] = diagnostics as [(typeof diagnostics)[0]];
    expect([code, message]).toEqual(["LLM0411", `the activations of \`forward\` need ${peak} bytes, the budget is ${peak - 1}`]); // prettier-ignore
    expect([lineOf(loc), label]).toEqual(["let open = silu(up(x))", `holds ${128 * 64 * 4} bytes of the peak`]);
    const held = related.map((other) => Number(/holds (\d+) bytes/.exec(other.message)![1]));
    // What is named is all there is.
    expect(held.reduce((sum, bytes) => sum + bytes, 128 * 64 * 4)).toBe(peak);
    expect(related.map((other) => lineOf(other.loc))).toContain("let x = embed(tokens)");
    expect(notes.some((note) => note.endsWith(`needs less than ${peak} bytes`))).toBe(true);
  });

  it("makes a chunk smaller that nobody named", () => {
    const { builds, diagnostics } = compiled({ memoryBudget: peak - 1 });
    expect(diagnostics).toEqual([]);
    expect(builds[0]!.capacities.T).toBe(64);
    expect(peakOf(compiled({ memoryBudget: peak - 1 }))).toBeLessThan(peak);
  });

  it("that not even one token keeps within is refused", () => {
    expect(compiled({ memoryBudget: 100 })).toMatchObject({ builds: [], diagnostics: [{ code: "LLM0411" }] });
  });
});
