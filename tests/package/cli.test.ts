/** The command line as scripts meet it: one document with `--json`, the exit codes, the names that it suggests. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bugReport } from "../../src/cli/bug-report.ts";
import { LLMC_BUNDLE, NO_ADAPTER, llmc, llmcJson } from "./command-line.ts";
import type { Json } from "./command-line.ts";
import { workFolder } from "./work-folder.ts";

const { work, write } = workFolder();

const MOBY = "examples/moby";

describe("help and usage", () => {
  it("starts with examples and goes to stdout", () => {
    for (const args of [["--help"], ["build", "--help"], ["help", "run"]]) {
      const { exitCode, stdout, stderr } = llmc(args);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Examples:\n {2}\$ llmc /);
      expect(stdout).not.toContain("default: []");
    }
  });

  it("is one document with --json", () => {
    expect(llmcJson(["run", "--help"])).toMatchObject({ exitCode: 0, ok: true, text: expect.stringMatching(/^Examples/) as string }); // prettier-ignore
  });

  it("wants a command", () => {
    const { exitCode, stdout, stderr } = llmc([]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("build, check, fmt");
  });

  it("wants one of scripts too, wherever `--json` stands", () => {
    const { exitCode, ok, error } = llmcJson([]);
    expect({ exitCode, ok }).toEqual({ exitCode: 2, ok: false });
    expect(error).toEqual({ code: "usage", message: expect.stringContaining("no command given; there are: build") as string }); // prettier-ignore
    expect(JSON.parse(llmc(["--json", "explain", "LLM0203"]).stdout)).toMatchObject({ ok: true, code: "LLM0203" });
    expect(llmc(["--jsn"]).stderr).toContain("unknown option '--jsn'");
  });

  it.each([
    [["biuld", MOBY], "did you mean build"],
    [["build", MOBY, "--otu", "x"], "did you mean --out"],
    [["build", MOBY], "--out is missing"],
    [["build", MOBY, "--out", "x", "--target", "webgpu,vulkan"], "there are: webgpu"],
    [["build", MOBY, "--out", "x", "--profile", "webgpu-gpux"], "did you mean `webgpu-gpu`"],
    [["build", MOBY, "--out", "x", "--profile", "webgpu-cpu", "--target", "js"], "belongs to the target webgpu"],
    [["inspect", MOBY, "--why", "h"], "two names, not 1"],
    [["inspect", MOBY, "--memory", "png"], "unknown form of `--memory` `png`"],
    [["inspect", MOBY, "--why", "h", "nothing"], "no value, line, op, layer or kernel `nothing`"],
    [["inspect", MOBY, "--why", "h", "y", "--after", "fuse"], "no --stage and no --after"],
    [["inspect", MOBY, "--stage", "tensr"], "did you mean `tensor`"],
    [["inspect", MOBY, "--after", "fusee"], "did you mean `fuse`"],
    [["inspect", MOBY, "--stage", "wgsl", "--after", "fuse"], "belongs to the stage tensor"],
    [["inspect", MOBY, "--after", "nope"], "pack-weights, lower, legalize"],
    [["inspect", MOBY, "--passes=-lower"], "unknown pass `lower`"],
    [["inspect", MOBY, "--stage", "wgsl", "--profile", "js"], "ask for --stage js"],
    [["inspect", MOBY, "--stage", "js", "--profile", "cpu-simd"], "ask for --stage wat"],
    [["inspect", MOBY, "--stage", "wat", "--profile", "webgpu-gpu"], "ask for --stage wgsl"],
    [["inspect", MOBY, "--passes=-fus"], "did you mean `fuse`"],
    [["run", MOBY], "either --prompt or --tokens"],
    [["run", MOBY, "--tokens", "1,x"], "`x` is no token id"],
    [["run", MOBY, "--tokens", "1", "--math", "quick"], "exact or fast"],
    [["run", MOBY, "--tokens", "1", "--max-tokens", "0"], "from 1 to"],
    [["run", MOBY, "--tokens", "1", "--top-p", "0"], "--top-p takes a number above 0 and at most 1, not `0`"],
    [["run", MOBY, "--tokens", "1", "--top-p", "1.1"], "above 0 and at most 1"],
    [["inspect", MOBY, "--memory-budget", "0"], "from 1 to 9007199254740991"],
    [["run", MOBY, "--tokens", "1", "--min-p", "1.5"], "--min-p takes a number from 0 to 1"],
    [["run", MOBY, "--tokens", "1", "--repetition-penalty", "0"], "from 0.01 to 100"],
    [["run", MOBY, "--tokens", "1", "--presence-penalty=-101"], "from -100 to 100"],
    [["run", MOBY, "--tokens", "1", "--logit-bias", "1:2"], "TOKEN=BIAS"],
    [["run", MOBY, "--tokens", "1", "--target", "cudo"], "did you mean `cuda`"],
    [["explain", "LLM0253"], "did you mean LLM0"],
  ])("%j is a usage error", (args, words) => {
    const { exitCode, ok, error } = llmcJson(args);
    expect({ exitCode, ok }).toEqual({ exitCode: 2, ok: false });
    expect(error).toMatchObject({ code: "usage" });
    expect((error as { message: string }).message.toLowerCase()).toContain(words.toLowerCase());
  });
});

describe("values from elsewhere", () => {
  it("flag before environment before config file before default", () => {
    write("llmc.config.json", `{ "target": "vulkan", "stage": "plan" }`);
    const message = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
      const { error } = llmcJson(["inspect", "missing.llm", ...args], { cwd: work, env });
      return (error as { message: string }).message;
    };
    expect(message([])).toContain("missing.llm");
    expect(message([], { LLMC_STAGE: "nope" })).toContain("unknown stage `nope`");
    expect(message(["--stage", "kernel"], { LLMC_STAGE: "nope" })).toContain("missing.llm");
    write("llmc.config.json", `{ "stage": "none" }`);
    expect(message([])).toContain("unknown stage `none`");
    rmSync(join(work, "llmc.config.json"));
  });

  it("a config file that cannot be read is named, and of two the one that was read", () => {
    const failure = (): Json => llmcJson(["inspect", "missing.llm"], { cwd: work });
    const blamed = (name: string): object => ({ exitCode: 5, error: { code: "file", message: expect.stringContaining(`cannot read the config ${name}: `) as string } }); // prettier-ignore
    for (const text of ["[]", "null", `{ "target": `]) {
      write("llmc.config.json", text);
      expect(failure()).toMatchObject(blamed("llmc.config.json"));
    }
    write("llmc.config.mjs", "export default 3;");
    expect(failure()).toMatchObject(blamed("llmc.config.mjs"));
    write("llmc.config.mjs", `export default { stage: "nope" };`);
    expect(failure()).toMatchObject({ exitCode: 2, error: { message: expect.stringContaining("`nope`") as string } });
    for (const name of ["llmc.config.json", "llmc.config.mjs"]) rmSync(join(work, name));
  });

  it("a key that no command reads is warned of, one that another command reads is not", () => {
    const warnings = (text: string): readonly string[] => {
      write("llmc.config.json", text);
      const { stderr } = llmc(["explain", "LLM0203"], { cwd: work });
      rmSync(join(work, "llmc.config.json"));
      return stderr.split("\n").slice(0, -1);
    };
    expect(warnings(`{ "targt": "js", "max-tokens": 3, "zzz": 1 }`)).toEqual([
      "warning: llmc.config.json: unknown key `targt`, did you mean `target`?",
      "warning: llmc.config.json: unknown key `max-tokens`, did you mean `maxTokens`?",
      "warning: llmc.config.json: unknown key `zzz`",
    ]);
    expect(warnings(`{ "__proto__": { "target": "nope" }, "force": true }`)).toEqual([
      "warning: llmc.config.json: unknown key `__proto__`",
      "warning: llmc.config.json: the key `force` is not read: --force belongs to a single call",
    ]);
    expect(warnings(`{ "target": "js", "maxTokens": 3, "stopEos": true, "entries": ["forward"] }`)).toEqual([]);
  });
});

describe("check, explain, fmt, import", () => {
  const wrong = "model Tiny(dim: int = 4) {\n  forward(x: f[B, dim]) -> f[B, dim] {\n    return x + yy\n  }\n}\n";

  it("check lists diagnostics with places", () => {
    const file = write("wrong.llm", wrong);
    const { exitCode, ok, diagnostics, error } = llmcJson(["check", file]);
    expect({ exitCode, ok, error }).toEqual({ exitCode: 1, ok: false, error: undefined });
    expect(diagnostics).toEqual([
      expect.objectContaining({ code: "LLM0201", severity: "error", file, related: expect.any(Array) as unknown[] }),
    ]);
    const [{ start, end }] = diagnostics as [{ start: unknown; end: unknown }];
    expect(start).toEqual({ line: 3, column: 16, offset: wrong.indexOf("yy") });
    expect(end).toEqual({ line: 3, column: 18, offset: wrong.indexOf("yy") + 2 });
  });

  it("a value of --set that makes no model has the place of the declaration", () => {
    const { exitCode, diagnostics } = llmcJson(["check", MOBY, "--set", "dim=0"]);
    expect(exitCode).toBe(1);
    expect(diagnostics).toEqual([expect.objectContaining({ code: "LLM0305", file: "examples/moby/moby.llm", start: expect.objectContaining({ column: 3 }) as unknown })]); // prettier-ignore
    expect(llmcJson(["check", MOBY, "--set", "eos=7"])).toMatchObject({ exitCode: 0, ok: true, diagnostics: [] });
  });

  it("a name of --set that every object inherits is unknown like any other", () => {
    const codes = (name: string): unknown => llmcJson(["check", MOBY, "--set", `${name}=1`])["diagnostics"];
    for (const name of ["__proto__", "constructor", "toString", "depht"])
      expect(codes(name)).toMatchObject([{ code: "LLM0301", message: `\`Moby\` has no config value named \`${name}\`` }]); // prettier-ignore
    expect(codes("depth")).toEqual([]);
  });

  it("text goes to stderr without colour, and says the code", () => {
    const { exitCode, stdout, stderr } = llmc(["check", write("wrong.llm", wrong)], { env: { NO_COLOR: "1" } });
    expect(exitCode).toBe(1);
    expect(stdout).toBe("1 diagnostic\n");
    expect(stderr).toMatch(/^error\[LLM0201\]/);
    expect(stderr).not.toContain("\u001b");
  });

  it("fmt rewrites, --check only looks, a wrong file stays", () => {
    const file = write("loose.llm", "model A() {\nforward(x: f[B]) -> f[B] { return x+x }\n}\n");
    const before = readFileSync(file, "utf8");
    expect(llmcJson(["fmt", "--check", file])).toMatchObject({ exitCode: 1, ok: false });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(llmcJson(["fmt", file])).toMatchObject({ exitCode: 0, changed: [file] });
    expect(llmcJson(["fmt", "--check", file])).toMatchObject({ exitCode: 0, changed: [] });
    const broken = write("broken.llm", "model {");
    expect(llmcJson(["fmt", broken])).toMatchObject({ exitCode: 1, error: { code: "source" } });
    expect(readFileSync(broken, "utf8")).toBe("model {");
  });

  it("explain knows each code in either case", () => {
    expect(llmcJson(["explain", "llm0203"])).toMatchObject({ exitCode: 0, ok: true, code: "LLM0203" });
  });

  it("import fills the template, and refuses by name", () => {
    const { exitCode, source } = llmcJson(["import", "tests/fixtures/configs/llama.json"]);
    expect(exitCode).toBe(0);
    expect(source).toContain("eos: int[] = [2]");
    const out = join(work, "imported.llm");
    expect(llmcJson(["import", "tests/fixtures/configs/gpt2.json", "--out", out])).toMatchObject({ exitCode: 0 });
    expect(llmcJson(["check", out])).toMatchObject({ exitCode: 0, diagnostics: [] });
    const other = write("config.json", `{"model_type": "bert"}`);
    expect(llmcJson(["import", other])).toMatchObject({ exitCode: 1, ok: false, error: { diagnostics: [{ code: "LLM0310" }] } }); // prettier-ignore
    expect(llmcJson(["import", write("bad.json", `{"a": 1, "a": 2}`)])).toMatchObject({ exitCode: 5, ok: false });
  });
});

describe("inspect", () => {
  it.each(["ast", "wgsl", "js", "plan"])("--stage %s is a text", (stage) => {
    const { exitCode, stdout } = llmc(["inspect", MOBY, "--stage", stage]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      { ast: /^\{\n/, wgsl: /@compute/, js: /function/, plan: /^program / }[stage] ?? /never/, // prettier-ignore
    );
  });

  it("shows the code of a profile of the stage's target, and the stages of all targets for any profile", () => {
    const inspect = (...args: string[]): unknown => llmcJson(["inspect", MOBY, ...args]);
    expect(inspect("--stage", "wgsl", "--profile", "webgpu-gpu")).toMatchObject({ ok: true, profile: "webgpu-gpu" });
    expect(inspect("--stage", "wat")).toMatchObject({ ok: true, text: expect.stringContaining("(func") as string });
    expect(inspect("--stage", "kernel", "--profile", "js")).toMatchObject({ ok: true, profile: "js" });
  });

  it("--memory says where values lie, as text, as a drawing and as JSON", () => {
    const text = llmc(["inspect", MOBY, "--memory"]).stdout;
    expect(text).toMatch(/^plan @\w+: \d+ steps, peak \d+ bytes/);
    expect(llmc(["inspect", MOBY, "--memory", "svg"]).stdout).toMatch(/^<svg /);
    const { plans } = llmcJson(["inspect", MOBY, "--memory"]) as { plans?: readonly { readonly peak: number }[] };
    expect(plans?.map(({ peak }) => `peak ${peak} bytes`).every((peak) => text.includes(peak))).toBe(true);
  });
  it("takes a budget beyond what an i32 holds", () => {
    expect(llmcJson(["inspect", MOBY, "--stage", "plan", "--memory-budget", "4000000000"])).toMatchObject({
      exitCode: 0,
    });
  });

  it("--why says what fuse decided, as text and as JSON", () => {
    const { profile, why } = llmcJson(["inspect", MOBY, "--entries", "forward", "--why", "%y", "q"]);
    expect(profile).toMatch(/^webgpu-/);
    expect(why).toMatchObject([
      { functions: ["forward"], first: { asked: "%y", values: ["y"], kernels: ["q_proj"] }, together: [] },
    ]);
    const { apart } = (why as [{ apart: unknown }])[0];
    expect(apart).toMatchObject([{ producer: "q_proj", consumer: "rope", reason: "product-rows" }]);
    expect(llmc(["inspect", MOBY, "--entries", "forward", "--why", "%y", "q"]).stdout).toContain("[product-rows]");
  });

  it("--stage ast of a source that does not parse has its diagnostics", () => {
    const broken = write("no-tree.llm", "model {\n");
    const { exitCode, ok, error } = llmcJson(["inspect", broken, "--stage", "ast"]);
    expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false });
    expect(error).toMatchObject({ code: "source", diagnostics: [{ code: "LLM0105", file: broken }] });
    expect(llmc(["inspect", broken, "--stage", "ast"]).stdout).toBe("");
    const meaningless = write("no-meaning.llm", "model A() {\n  forward(x: f[B]) -> f[B] {\n    return y\n  }\n}\n");
    expect(llmcJson(["inspect", meaningless, "--stage", "ast"])).toMatchObject({ exitCode: 0, stage: "ast" });
  });

  it("--after takes the stage of the pass", () => {
    expect(llmcJson(["inspect", MOBY, "--after", "fuse"])).toMatchObject({ stage: "tensor", text: expect.stringContaining("group ") as string }); // prettier-ignore
    expect(llmcJson(["inspect", MOBY, "--after", "lower"])).toMatchObject({ stage: "kernel" });
  });

  it("shows a pass of a model that no device holds, but not its kernels", () => {
    const huge = ["inspect", MOBY, "--set", "vocab=2147483647", "--storage", "f32"];
    for (const args of [[], ["--after", "canonicalize"], ["--after", "fuse"]])
      expect(llmcJson([...huge, ...args])).toMatchObject({ exitCode: 0, stage: "tensor" });
    expect(llmcJson([...huge, "--after", "lower"])).toMatchObject({ exitCode: 4, error: { code: "limit" } });
  });
});

describe("tokenize", () => {
  it("there and back, special tokens only on request", () => {
    const { tokens } = llmcJson(["tokenize", MOBY, "Call me <|end|>"]) as unknown as { tokens: number[] };
    expect(tokens.slice(0, 3)).toEqual([35, 390, 397]);
    expect(llmcJson(["detokenize", MOBY, tokens.join(",")])).toMatchObject({ ok: true, text: "Call me <|end|>" });
    expect(llmc(["tokenize", MOBY, "Call me"]).stdout).toBe("35,390,397\n");
    expect(llmcJson(["tokenize", "examples/llama", "x"])).toMatchObject({ exitCode: 5, ok: false });
  });

  it("an id beyond the vocabulary is an error that names both", () => {
    const { exitCode, error } = llmcJson(["detokenize", MOBY, "35,99999"]);
    expect(exitCode).toBe(2);
    expect(error).toEqual({ code: "option", message: "there is no token 99999 in the tokenizer's vocabulary of 1024 tokens" }); // prettier-ignore
    expect(llmcJson(["detokenize", MOBY, "1023"])).toMatchObject({ exitCode: 0, ok: true });
    for (const ids of ["1.5", "3,-1"])
      expect(llmcJson(["detokenize", MOBY, ids])).toMatchObject({ exitCode: 2, error: { code: "usage" } });
  });
});

describe("the environment", () => {
  it("without an adapter webgpu is exit 4, the default falls back, doctor says so", () => {
    const options = { env: NO_ADAPTER };
    const asked = llmcJson(["run", MOBY, "--tokens", "1", "--target", "webgpu"], options);
    expect(asked).toMatchObject({ exitCode: 4, ok: false, error: { code: "adapter" } });
    const fallback = llmcJson(["run", MOBY, "--tokens", "1", "--max-tokens", "1"], options);
    expect(fallback).toMatchObject({ exitCode: 0, ok: true, tokens: [199] });
    expect(fallback["target"]).not.toBe("webgpu");
    expect(llmcJson(["doctor"], options)).toMatchObject({ exitCode: 0, ok: true, adapter: null, target: "cpu", cpu: { ok: true } }); // prettier-ignore
  });

  it("an interrupt ends with 130, a closed pipe quietly", async () => {
    const args = [LLMC_BUNDLE, "run", MOBY, "--target", "js", "--tokens", "1", "--max-tokens", "500"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => child.kill("SIGINT"));
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(130);
    const reader = spawn(process.execPath, [LLMC_BUNDLE, "inspect", MOBY, "--stage", "kernel"], { stdio: ["ignore", "pipe", "ignore"] }); // prettier-ignore
    reader.stdout.once("data", () => reader.stdout.destroy());
    expect(await new Promise((resolve) => reader.once("exit", resolve))).toBe(0);
  });

  it("a bug leaves a report with arguments, stack and sources", () => {
    const failure = bugReport(new RangeError("boom"), ["check", MOBY], work);
    expect(failure).toMatchObject({ exitCode: 3, code: "internal" });
    const folder = readdirSync(work).find((name) => name.startsWith("llmc-bug-")) ?? "";
    expect(failure.message).toContain(folder);
    const report = JSON.parse(readFileSync(join(work, folder, "report.json"), "utf8")) as Record<string, unknown>;
    expect(report).toMatchObject({ argv: ["check", MOBY], error: "RangeError: boom", node: process.version });
    expect(existsSync(join(work, folder, "moby.llm"))).toBe(true);
    expect(existsSync(join(work, folder, "model.safetensors"))).toBe(false);
    expect(bugReport(new Error("boom"), [], join(work, "none")).message).toContain("could not be written");
  });
});
