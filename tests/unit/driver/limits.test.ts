/**
 * What no profile, or not every one, can hold: one diagnostic for each cause and profile, at the config value or the
 * parameter, and nothing about what follows from it.
 */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import type { Compilation, CompileOptions } from "../../../src/driver/compile.ts";
import { rowsAttr } from "../../../src/ir/param-rows.ts";
import type { Limits, TargetInfo } from "../../../src/kernel/target-info.ts";
import { programBuffers } from "../../../src/plan/program-buffers.ts";
import { cpuSimd } from "../../../src/profiles/cpu.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";
import type { Diagnostic } from "../../../src/support/diagnostic.ts";
import { repositoryFile } from "../sema/analyze-text.ts";

/** A profile of its own name with other limits. */
function profile(name: string, limits: Partial<Limits>, base: TargetInfo = webgpuBase): TargetInfo {
  return { ...base, name, limits: { ...base.limits, ...limits } };
}

function compiled(text: string, profiles: readonly TargetInfo[], options: Partial<CompileOptions> = {}): Compilation {
  return compile({ path: "test.llm", text }, { profiles, entries: ["generate"], ...options });
}

/** The text that a place points at. */
function textAt(text: string, found: Diagnostic | undefined): string {
  const { start, end } = found!.loc!;
  return text.split("\n")[start.line - 1]!.slice(start.column - 1, end.column - 1);
}

const words = `model Words(vocab: int = 64, dim: int = 8) {
  use embed: Embedding(vocab, dim)
  use head: Linear(dim, vocab)
  forward(tokens: i32[B, T]) -> f[B, T, vocab] { return head(embed(tokens)) }
}
`;
/** The same with a config value for a table of positions. */
const placed = words.replace("dim: int = 8)", "dim: int = 8, places: int = 64)");
/** Less than the eight rows of which a piece has at least as many. */
const small = { maxBindingBytes: 128 };

describe("a parameter that is too large", () => {
  const moby = repositoryFile("examples/moby/moby.llm");
  const build = (set: Readonly<Record<string, string>>): Compilation =>
    compile(moby, { profiles: [webgpuBase], entries: ["generate"], set, storage: "f16" });

  it("is told at its use, with the value from outside that made it so", () => {
    const { diagnostics, builds } = build({ vocab: "2147483647" });
    expect(builds).toEqual([]);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]!.message).toBe(
      "`model.embed_tokens.weight` (f16[2147483647, 128]) has 549755813632 bytes, more than the 134217728 of a binding, from the config value `vocab = 2147483647`",
    );
    expect(textAt(moby.text, diagnostics[0])).toBe("model.embed_tokens: Embedding(vocab, dim)");
    expect(diagnostics[0]!.related).toMatchObject([
      { message: "`vocab` is declared here", loc: { start: { line: 4 } } },
    ]);
  });

  it("is told once for all layers, and for all that one value makes too large", () => {
    const { diagnostics } = build({ dim: "100000" });
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]!.message).toMatch(
      /^`model\.layers\.\{i\}\.self_attn\.q_proj\.weight` \(f16\[100000, 100000\]\)/,
    );
    expect(diagnostics[0]!.notes).toContain("`model.layers.{i}.self_attn.o_proj.weight` has 20000000000 bytes");
    expect(build({ dim: "128" }).diagnostics).toEqual([]);
  });

  it("is told at a default value, once a profile and not once a use", () => {
    const { diagnostics } = compiled(words, ["a", "b", "c"].map((name) => profile(name, small)).concat(webgpuBase));
    expect(diagnostics.map(({ severity, notes }) => `${severity}: ${notes[0]}`)).toEqual(
      ["a", "b", "c"].map((name) => `warning: \`maxBindingBytes\` of profile ${name}`),
    );
    expect(textAt(words, diagnostics[0])).toBe("64");
    expect(diagnostics[0]!.related).toMatchObject([{ loc: { start: { line: 2 } } }]);
  });

  it("is told at the parameter where no config value decides", () => {
    const text = words
      .replace("vocab: int = 64, dim: int = 8", "")
      .replace("f[B, T, vocab]", "f[B, T, 64]")
      .replace("Embedding(vocab, dim)", "Embedding(64, 8)")
      .replace("Linear(dim, vocab)", "Linear(8, 64)");
    const { diagnostics } = compiled(text, [profile("a", small)]);
    expect(diagnostics.map((found) => textAt(text, found))).toEqual(["embed: Embedding(64, 8)", "head: Linear(8, 64)"]);
    const own = `model Own() {\n  param table: f[64, 8]\n  forward(tokens: i32[B, T]) -> f[B, T, 8] { return embedding(table, tokens) }\n}\n`;
    const [found] = compiled(own, [profile("a", small)], { entries: ["forward"] }).diagnostics;
    expect(textAt(own, found)).toBe("param table: f[64, 8]");
  });

  it("blames each of two values that are equal for its own parameter", () => {
    const text = placed
      .replace("use head: Linear(dim, vocab)", "use head: Linear(dim, vocab), wpe: Embedding(places, dim)")
      .replace("head(embed(tokens))", "head(embed(tokens) + wpe(iota(T)))");
    const culprits = (set: Readonly<Record<string, string>>): readonly string[] =>
      compiled(text, [profile("a", small)], { set, context: 8 }).diagnostics.map(
        ({ message }) => message.split("value ")[1]!,
      );
    expect(culprits({})).toEqual(["`vocab = 64`", "`places = 64`"]);
    expect(culprits({ vocab: "4" })).toEqual(["`places = 64`"]);
    // Of the values that may be the mistake those that the caller set.
    expect(culprits({ dim: "16" })).toEqual(["`dim = 16`"]);
  });

  it("is told for the profile that is nearest to holding the model, where none does", () => {
    const text = placed
      .replace("use head", "use wpe: Embedding(places, dim)\n  use head")
      .replace("head(embed(tokens))", "head(embed(tokens) + wpe(iota(T)))");
    // `places` is too large for the narrow one alone.
    const profiles = [profile("narrow", small), profile("wide", { maxBindingBytes: 4096 })];
    const { diagnostics } = compiled(text, profiles, { set: { vocab: "8192" }, context: 8, chunk: 4 });
    expect(diagnostics.map(({ notes }) => notes[0])).toEqual(["`maxBindingBytes` of profile wide"]);
    expect(diagnostics[0]!.message).toMatch(/`vocab = 8192`$/);
  });

  it("is cut into pieces where they fit", () => {
    const { builds, diagnostics } = compiled(words, [profile("a", { maxBindingBytes: 1024 })], {
      context: 8,
      chunk: 4,
    });
    expect(diagnostics).toEqual([]);
    const pieces = programBuffers(builds[0]!.program).buffers.filter(({ rows }) => rows !== undefined);
    expect(pieces.map(({ path, rows }) => [path, ...rowsAttr(rows!)])).toEqual([
      ["embed.weight", 0, 32, 64],
      ["embed.weight", 32, 64, 64],
      ["head.weight", 0, 32, 64],
      ["head.weight", 32, 64, 64],
    ]);
  });

  it("is no matter where `forward` does not read it, or where it just fits", () => {
    const unread = words.replace("use head", "use spare: Linear(4096, 4096)\n  use head");
    expect(compiled(unread, [profile("a", { maxBindingBytes: 1e6 })]).builds).toHaveLength(1);
    const fits = { maxBindingBytes: 64 * 8 * 4 };
    expect(compiled(words, [profile("a", fits)], { context: 16, chunk: 4 }).diagnostics).toEqual([]);
  });
});

describe("capacities that are too large", () => {
  it("are one diagnostic, of the largest tensor, at what makes it", () => {
    const { diagnostics } = compiled(words, [webgpuBase], { batch: 1_000_000, chunk: 1 });
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: "LLM0401", help: expect.stringContaining("`--batch`") as unknown });
    expect(diagnostics[0]!.notes).toContain("with B = 1000000");
    expect(textAt(words, diagnostics[0])).toBe("head(embed(tokens))");
  });
});

describe("the memory of a program", () => {
  const bytesOf = ({ builds }: Compilation, kind: string): number =>
    programBuffers(builds[0]!.program).buffers.reduce(
      (sum, buffer) => sum + (buffer.kind === kind ? buffer.bytes : 0),
      0,
    );
  const total = (compilation: Compilation): number =>
    programBuffers(compilation.builds[0]!.program).buffers.reduce(
      (sum, { bytes }) => sum + Math.ceil(bytes / 64) * 64,
      0,
    );
  const within = (maxMemoryBytes: number, off: readonly string[] = []): Compilation =>
    compiled(words, [profile("a", { maxMemoryBytes }, cpuSimd)], { off, chunk: 128 });

  it("is the sum of its buffers, each once, and may be just as large as the profile's", () => {
    const free = within(2 ** 31);
    const needed = total(free);
    expect(needed).toBeGreaterThan(bytesOf(free, "weight"));
    expect(within(needed).diagnostics).toEqual([]);
    const { diagnostics, builds } = within(needed - 1);
    expect(builds).toEqual([]);
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      `LLM0410 the model needs ${needed} bytes in all its buffers together, \`a\` has ${needed - 1}`,
    ]);
    expect(within(needed, ["memory-plan"]).diagnostics.map(({ code }) => code)).toEqual(["LLM0410"]);
  });

  it("leaves a profile out with a warning where another one remains", () => {
    const { diagnostics, builds } = compiled(words, [profile("a", { maxMemoryBytes: 100 }, cpuSimd), webgpuBase]);
    expect(builds.map((build) => build.profile.name)).toEqual(["webgpu-base"]);
    expect(diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual(["LLM0410 warning"]);
  });

  it("of WebAssembly holds no model of 8 billion parameters, and one of 100 million", () => {
    const llama = repositoryFile("examples/llama/llama.llm");
    const build = (set: Readonly<Record<string, string>>): readonly string[] =>
      compile(llama, { profiles: [cpuSimd], entries: ["generate"], set, storage: "f16" }).diagnostics.map(
        ({ code }) => code,
      );
    const large = {
      vocab: "128256",
      dim: "4096",
      ffn: "14336",
      heads: "32",
      kv_heads: "8",
      tied: "false",
      depth: "32",
    };
    expect(build(large)).toEqual(["LLM0410"]);
    expect(build({})).toEqual([]);
  });
});
