/**
 * What the C++ driver does before it touches a device, beside the runtime that does the same in JavaScript: names of
 * tensors, conversions, layouts, and what is said about a file that does not fit.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesOf } from "../../src/runtime/byte-source.ts";
import { convertFloats } from "../../src/runtime/float-convert.ts";
import type { FloatType } from "../../src/runtime/float-convert.ts";
import type { Parameter } from "../../src/runtime/match-weights.ts";
import { resolveName } from "../../src/runtime/weight-names.ts";
import type { WeightNameRule } from "../../src/runtime/weight-names.ts";
import { loadWeights } from "../../src/runtime/weights.ts";
import { Rng } from "../../src/support/random.ts";
import { compileProgram, simProblem } from "../support/cuda-sim.ts";
import { mutant } from "../fuzz/safetensors.ts";
import { MALFORMED, entry } from "../unit/runtime/malformed-safetensors.ts";
import { f32Tensor, fileOf, rawFile } from "../unit/runtime/safetensors-file.ts";
import type { TestTensor } from "../unit/runtime/safetensors-file.ts";

const problem = simProblem();
const DRIVER = path.resolve(import.meta.dirname, "../../codegen/cuda/driver");

let folder = "";
let probe = "";
beforeAll(async () => {
  if (problem !== undefined) return;
  folder = mkdtempSync(path.join(tmpdir(), "llmc-driver-"));
  probe = path.join(folder, "probe");
  const headers = readdirSync(DRIVER).filter((name) => name.endsWith(".h"));
  const files = headers.map((name): [string, string] => [name, readFileSync(path.join(DRIVER, name), "utf8")]);
  const main = readFileSync(path.join(import.meta.dirname, "driver-probe.cu"), "utf8");
  await compileProgram({ ...Object.fromEntries(files), "probe.cu": main }, probe);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Fields = readonly (string | number)[];
const input = (lines: readonly Fields[]): string => `${lines.map((fields) => fields.join("\t")).join("\n")}\n`;
const ask = (lines: readonly Fields[]): readonly string[] =>
  execFileSync(probe, { input: input(lines), encoding: "utf8", maxBuffer: 2 ** 28 })
    .split("\n")
    .slice(0, -1);

const ruleFields = (rule: WeightNameRule): Fields => {
  if (rule.kind === "optional_prefix") return ["rule", rule.kind, rule.prefix];
  if (rule.kind === "ignore") return ["rule", rule.kind, rule.pattern];
  return ["rule", rule.kind, rule.published, rule.path, rule.kind === "stack" ? rule.index : ""];
};
const weightFields = ({ path: name, dtype, dims, isFinite, layout }: Parameter): Fields =>
  ["weight", name, dtype, dims.join(), isFinite === true ? 1 : 0, layout?.tile.join() ?? "", layout?.order.join() ?? ""]; // prettier-ignore

describe.skipIf(problem !== undefined)("the driver's reader of names", () => {
  const rules: readonly WeightNameRule[] = [
    { kind: "rename", published: "transformer.h.{i}.attn", path: "layers.{i}.self_attn" },
    { kind: "rename", published: "blocks.*.{w1,w2}", path: "layers.*.mlp.*" },
    { kind: "rename", published: "wte", path: "embed" },
    { kind: "rename", published: "**.gamma", path: "**.weight" },
    { kind: "optional_prefix", prefix: "model." },
    { kind: "ignore", pattern: "**.rotary.inv_freq" },
    { kind: "ignore", pattern: "*.bias" },
    { kind: "tied", published: "lm_head", path: "embed" },
    { kind: "stack", published: "layers.{i}.experts.{e}.w", path: "layers.0.experts", index: "e" },
    { kind: "stack", published: "...moe.{e}.w", path: "moe", index: "e" },
  ];
  const paths = ["embed.weight", "layers.0.self_attn.q", "layers.1.mlp.w1", "layers.0.experts", "a.b.weight", "a.moe", "moe", "model.norm"]; // prettier-ignore
  const parts = [
    "model.", "transformer.h.", "blocks.", "layers.", "0", "1", "01", "12345678901", ".", ".attn", ".self_attn", ".q", ".w1",
    ".w2", ".mlp", "wte", "embed", ".weight", ".gamma", "a.b", "a.", "b", "moe.", "moe", ".w", ".experts.", "lm_head", ".bias",
    ".rotary.inv_freq", "norm", "",
  ]; // prettier-ignore

  it("finds for each name what the runtime finds", () => {
    const random = new Rng(5);
    const pick = (): string => random.pick(parts);
    const joined = Array.from({ length: 4000 }, () => Array.from({ length: random.int(1, 6) }, pick).join(""));
    const names = [...paths, "transformer.h.0.attn.q", "model.blocks.1.w1", "wte.weight", "wtea.weight", "lm_head.weight", "layers.0.experts.3.w", "a.moe.7.w", "moe.7.w", "x.moe.07.w", "a.b.gamma", "x.bias", "x.y.bias", "norm", ...joined].filter((name) => name !== ""); // prettier-ignore
    const parameters = paths.map((name): Parameter => ({ path: name, dtype: "f32", dims: [1] }));
    const lines = [...rules.map(ruleFields), ...parameters.map(weightFields), ...names.map((name) => ["name", name])];
    const expected = names.map((name) => {
      const found = resolveName(name, (given) => paths.includes(given), rules);
      return [found.kind, "path" in found ? found.path : "", "index" in found ? found.index : 0].join("\t");
    });
    expect(ask(lines)).toEqual(expected);
    const kinds = new Set(expected.map((line) => line.split("\t")[0]));
    expect([...kinds].sort()).toEqual(["extra", "ignored", "parameter", "slice", "tied"]);
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe.skipIf(problem !== undefined)("the driver's conversions", () => {
  const words = (count: number, bytes: number): Uint8Array => {
    const random = new Rng(bytes);
    return Uint8Array.from({ length: count * bytes }, () => random.int(0, 256));
  };
  const halves = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
  const edges = [0, -0, 1, 65504, 65519.996, 65520, 1e30, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 2 ** -14, 1 + 2 ** -11, 1 + 3 * 2 ** -11, NaN, Infinity, -Infinity, 3.4e38, 1e39]; // prettier-ignore
  const f32 = Buffer.concat([new Uint8Array(Float32Array.from(edges).buffer), words(20_000, 4)]);
  const f64 = Buffer.concat([new Uint8Array(Float64Array.from(edges).buffer), words(2_000, 8)]);
  const sources: readonly (readonly [FloatType, Uint8Array])[] = [["f16", halves], ["bf16", halves], ["f32", f32], ["f64", f64]]; // prettier-ignore
  const pairs = sources.flatMap(([from, bytes]) =>
    (["f16", "bf16", "f32"] as const).map((to) => [from, to, bytes] as const),
  );

  // A NaN keeps no more of its bits than that it is one.
  const numbers = (bytes: Uint8Array, type: FloatType): number[] => {
    const wide = convertFloats(bytes, type, "f64").bytes;
    return [...new Float64Array(wide.slice().buffer)];
  };
  it.each(pairs)("give what the runtime's give, from %s to %s", (from, to, bytes) => {
    const [answer = ""] = ask([["convert", from, to, hex(bytes)]]);
    const expected = convertFloats(bytes, from, to).bytes;
    expect(numbers(Uint8Array.from(Buffer.from(answer, "hex")), to)).toEqual(numbers(expected, to));
  });
});

describe.skipIf(problem !== undefined)("the driver's loader", () => {
  interface Loaded {
    readonly bytes?: Readonly<Record<string, string>>;
    readonly message?: string;
  }
  const write = (file: Uint8Array): string => {
    const name = path.join(folder, "test.safetensors");
    writeFileSync(name, file);
    return name;
  };
  const loadThere = (file: Uint8Array, parameters: readonly Parameter[], rules: readonly WeightNameRule[]): Loaded => {
    const lines = [...rules.map(ruleFields), ...parameters.map(weightFields), ["load", write(file)]];
    const { status, stdout, stderr } = spawnSync(probe, { input: input(lines), encoding: "utf8" });
    if (status !== 0) return { message: `${status} ${stderr.trimEnd().replaceAll(folder + path.sep, "")}` };
    return {
      bytes: Object.fromEntries(
        stdout
          .slice(0, -1)
          .split("\n")
          .map((line) => line.split("\t")),
      ),
    };
  };
  const loadHere = async (
    file: Uint8Array,
    parameters: readonly Parameter[],
    rules: readonly WeightNameRule[],
  ): Promise<Loaded> => {
    // prettier-ignore
    const whole = new Map(parameters.map(({ path: name, dtype, dims }) => [name, new Uint8Array(dims.reduce((a, b) => a * b, dtype === "f32" ? 4 : 2))])); // prettier-ignore
    try {
      await loadWeights(bytesOf(file, "test.safetensors"), parameters, rules, ({ path: name, offset, bytes }) => {
        whole.get(name)?.set(bytes, offset);
      });
    } catch (error) {
      return { message: `5 ${(error as Error).message}` };
    }
    return { bytes: Object.fromEntries([...whole].map(([name, bytes]) => [name, hex(bytes)])) };
  };
  const counted = (shape: readonly number[], start = 0): TestTensor =>
    f32Tensor(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => start + i),
    );
  const f16: Parameter = { path: "w", dtype: "f16", dims: [4, 6] };
  const stack: WeightNameRule = { kind: "stack", published: "part.{k}", path: "w", index: "k" };
  const tied: WeightNameRule = { kind: "tied", published: "head", path: "w" };
  const u8: TestTensor = { dtype: "U8", shape: [4, 6], bytes: new Uint8Array(24) };

  const cases: readonly (readonly [string, Record<string, TestTensor>, readonly Parameter[], readonly WeightNameRule[]])[] = [
    ["converts", { w: counted([4, 6]) }, [f16], []],
    ["packs into tiles", { w: counted([4, 6]) }, [{ ...f16, layout: { tile: [2, 3], order: [1, 0] } }], []],
    ["packs whole columns", { w: counted([4, 6]) }, [{ ...f16, dtype: "f32", layout: { tile: [1, 2], order: [1, 0] } }], []],
    ["puts slices together", { "part.1": counted([2, 6], 12), "part.0": counted([2, 6]) }, [{ ...f16, dims: [2, 2, 6] }], [stack]],
    ["accepts a tied tensor that is equal", { w: counted([4, 6]), head: counted([4, 6]) }, [f16], [tied]],
    ["refuses a tied tensor that is not", { w: counted([4, 6]), head: counted([4, 6], 1) }, [f16], [tied]],
    ["lists missing, extra and misshapen tensors", { w: counted([6, 4]), z: counted([2]), a: counted([1]) }, [f16, { ...f16, path: "b" }], []],
    ["refuses integers", { w: u8 }, [f16], []],
    ["refuses two tensors for one parameter", { w: counted([4, 6]), v: counted([4, 6]) }, [f16], [{ kind: "rename", published: "v", path: "w" }]],
    ["refuses missing and superfluous slices", { "part.0": counted([6]), "part.2": counted([6]), "part.9": counted([6]) }, [f16], [stack]],
    ["refuses what a half cannot hold", { w: f32Tensor([2], [1, 65520]) }, [{ ...f16, dims: [2] }], []],
    ["lets the largest half pass", { w: f32Tensor([2], [1, 65519]) }, [{ ...f16, dims: [2] }], []],
    ["lets infinity pass", { w: f32Tensor([2], [1, -Infinity]) }, [{ ...f16, dims: [2] }], []],
    ["refuses infinity where numbers must be finite", { w: f32Tensor([2], [1, Infinity]) }, [{ ...f16, dims: [2], isFinite: true }], []],
    ["reads a scalar and an empty tensor", { w: counted([]), v: counted([0, 3]) }, [{ ...f16, dims: [] }, { ...f16, path: "v", dims: [0, 3] }], []],
  ]; // prettier-ignore

  it.each(cases)("%s, as the runtime does", async (_, tensors, parameters, rules) => {
    const file = fileOf(tensors);
    const expected = await loadHere(file, parameters, rules);
    // The runtime writes Infinity as JavaScript does.
    const message = expected.message?.replaceAll("Infinity", "inf");
    expect(loadThere(file, parameters, rules)).toEqual(message === undefined ? expected : { message });
  });

  it("reads names with escapes", () => {
    const header = `{"\\u0077\\ud83d\\ude00\\n":${entry("F32", "[1]", 0, 4)}}`;
    const { message } = loadThere(rawFile(header, new Uint8Array(4)), [], []);
    expect(message).toContain("w\u{1f600}\n: F32[1] in the file");
  });

  it("judges hostile files as the runtime does", async () => {
    const rng = new Rng(3);
    const INVALID = "is not a valid safetensors file";
    const judged = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { file } = mutant(rng);
      const [here, there] = [await loadHere(file, [], []), loadThere(file, [], [])].map(({ message }) => message ?? "");
      const isInvalid = here?.includes(INVALID) === true;
      // The two count places in a header differently; of a valid file both list the tensors that no model has.
      if (isInvalid) expect([i, there]).toEqual([i, expect.stringContaining(INVALID)]);
      else expect([i, there]).toEqual([i, here]);
      judged.set(String(isInvalid), (judged.get(String(isInvalid)) ?? 0) + 1);
    }
    expect(Math.min(judged.get("true") ?? 0, judged.get("false") ?? 0)).toBeGreaterThan(30);
  });

  it.each(MALFORMED)("refuses %s", (_, file, message) => {
    const loaded = loadThere(file, [], []);
    expect(loaded.message).toMatch(message);
    expect(loaded.message).toMatch(/^5 test\.safetensors is not a valid safetensors file: /);
  });
});
