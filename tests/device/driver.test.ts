/**
 * The program that a package for `cuda` builds, compiled with g++ and run on the simulator: the recorded tokens, what it
 * prints, and what it refuses with which exit code.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSource } from "../../src/cli/load-source.ts";
import { packageFiles } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { compileProgram, simProblem } from "../support/cuda-sim.ts";
import { mobyPrompts } from "../support/moby-package.ts";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";

const problem = simProblem();
const EXAMPLE = path.resolve(import.meta.dirname, "../../examples/moby");
const WEIGHTS = path.join(EXAMPLE, "model.safetensors");

let folder = "";
beforeAll(async () => {
  if (problem !== undefined) return;
  folder = mkdtempSync(path.join(tmpdir(), "llmc-driver-"));
  const source = { path: "moby.llm", text: readFileSync(path.join(EXAMPLE, "moby.llm"), "utf8") };
  // A chunk shorter than the prompts, so that a prompt takes several calls; the fourth token of the first one ends it.
  const set = { eos: String(mobyPrompts()[0]?.greedy[3]) };
  const options = { profiles: [cudaSm80], entries: ["generate"], storage: "f16", chunk: 4, set } as const;
  const files = [...packageFiles(compile(source, options), "moby", "0.0.0")]
    .filter(([name]) => name.startsWith("cuda/"))
    .map(([name, text]) => [name.slice("cuda/".length), text] as const);
  for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
  await compileProgram(Object.fromEntries(files), path.join(folder, "moby"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(path.join(folder, "moby"), args, { encoding: "utf8", cwd: folder });
  return { status, stdout, stderr };
}
const weights = ["--weights", WEIGHTS];
const INCLUDE = path.join(import.meta.dirname, "sim/include");

describe.skipIf(problem !== undefined)("the driver", { timeout: 60_000 }, () => {
  it.each(["main.cu", "plan.cu"])("has no warnings in %s", (unit) => {
    const flags = ["-std=c++17", "-pedantic", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-fsyntax-only", "-isystem", INCLUDE, "-include", "cuda_runtime.h"]; // prettier-ignore
    expect(spawnSync("g++", [...flags, "-x", "c++", unit], { cwd: folder, encoding: "utf8" }).stderr).toBe("");
  });

  it.each(mobyPrompts().slice(0, 2))("continues $prompt with the recorded tokens", ({ tokens, greedy }) => {
    const { status, stdout, stderr } = run("--tokens", tokens.join(), "--max-tokens", "5", ...weights);
    expect([stderr, stdout, status]).toEqual(["", `${greedy.slice(0, 5).join()}\n`, 0]);
  });

  it("prints one document with --json", () => {
    const { tokens, greedy } = mobyPrompts()[0]!;
    const { status, stdout } = run("--tokens", tokens.join(), "--max-tokens", "2", "--json", ...weights);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      target: "cuda",
      adapter: expect.any(String),
      promptTokens: tokens,
      tokens: greedy.slice(0, 2),
      text: null,
      stop: "length",
      prefillSeconds: expect.any(Number),
      decodeSeconds: expect.any(Number),
    });
  });

  it("samples with every control as the runtime does", async () => {
    const prompt = mobyPrompts()[0]!.tokens;
    const options = { temperature: 0.8, topK: 60, topP: 0.95, minP: 0.02, seed: 7, repetitionPenalty: 1.3, presencePenalty: 0.4, frequencyPenalty: 0.2 }; // prettier-ignore
    const bias = { 3: 1.5, 14: -Infinity, 283: 2 };
    const { model } = await loadSource(EXAMPLE, { target: "cpu", entries: ["generate"], threads: 1 });
    const generation = model.generate(prompt, { ...options, logitBias: bias, maxTokens: 4, stopAtEos: false });
    await generation.text();
    await model.close();
    const flags = Object.entries(options).flatMap(([name, x]) => [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(x)]); // prettier-ignore
    const biases = Object.entries(bias).flatMap(([token, x]) => ["--logit-bias", `${token}=${x === -Infinity ? "-inf" : x}`]); // prettier-ignore
    const { stdout, stderr } = run("--tokens", prompt.join(), "--max-tokens", "4", ...flags, ...biases, ...weights);
    expect([stderr, stdout]).toEqual(["", `${generation.tokens.join()}\n`]);
    expect(generation.tokens).not.toEqual(mobyPrompts()[0]!.greedy.slice(0, 4));
  });

  it("stops at an end-of-text token if it is told to", () => {
    const { tokens, greedy } = mobyPrompts()[0]!;
    const { stdout } = run("--tokens", tokens.join(), "--max-tokens", "6", "--stop-eos", "--json", ...weights);
    expect(JSON.parse(stdout)).toMatchObject({ tokens: greedy.slice(0, 4), stop: "eos" });
  });

  it.each([
    ["no tokens", [], 2, /--tokens is missing/],
    ["an empty list", ["--tokens", ""], 2, /the prompt is empty/],
    ["what is no id", ["--tokens", "1,x"], 2, /`x` is no token id/],
    ["a negative id", ["--tokens=-1"], 2, /`-1` is no token id/],
    ["a token outside the vocabulary", ["--tokens", "1023,1024"], 2, /from 0 to 1023, not 1024/],
    [
      "a prompt beyond the context",
      ["--tokens", Array(513).fill(1).join()],
      2,
      /has 513 tokens, the context holds 512/,
    ],
    ["an unknown option", ["--tokens", "1", "--token"], 2, /unknown option `--token`/],
    ["no tokens to generate", ["--tokens", "1", "--max-tokens", "0"], 2, /--max-tokens must be/],
    ["an option without its value", ["--tokens"], 2, /--tokens needs a value/],
    ["a temperature below 0", ["--tokens", "1", "--temperature", "-1"], 2, /--temperature takes a number from 0 to 100, not `-1`/], // prettier-ignore
    ["a hexadecimal number", ["--tokens", "1", "--min-p", "0x0"], 2, /--min-p takes a number from 0 to 1, not `0x0`/],
    ["a penalty of 0", ["--tokens", "1", "--repetition-penalty=0"], 2, /takes a number from 0.01 to 100/],
    ["a top-k that is no integer", ["--tokens", "1", "--top-k", "1.5"], 2, /--top-k must be an integer from 0/],
    ["a bias without a token", ["--tokens", "1", "--logit-bias", "=1"], 2, /TOKEN=BIAS/],
    ["a bias that is no number", ["--tokens", "1", "--logit-bias", "1=nan"], 2, /--logit-bias takes a number/],
    ["a bias of a token outside", ["--tokens", "1", "--logit-bias", "1024=1"], 2, /tokens below 1024, not 1024/],
    ["a file that is not there", ["--tokens", "1"], 5, /cannot read model\.safetensors: no such file/],
    ["a folder", ["--tokens", "1", "--weights", EXAMPLE], 5, /it is no plain file/],
  ] as const)("refuses %s", (_, args, code, message) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.split("\n")).toHaveLength(2);
  });

  it("refuses a file that was cut off, and one of another model with everything that is wrong in one message", () => {
    const cut = path.join(folder, "cut.safetensors");
    writeFileSync(cut, readFileSync(WEIGHTS));
    truncateSync(cut, 100_000);
    expect(run("--tokens", "1", "--weights", cut)).toMatchObject({ status: 5, stderr: expect.stringMatching(/ends at byte/) }); // prettier-ignore
    const other = path.join(folder, "other.safetensors");
    writeFileSync(other, fileOf({ "model.norm.weight": f32Tensor([2], [1, 2]), extra: f32Tensor([1], [1]) }));
    const { status, stdout, stderr } = run("--tokens", "1", "--json", "--weights", other);
    expect(status).toBe(5);
    for (const text of [
      "model.embed_tokens.weight: not in the file; the model needs [1024, 128]",
      "model.norm.weight: the shape is [2], the model needs [128]",
      "extra: F32[1] in the file",
    ])
      // prettier-ignore
      expect(stderr).toContain(text);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: "weights", message: expect.stringContaining("extra: F32[1]") } }); // prettier-ignore
  });
});
