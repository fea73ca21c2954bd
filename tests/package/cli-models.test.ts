/** `build`, `run` and `verify` over checkpoints: storage, stop rules, weights that do not fit, wrong answers found. */
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { recordedNames } from "../../src/driver/recorded-outputs.ts";
import { fileOf, f32Tensor } from "../unit/runtime/safetensors-file.ts";
import { llmc, llmcJson } from "./command-line.ts";
import type { Json } from "./command-line.ts";
import { VOCAB, tinyCheckpoint, tinyWeights, truncateWeights } from "./tiny-checkpoint.ts";
import type { CheckpointOptions } from "./tiny-checkpoint.ts";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function checkpoint(options: CheckpointOptions = {}): string {
  const folder = tinyCheckpoint(options);
  folders.push(folder);
  return folder;
}

const run = (folder: string, ...args: readonly string[]): Json =>
  llmcJson(["run", folder, "--target", "js", "--tokens", "1,2", "--max-tokens", "5", ...args]);
const storageIn = (folder: string, ...args: readonly string[]): ReadonlySet<string> => {
  const { stdout } = llmc(["inspect", folder, ...args]);
  return new Set([...stdout.matchAll(/= param "[^"]*" : (\w+)\[/g)].map(([, dtype = ""]) => dtype));
};

describe("run", () => {
  it("prints what the table of conventions says", () => {
    const document = run(checkpoint());
    expect(document).toMatchObject({ ok: true, target: "js", math: "exact", promptTokens: [1, 2], text: null, stop: "length" }); // prettier-ignore
    expect(document["tokens"]).toHaveLength(5);
    expect(document["prefillSeconds"]).toBeGreaterThan(0);
    expect(document["decodeSeconds"]).toBeGreaterThan(0);
  });

  it("--tokens passes an end-of-text id, --stop-eos stops behind it", () => {
    const free = run(checkpoint())["tokens"] as number[];
    const eos = free[2] ?? 0;
    const at = free.indexOf(eos) + 1;
    const folder = checkpoint({ config: { eos_token_id: [eos] } });
    expect(run(folder)).toMatchObject({ tokens: free, stop: "length" });
    expect(run(folder, "--stop-eos")).toMatchObject({ tokens: free.slice(0, at), stop: "eos" });
  });

  it("takes the controls of sampling by the names that they have elsewhere", () => {
    const folder = checkpoint();
    const [first = 0, ...rest] = run(folder)["tokens"] as number[];
    expect(rest.length).toBe(4);
    expect(run(folder, "--logit-bias", `${first}=-inf`)["tokens"]).not.toContain(first);
    expect(run(folder, "--logit-bias", "7=90", "--logit-bias=8=50")).toMatchObject({ tokens: [7, 7, 7, 7, 7] });
    // 90 and 50, less 30 for each time: 90 and 60 and 30 for 7, 50 and 20 for 8.
    const turns = run(folder, "--logit-bias", "7=90", "--logit-bias", "8=50", "--frequency-penalty", "30");
    expect(turns).toMatchObject({ tokens: [7, 7, 8, 7, 8] });
    // Once for all times: 60 for 7 for ever; half of 90 for a token that was there.
    const once = run(folder, "--logit-bias", "7=90", "--logit-bias", "8=50", "--presence-penalty", "30");
    expect(once).toMatchObject({ tokens: [7, 7, 7, 7, 7] });
    const repeated = run(folder, "--logit-bias", "7=90", "--logit-bias", "8=50", "--repetition-penalty", "2");
    expect(repeated).toMatchObject({ tokens: [7, 8, 7, 7, 7] });
    const all = [
      "--temperature",
      "1",
      "--seed",
      "3",
      "--min-p",
      "1",
      "--repetition-penalty",
      "1",
      "--presence-penalty",
      "-0",
    ];
    expect(run(folder, ...all)["tokens"]).toEqual([first, ...rest]);
  });

  it("a prompt stops at the end of text and its text has none; the stream ends with a newline", () => {
    const args = ["run", "examples/moby", "--target", "js", "--prompt", "The whale", "--max-tokens", "3"];
    const { text, tokens } = llmcJson([...args, "--set", "eos=259"]) as unknown as { text: string; tokens: number[] };
    expect([text, tokens]).toEqual([" is", [342, 259]]);
    expect(llmcJson([...args, "--set", "eos=259", "--no-stop-eos"])).toMatchObject({ tokens: [342, 259, 277], stop: "length" }); // prettier-ignore
    expect(llmc(args).stdout).toBe(" is a c\n");
  });

  it("ends where the context ends, and refuses a prompt beyond it", () => {
    const folder = checkpoint();
    expect(run(folder, "--context", "4")).toMatchObject({ tokens: expect.objectContaining({ length: 3 }) as unknown, stop: "length" }); // prettier-ignore
    const people = (...args: readonly string[]): string =>
      llmc(["run", folder, "--target", "js", "--tokens", "1,2", "--context", "4", ...args]).stderr;
    expect(people("--max-tokens", "4")).toBe("llmc: the context of 4 tokens is full; --context gives it more\n");
    expect(people("--max-tokens", "3")).toBe("");
    expect(run(folder, "--context", "1")).toMatchObject({ exitCode: 2, error: { code: "context" } });
    expect(run(folder, "--tokens", String(VOCAB))).toMatchObject({ exitCode: 2, error: { code: "option" } });
  });

  it("takes lm_head where it is untied, and compares it where it is tied", () => {
    const weights = tinyWeights();
    const head = weights["model.embed_tokens.weight"]!;
    const tokens = run(checkpoint())["tokens"];
    const both = { ...weights, "lm_head.weight": head };
    expect(run(checkpoint({ weights: both }))).toMatchObject({ ok: true, tokens });
    expect(run(checkpoint({ weights: both, config: { tie_word_embeddings: false } }))).toMatchObject({ ok: true, tokens }); // prettier-ignore
    const other = { ...weights, "lm_head.weight": { ...head, bytes: head.bytes.map((x) => x ^ 1) } };
    expect(run(checkpoint({ weights: other }))).toMatchObject({ exitCode: 5, error: { code: "weights" } });
    expect(run(checkpoint({ weights: other, config: { tie_word_embeddings: false } }))).toMatchObject({ ok: true });
  });
});

describe("weights that do not fit", () => {
  it("one error lists all of it", () => {
    const { "model.norm.weight": norm, ...rest } = tinyWeights();
    const weights = { ...rest, "model.norm": norm!, "model.layers.0.mlp.up_proj.weight": f32Tensor([1], [0]) };
    const { exitCode, error } = run(checkpoint({ weights }));
    expect(exitCode).toBe(5);
    const { message } = error as { message: string };
    expect(message).toContain("model.norm: F32[8] in the file");
    expect(message).toContain("model.norm.weight: not in the file; the model needs [8]");
    expect(message).toContain("model.layers.0.mlp.up_proj.weight: the shape is [1], the model needs [12, 8]");
  });

  it("truncated, absent and pickled files", () => {
    const folder = checkpoint();
    expect(run(folder, "--weights", join(folder, "pytorch_model.bin"))).toMatchObject({ exitCode: 5, error: { message: expect.stringContaining("never read") as string } }); // prettier-ignore
    expect(run(folder, "--weights", join(folder, "none.safetensors"))).toMatchObject({ exitCode: 5, error: { code: "file" } }); // prettier-ignore
    truncateWeights(folder, 2000);
    expect(run(folder)).toMatchObject({ exitCode: 5, error: { code: "safetensors" } });
    expect(llmcJson(["build", folder, "--out", join(folder, "out")])).toMatchObject({ exitCode: 5 });
    rmSync(join(folder, "model.safetensors"));
    expect(run(folder)).toMatchObject({ exitCode: 5, error: { code: "file" } });
  });
});

describe("storage", () => {
  it.each([
    ["F32", "f32"],
    ["F16", "f16"],
    ["BF16", "bf16"],
  ] as const)("of a checkpoint in %s is %s unless it is given", (stored, dtype) => {
    const folder = checkpoint({ weights: tinyWeights(stored) });
    expect([...storageIn(folder)]).toEqual([dtype]);
    if (stored === "BF16") expect([...storageIn(folder, "--storage", "f16")]).toEqual(["f16"]);
    // The values are the same ones, whatever type they are held in.
    if (stored === "F16") expect(run(folder)["tokens"]).toEqual(run(folder, "--storage", "f32")["tokens"]);
  });
});

describe("build", () => {
  it("prints figures, takes the weights along, and leaves the last good package", () => {
    const folder = checkpoint();
    const out = join(folder, "out");
    const document = llmcJson(["build", folder, "--out", out, "--target", "js"]);
    expect(document).toMatchObject({ ok: true, package: out, targets: ["js"], profiles: ["js"], weights: true });
    for (const key of ["parameters", "kernels", "pipelines"]) expect(document[key]).toBeGreaterThan(0);
    expect(document["dispatches"]).toMatchObject({ extend1: { perLayer: expect.any(Number) as number } });
    expect(document["memory"]).toMatchObject({ extend1: { lowerBound: expect.any(Number) as number } });
    expect(document["seconds"]).toMatchObject({ passes: { fuse: expect.any(Number) as number } });
    const files = readdirSync(out);
    expect(files).toContain("model.safetensors");
    const before = statSync(join(out, "index.js")).mtimeMs;
    const failed = llmcJson(["build", folder, "--out", out, "--target", "js", "--set", "heads=3"]);
    expect(failed).toMatchObject({ exitCode: 1, ok: false });
    expect(readdirSync(out)).toEqual(files);
    expect(statSync(join(out, "index.js")).mtimeMs).toBe(before);
    expect(readdirSync(folder).filter((name) => name.startsWith("out."))).toEqual([]);
  });

  it("refuses a folder of somebody else without --force", () => {
    const folder = checkpoint();
    const args = ["build", folder, "--out", folder, "--target", "js"];
    expect(llmcJson(args)).toMatchObject({ exitCode: 5, error: { code: "file" } });
    expect(existsSync(join(folder, "config.json"))).toBe(true);
    expect(llmcJson(["build", folder, "--out", join(folder, "config.json")])).toMatchObject({ exitCode: 5 });
  });

  it("leaves weights out that do not fit, and says so", () => {
    const folder = checkpoint();
    const args = ["build", folder, "--out", join(folder, "out"), "--target", "js", "--set", "depth=1"];
    expect(llmcJson(args)).toMatchObject({ exitCode: 0, ok: true, weights: false });
    expect(llmc(args).stderr).toContain("the package has no weights");
  });
});

describe("verify", () => {
  /** Two rows of three. */
  const tokens = [1, 5, 2, 9, 4, 7];

  /** A checkpoint with answers: its own, or changed ones. */
  function recorded(change: { readonly logits?: number; readonly greedy?: number } = {}): string {
    const folder = checkpoint();
    const greedy = (run(folder)["tokens"] as number[]).map((token) => (token + (change.greedy ?? 0)) % VOCAB);
    writeFileSync(join(folder, "expected.json"), JSON.stringify({ prompt: [1, 2], greedy, training: [1] }));
    const source = {
      dtype: "I32",
      shape: [2, tokens.length / 2],
      bytes: new Uint8Array(Int32Array.from(tokens).buffer),
    };
    const file = join(folder, "golden.safetensors");
    const logits = f32Tensor(
      [1, tokens.length, VOCAB],
      new Float32Array(tokens.length * VOCAB).fill(change.logits ?? 0),
    );
    const grad = f32Tensor([8], [1, 2, 3, 4, 5, 6, 7, 8]);
    writeFileSync(file, fileOf({ "in.tokens": source, "out.logits": logits, "out.extra": grad, "grad.model.norm.weight": grad })); // prettier-ignore
    return folder;
  }

  type Rows = readonly (Json & { readonly name: string; readonly ok: boolean })[];
  const rows = (document: Json): Rows => document["outputs"] as Rows;

  it("has a row for every answer, on every target", () => {
    const folder = recorded();
    const document = llmcJson(["verify", folder, "--target", "js,reference", "--training"]);
    expect(document).toMatchObject({ exitCode: 1, ok: false });
    expect(document["error"]).toBeUndefined();
    const names = ["out.logits", "out.extra", "extend", "greedy", "grad.model.norm.weight", "training"];
    for (const target of ["js", "reference"]) {
      const own = rows(document).filter((row) => row["target"] === target);
      expect(own.map(({ name }) => name)).toEqual(names);
      // All logits are 0 in the file: that row is wrong, and the others do not suffer. `extend` equals `forward`.
      expect(own.filter(({ ok }) => ok).map(({ name }) => name)).toEqual(["extend", "greedy"]);
      expect(own.find(({ name }) => name === "out.extra")).toMatchObject({ reason: "the model has no such output" });
      expect(own.find(({ name }) => name === "training")).toMatchObject({ reason: "llmc derives no gradients yet" });
    }
  });

  it("says where wrong outputs may be the rounding that was asked for", () => {
    const folder = recorded();
    const said = (...flags: readonly string[]): string => llmc(["verify", folder, "--target", "js", ...flags]).stderr;
    expect(said("--storage", "f16")).toContain("what `--storage` rounds counts as an error");
    expect(said("--storage", "f32")).not.toContain("rounds");
  });

  it("counts greedy tokens that differ", () => {
    const document = llmcJson(["verify", recorded({ greedy: 1 }), "--target", "js"]);
    expect(rows(document).find(({ name }) => name === "greedy")).toMatchObject({
      maxError: 5,
      tolerance: 0,
      ok: false,
    });
  });

  it("compares the continuations of several prompts, and refuses a folder without answers", () => {
    const folder = checkpoint();
    const tokens = run(folder)["tokens"] as number[];
    const expected = (greedy: readonly number[]): void =>
      writeFileSync(join(folder, "expected.json"), JSON.stringify({ prompts: { a: { tokens: [1, 2], greedy } } }));
    expected(tokens);
    expect(llmcJson(["verify", folder, "--target", "js"])).toMatchObject({ ok: true, outputs: [{ name: "greedy" }] });
    expected(tokens.map((token) => (token + 1) % VOCAB));
    expect(llmcJson(["verify", folder, "--target", "js"])).toMatchObject({ outputs: [{ maxError: 5, ok: false }] });
    writeFileSync(join(folder, "expected.json"), "{}");
    expect(llmcJson(["verify", folder, "--target", "js"])).toMatchObject({ exitCode: 5, ok: false });
  });

  it("refuses names, folders and families", () => {
    const folder = recorded();
    expect(llmcJson(["verify", folder, "--target", "vulkan"])).toMatchObject({ exitCode: 2, ok: false });
    expect(llmcJson(["verify", "/nonexistent"])).toMatchObject({ exitCode: 5, ok: false });
    const config = join(folder, "config.json");
    writeFileSync(config, readFileSync(config, "utf8").replace(`"llama"`, `"bert"`));
    expect(llmcJson(["verify", folder])).toMatchObject({ exitCode: 1, error: { diagnostics: [{ code: "LLM0310" }] } });
  });
});

describe("recorded names", () => {
  it("orders the layers of several loops", () => {
    const results = new Map<string, number[]>([["logits", [0]], ["layers.in", [1]]]); // prettier-ignore
    results.set("layers.out_from_0_step_2.0", [2]).set("layers.out_from_0_step_2.1", [4]);
    results.set("layers.out_from_1_step_2.0", [3]).set("layers.out_from_1_step_2.1", [5]);
    results.set("layers.out_from_4_step_1.0", [6]);
    const named = recordedNames(results);
    expect([0, 1, 2, 3, 4, 5].map((i) => named.get(`out.hidden.${i}`)?.[0])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(named.get("out.layers.out.3")).toEqual([5]);
    results.set("hidden_from_2_step_3.1", [8]);
    expect(recordedNames(results).get("out.hidden.5")).toEqual([8]);
    results.delete("hidden_from_2_step_3.1");
    results.set("hidden.final", [7]);
    expect(recordedNames(results).get("out.hidden.5")).toEqual([7]);
    expect(recordedNames(results).get("out.hidden.6")).toBeUndefined();
  });
});
