/** `SOURCE#NAME`: a file of two models under every command that takes a source, and a `#` that is part of a path. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";
import { llmc, llmcJson } from "./command-line.ts";
import { workFolder } from "./work-folder.ts";

const model = (name: string, dim: number): string => `model ${name}(vocab: int = 8, dim: int = ${dim}) {
  use embed: Embedding(vocab, dim)

  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    return embed(tokens) @ transpose(embed.weight)
  }
}
`;

const { work, write } = workFolder();
const two = write("two.llm", `${model("Nano", 4)}\n${model("Micro", 6)}`);
beforeAll(() => writeFileSync(join(work, "model.safetensors"), weights(6)));

/** An embedding in which every token is most like itself. */
function weights(dim: number): Uint8Array {
  const values = Array.from({ length: 8 * dim }, (_, i) => Math.cos(i) + (i % dim === Math.floor(i / dim) ? 9 : 0));
  return fileOf({ "embed.weight": f32Tensor([8, dim], values) });
}

describe("a file of two models", () => {
  it("check says how to choose one, and the words of its help work", () => {
    const { exitCode, diagnostics } = llmcJson(["check", two]);
    expect(exitCode).toBe(1);
    expect(diagnostics).toMatchObject([{ code: "LLM0308", message: "the file declares 2 models: Nano, Micro" }]);
    const [, advice = ""] = /`(.*)`/.exec((diagnostics as [{ help: string }])[0].help) ?? [];
    expect(advice).toBe(`${two}#Nano`);
    expect(llmcJson(["check", advice])).toMatchObject({ exitCode: 0, ok: true, diagnostics: [] });
    expect(llmcJson(["check", work])).toMatchObject({ exitCode: 1, diagnostics: [{ code: "LLM0308" }] });
    expect(llmcJson(["check", `${work}#Micro`])).toMatchObject({ exitCode: 0, ok: true });
  });

  it("an unknown name gets the near one, an empty one is a usage error", () => {
    const { exitCode, diagnostics } = llmcJson(["check", `${two}#Micra`]);
    expect({ exitCode, diagnostics }).toMatchObject({ exitCode: 1, diagnostics: [{ code: "LLM0308", help: "did you mean `Micro`?" }] }); // prettier-ignore
    expect(llmcJson(["check", `${two}#`])).toMatchObject({ exitCode: 2, error: { code: "usage" } });
  });

  it("build, inspect and run take the chosen one", () => {
    const out = join(work, "package");
    expect(llmcJson(["build", `${two}#Micro`, "--out", out, "--target", "js"])).toMatchObject({ exitCode: 0, parameters: 48, weights: true }); // prettier-ignore
    expect(readFileSync(join(out, "index.js"), "utf8")).toMatch(/"name": "Micro"/);
    const { text } = llmcJson(["inspect", `${two}#Nano`]) as { text?: string };
    expect(text).toMatch(/^module "Nano"/);
    const run = (name: string): unknown =>
      llmcJson(["run", `${two}#${name}`, "--target", "js", "--tokens", "3", "--max-tokens", "2"]);
    expect(run("Micro")).toMatchObject({ exitCode: 0, tokens: [3, 3] });
    expect(run("Nano")).toMatchObject({ exitCode: 5, error: { code: "weights" } });
  });

  it("verify takes it in --model and behind the folder", () => {
    const folder = join(work, "golden");
    mkdirSync(folder);
    writeFileSync(join(folder, "model.safetensors"), weights(6));
    writeFileSync(join(folder, "two.llm"), readFileSync(two));
    writeFileSync(join(folder, "expected.json"), JSON.stringify({ prompt: [3], greedy: [3] }));
    const tokens = { dtype: "I32", shape: [1, 1], bytes: new Uint8Array(Int32Array.of(3).buffer) };
    writeFileSync(join(folder, "golden.safetensors"), fileOf({ "in.tokens": tokens }));
    for (const args of [[folder, "--model", `${two}#Micro`], [`${folder}#Micro`]])
      // prettier-ignore
      expect(llmcJson(["verify", ...args, "--target", "js"])).toMatchObject({ exitCode: 0, ok: true });
    expect(llmcJson(["verify", folder, "--target", "js"])).toMatchObject({ exitCode: 1, error: { code: "source" } });
  });
});

describe("verify with a model written by hand", () => {
  it("takes config values from the folder's config.json by name; --set wins", () => {
    const folder = join(work, "published");
    mkdirSync(folder);
    writeFileSync(join(folder, "model.safetensors"), weights(6));
    writeFileSync(join(folder, "expected.json"), JSON.stringify({ prompt: [3], greedy: [3] }));
    const config = (text: string): void => writeFileSync(join(folder, "config.json"), text);
    const verify = (...args: readonly string[]): unknown =>
      llmcJson(["verify", folder, "--model", `${two}#Nano`, "--target", "js", ...args]);
    config('{ "model_type": "none", "dim": 6 }');
    expect(verify()).toMatchObject({ exitCode: 0, ok: true });
    expect(verify("--set", "dim=5")).toMatchObject({ exitCode: 5, error: { code: "weights" } });
    config('{ "dim": "six" }');
    expect(verify()).toMatchObject({ exitCode: 1, error: { diagnostics: [{ code: "LLM0302" }] } });
    config('{ "dim": {} }');
    expect(verify()).toMatchObject({ exitCode: 1, error: { diagnostics: [{ code: "LLM0313" }] } });
    config('{ "dim": 6');
    expect(verify()).toMatchObject({ exitCode: 5, error: { code: "file" } });
  });
});

describe("a # in a path", () => {
  it("belongs to the path where such a file or folder exists", () => {
    const folder = join(work, "issue#4");
    mkdirSync(folder);
    writeFileSync(join(folder, "a#b.llm"), model("Nano", 4));
    for (const source of [folder, join(folder, "a#b.llm"), `${join(folder, "a#b.llm")}#Nano`])
      expect(llmcJson(["check", source])).toMatchObject({ exitCode: 0, ok: true });
    expect(llmc(["check", join(folder, "c#d.llm")]).stderr).toContain("no such file or folder");
  });
});
