/** What `build` writes and what it leaves alone: the entries that nobody named, and the folders that are not its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";
import { llmc, llmcJson } from "./command-line.ts";

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "llmc-test-"));
});
afterAll(() => rmSync(work, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(work, name);
  writeFileSync(file, text);
  return file;
}

const reader = (mask: string): string => `model Reader(vocab: int = 11, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  use head: Linear(dim, vocab)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = split_heads(embed(tokens), 2)
    return head(merge_heads(attention(x, x, x, mask: ${mask})))
  }
}
`;

describe("a model that cannot generate", () => {
  const build = (source: string, ...args: readonly string[]): readonly string[] =>
    ["build", source, "--target", "js", "--out", join(work, "reader"), ...args]; // prettier-ignore

  it("is built with `forward`, and one line says so", () => {
    const encoder = write("encoder.llm", reader("full"));
    const { exitCode, stderr } = llmc(build(encoder));
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^note: the build has only `forward`: `forward` cannot be split into tokens: .*\n$/);
    expect(readFileSync(join(work, "reader", "index.d.ts"), "utf8")).toMatch(
      /^export interface Model .*, Forwards \{/m,
    );
    expect(llmcJson(build(encoder))).toMatchObject({ ok: true, dispatches: { forward: { perLayer: 0 } } });
    const inspected = llmc(["inspect", encoder]);
    expect(inspected.stdout).toContain("func @forward");
    expect(inspected.stderr).toContain("note: the build has only `forward`");
  });

  it("is an error where generation is asked for, by `--entries` or by `run`", () => {
    const encoder = write("encoder.llm", reader("full"));
    const refused = { exitCode: 1, error: { code: "source", diagnostics: [{ code: "LLM0501" }] } };
    expect(llmcJson(build(encoder, "--entries", "generate"))).toMatchObject(refused);
    expect(llmcJson(["inspect", encoder, "--entries", "generate"])).toMatchObject(refused);
    expect(llmc(build(encoder, "--entries", "forward")).stderr).toBe("");
    const weights = join(work, "reader.safetensors");
    const table = f32Tensor([11, 8], new Array<number>(88).fill(1));
    writeFileSync(weights, fileOf({ "embed.weight": table, "head.weight": table }));
    const run = ["run", encoder, "--weights", weights, "--target", "js", "--tokens", "1"];
    expect(llmcJson(run)).toMatchObject(refused);
    expect(llmc(run).stderr).toContain("let tokens meet in a causal attention only, or build with `--entries forward`");
  });

  it("is not one that can: it generates, without a word", () => {
    const { exitCode, stderr } = llmc(build(write("decoder.llm", reader("causal"))));
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(readFileSync(join(work, "reader", "index.d.ts"), "utf8")).toMatch(/^export interface Model .*Generates, /m);
  });
});
