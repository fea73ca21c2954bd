/** What `build` writes and what it leaves alone: the entries that nobody named, and the folders that are not its own. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BLOCK_BYTES } from "../../src/runtime/http/block-store.ts";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";
import { llmc, llmcJson } from "./command-line.ts";
import { workFolder } from "./work-folder.ts";

const { work, write } = workFolder();

const reader = (mask: string): string => `model Reader(vocab: int = 11, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  use head: Linear(dim, vocab)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] {
    let x = split_heads(embed(tokens), 2)
    return head(merge_heads(attention(x, x, x, mask: ${mask})))
  }
}
`;

describe("a build that computes in f16", () => {
  const build = (...args: readonly string[]): readonly string[] =>
    ["build", write("decoder.llm", reader("causal")), "--out", join(work, "halves"), ...args]; // prettier-ignore

  it("has f16 in the kernels of profiles that have it, weights in f16, and a line that names the other profiles", () => {
    const { exitCode, stderr } = llmc(build("--target", "webgpu", "--compute", "f16"));
    expect([exitCode, stderr]).toEqual([0, "note: webgpu-cpu, webgpu-base compute in f32: no f16 there\n"]);
    expect(llmc(build("--target", "cuda", "--compute", "f16")).stderr).not.toContain("compute");
    const inspected = llmc(["inspect", write("decoder.llm", reader("causal")), "--profile", "webgpu-gpu", "--compute", "f16"]); // prettier-ignore
    expect(inspected.stdout).toContain('param "head.weight" : f16[');
  });

  it("is refused in a type that nothing computes in", () => {
    const { exitCode, stderr } = llmc(build("--compute", "bf16"));
    expect([exitCode, stderr]).toEqual([2, "llmc: --compute is one of f32, f16, not `bf16`\n"]);
  });
});

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
    expect(llmc(run).stderr).toContain("or build with `--entries forward`");
  });

  it("is not one that can: it generates, without a word", () => {
    const { exitCode, stderr } = llmc(build(write("decoder.llm", reader("causal"))));
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(readFileSync(join(work, "reader", "index.d.ts"), "utf8")).toMatch(/^export interface Model .*Generates, /m);
  });
});

describe("the hashes of the weights in the package", () => {
  const VOCAB = 300_000;
  /** `index.js` of a model of 19 MB with the file of weights that it is given. */
  function indexOf(weights: Uint8Array | undefined): string {
    const folder = mkdtempSync(join(work, "hashes-"));
    writeFileSync(join(folder, "reader.llm"), reader("causal").replace("vocab: int = 11", `vocab: int = ${VOCAB}`));
    if (weights !== undefined) writeFileSync(join(folder, "model.safetensors"), weights);
    const out = join(folder, "out");
    expect(llmcJson(["build", folder, "--target", "js", "--out", out])).toMatchObject({ ok: true });
    return readFileSync(join(out, "index.js"), "utf8");
  }
  const checkpoint = (vocab: number): Uint8Array => {
    const table = f32Tensor(
      [vocab, 8],
      Array.from({ length: vocab * 8 }, (_, i) => i % 1000),
    );
    return fileOf({ "embed.weight": table, "head.weight": table });
  };

  it("are those of its stretches of 8 MiB", () => {
    const weights = checkpoint(VOCAB);
    const [, digest = ""] = /^  weightsDigest: (.*),$/m.exec(indexOf(weights)) ?? [];
    const hashOf = (at: number): string => createHash("sha256").update(weights.subarray(at, at + BLOCK_BYTES)).digest("base64"); // prettier-ignore
    const sha256 = [0, BLOCK_BYTES, 2 * BLOCK_BYTES].map(hashOf);
    expect(JSON.parse(digest)).toEqual({ bytes: weights.length, sha256 });
  });

  it("are not there without weights, or with some that do not fit", () => {
    for (const weights of [undefined, checkpoint(12)]) expect(indexOf(weights)).not.toContain("weightsDigest");
  });
});

describe("--force", () => {
  /** A folder with somebody's file, and the arguments of a build that would replace `out`. */
  function project(name: string): { readonly folder: string; readonly args: readonly string[] } {
    const folder = join(work, name);
    mkdirSync(join(folder, "inner"), { recursive: true });
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    writeFileSync(join(folder, "model.llm"), reader("causal"));
    return { folder, args: ["build", join(folder, "model.llm"), "--target", "js", "--force", "--out"] };
  }
  const keeps = (folder: string): void => {
    expect(readFileSync(join(folder, "thesis.txt"), "utf8")).toBe("years of work");
    expect(readdirSync(work).filter((name) => /\.(new|old)$/.test(name))).toEqual([]);
  };

  it("does not delete the source, by whatever path it is named", () => {
    const { folder, args } = project("sources");
    symlinkSync(folder, join(work, "link"));
    for (const out of [folder, join(folder, "inner", ".."), join(work, "link"), work]) {
      const { exitCode, error } = llmcJson([...args, out]);
      expect({ exitCode, error }).toMatchObject({ exitCode: 5, error: { code: "file" } });
      expect((error as { message: string }).message).toContain(`contains ${join(folder, "model.llm")}, which the`);
    }
    expect(llmcJson(["build", folder, "--force", "--out", folder])).toMatchObject({ exitCode: 5 });
    keeps(folder);
  });

  it("does not delete the working directory, the home directory or the root", () => {
    const { folder } = project("places");
    const args = ["build", write("elsewhere.llm", reader("causal")), "--target", "js", "--force", "--out"];
    const refusal = (out: string, options: Parameters<typeof llmcJson>[1]): unknown => {
      const { exitCode, error } = llmcJson([...args, out], options);
      return [exitCode, (error as { message: string }).message];
    };
    const inner = join(folder, "inner");
    expect(refusal("..", { cwd: inner })).toEqual([5, expect.stringContaining(".. contains the working directory")]);
    expect(refusal(".", { cwd: folder })).toEqual([5, expect.stringContaining(". is the working directory")]);
    expect(refusal(folder, { env: { HOME: folder } })).toEqual([5, expect.stringContaining("is the home directory")]);
    expect(refusal(folder, { env: { HOME: inner } })).toEqual([5, expect.stringContaining("contains the home")]);
    expect(refusal("/", {})).toEqual([5, expect.stringContaining("/ is the root of the file system")]);
    keeps(folder);
  });

  it("replaces other folders, also below those, and beside one whose name begins alike", () => {
    const { folder, args } = project("near");
    const out = join(folder, "inner");
    writeFileSync(join(out, "old.txt"), "");
    expect(llmcJson([...args, out], { cwd: folder, env: { HOME: folder } })).toMatchObject({ exitCode: 0, ok: true });
    expect([existsSync(join(out, "old.txt")), existsSync(join(out, "index.js"))]).toEqual([false, true]);
    const other = join(work, "nea");
    mkdirSync(other);
    writeFileSync(join(other, "old.txt"), "");
    expect(llmcJson([...args, other], { cwd: folder })).toMatchObject({ exitCode: 0, ok: true });
    // An empty folder has nothing to lose.
    const empty = join(work, "empty");
    mkdirSync(empty);
    expect(llmcJson([...args, "."], { cwd: empty })).toMatchObject({ exitCode: 0, ok: true });
    keeps(folder);
  });
});

describe("the parents of --out", () => {
  const args = (out: string): readonly string[] => ["build", write("deep.llm", reader("causal")), "--target", "js", "--out", out]; // prettier-ignore

  it("are made", () => {
    expect(llmcJson(args(join(work, "a", "b", "c")))).toMatchObject({ exitCode: 0, ok: true });
    expect(readdirSync(join(work, "a", "b"))).toEqual(["c"]);
  });

  it.skipIf(!existsSync("/proc/self"))("that cannot be made are an error at once", { timeout: 20_000 }, () => {
    for (const out of ["/proc/x/y", "/proc/x"])
      expect(llmcJson(args(out))).toMatchObject({ exitCode: 5, error: { code: "file", message: expect.stringContaining(`cannot write ${out}`) as string } }); // prettier-ignore
    expect(llmcJson(args(join(work, "deep.llm", "y")))).toMatchObject({ exitCode: 5, error: { code: "file" } });
  });
});
