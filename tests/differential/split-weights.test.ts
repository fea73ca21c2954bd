/** Weights that no binding holds, through the loader: moby's recorded tokens and a mixture, large weights in pieces. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import type { Compilation } from "../../src/driver/compile.ts";
import { weightNameRules } from "../../src/driver/weight-rules.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { evaluate } from "../../src/interp/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { loadModel } from "../../src/runtime/index.ts";
import type { Parameter } from "../../src/runtime/match-weights.ts";
import { openBytes } from "../../src/runtime/byte-source.ts";
import { loadOn } from "../../src/runtime/load.ts";
import { readParameters } from "../../src/weights/tensors.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { tensorOf } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";
import { programTolerance } from "../support/tolerance.ts";
import { SUITE_MODELS } from "../support/suite-models.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const root = path.resolve(import.meta.dirname, "../..");
const moby = (name: string): string => path.join(root, "examples/moby", name);
const { prompts } = JSON.parse(readFileSync(path.join(root, "tests/fixtures/moby/expected.json"), "utf8")) as {
  readonly prompts: Readonly<Record<string, { readonly tokens: number[]; readonly greedy: number[] }>>;
};
const STEPS = 20;

describe("a table in pieces", () => {
  const text =
    "model Lookup(vocab: int = 200) {\n  use embed: Embedding(vocab, 8)\n  forward(tokens: i32[B, T]) -> f[B, T, 8] {\n    return embed(tokens)\n  }\n}\n";
  const profile = { ...js, limits: { ...js.limits, maxBindingBytes: 64 * 8 * 4 } };
  const { builds } = compile(
    { path: "lookup.llm", text },
    { profiles: [profile], entries: ["forward"], chunk: 56, batch: 1 },
  );
  const weight = tensorOf(
    "f32",
    [200, 8],
    Array.from({ length: 1600 }, (_, i) => i),
  );

  it("gives every row, and the nearest for a token outside", () => {
    expect(builds[0]!.program.plans[0]!.buffers.filter(({ rows }) => rows !== undefined)).toHaveLength(4);
    const tokens = [0, 1, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192, 193, 199, -1, 200, 1000];
    const inputs = { tokens: tensorOf("i32", [1, tokens.length], tokens) };
    const results = runPlan(builds[0]!.program, "forward", { sizes: { B: 1, T: tokens.length }, inputs, weights: () => weight }, "js"); // prettier-ignore
    const found = results.read("logits", "f32", [1, tokens.length, 8]);
    const rows = tokens.map((token) => Math.min(199, Math.max(0, token)));
    expect([...found.data]).toEqual(rows.flatMap((row) => Array.from({ length: 8 }, (_, i) => row * 8 + i)));
  });
});

describe.each([js, cpuSimd])("on $name", (info) => {
  it.each(["f32", "f16"] as const)("moby in %s says what it says in one piece", async (storage) => {
    const file = { path: "moby.llm", text: readFileSync(moby("moby.llm"), "utf8") };
    const [tokens, pieces] = [[], []] as [number[][], number[]];
    for (const maxBindingBytes of [info.limits.maxBindingBytes, 100_000]) {
      const profile = { ...info, limits: { ...info.limits, maxBindingBytes } };
      const compilation = compile(file, { profiles: [profile], entries: ["generate"], chunk: 8, context: 64, storage });
      const buffers = compilation.builds[0]!.program.plans[0]!.buffers;
      pieces.push(buffers.filter(({ rows }) => rows !== undefined).length);
      const data = packageData(artifactOf(compilation, "moby", "0.0.0"));
      const model = await loadModel(data, { weights: moby("model.safetensors"), tokenizer: null, target: info.target as "js" }); // prettier-ignore
      const generation = model.generate(Object.values(prompts)[0]!.tokens, { temperature: 0, maxTokens: STEPS });
      await generation.text();
      tokens.push([...generation.tokens]);
      await model.close();
    }
    expect(pieces[0]).toBe(0);
    expect(pieces[1]).toBeGreaterThan(2);
    expect(tokens[1]).toEqual(tokens[0]);
    if (storage === "f32") expect(tokens[0]).toEqual(Object.values(prompts)[0]!.greedy.slice(0, STEPS));
  });
});

/** The file with the tensors of experts enlarged: as they are published they hardly move a logit. */
function withLoudExperts(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, { readonly data_offsets: readonly [number, number] }>; // prettier-ignore
  for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
    if (!name.includes(".experts.")) continue;
    const [from, to] = offsets.map((offset) => 8 + length + offset) as [number, number];
    const values = new Float32Array(bytes.slice(from, to).buffer).map((x) => 20 * x);
    bytes.set(new Uint8Array(values.buffer), from);
  }
  return bytes;
}

describe("a mixture", () => {
  const { file, set, weights: published } = SUITE_MODELS["mixtral"]!();
  const weights = withLoudExperts(published);
  const prompt = [112, 138, 171, 154, 48];
  /** Bytes of a binding, and the pieces of a stack of five experts of 21,504 bytes each. */
  const TWO = { what: "two experts", maxBindingBytes: 49_152, pieces: 3 };
  const ONE = { what: "one", maxBindingBytes: 24_576, pieces: 5 };
  const ROWS = { what: "rows of one", maxBindingBytes: 12_288, pieces: 10 };
  let adapter: OpenAdapter | undefined;
  let expected: Answers;
  beforeAll(async () => {
    adapter = await openAdapter();
    expected = await answersOf(build(js), new JsDevice());
  });
  afterAll(() => adapter?.close());

  interface Answers {
    readonly logits: Float32Array;
    readonly tokens: readonly number[];
  }

  const build = (info: TargetInfo): Compilation => compile(file, { profiles: [info], entries: ["generate"], set, context: 64 }); // prettier-ignore

  async function answersOf(compilation: Compilation, device: Device): Promise<Answers> {
    const data = packageData(artifactOf(compilation, "mixtral", "0.0.0"));
    const loaded = await loadOn({ device, profile: data.profiles[0]! }, data, { weights, tokenizer: null });
    const logits = await loaded.extend(prompt);
    loaded.reset();
    const generation = loaded.generate(prompt, { temperature: 0, maxTokens: STEPS, stopAtEos: false });
    await generation.text();
    await loaded.close();
    return { logits, tokens: [...generation.tokens] };
  }

  // llvmpipe takes half a minute to compile the kernels of one.
  const cases = [js, cpuSimd].flatMap((info) => [TWO, ONE, ROWS].map((way) => ({ ...way, info, name: info.name })));
  const onAdapter = [{ ...ROWS, info: webgpuCpu }, { ...ONE, info: webgpuBase }].map((way) => ({ ...way, name: way.info.name })); // prettier-ignore
  it.for([...cases, ...onAdapter])(
    "says with $what a piece what it says in one, for $name",
    { timeout: 300_000 },
    async ({ info, maxBindingBytes, pieces }, { skip }) => {
      if (info.target === "webgpu" && adapter === undefined) return skip("no WebGPU adapter on this machine");
      const device =
        info.target === "webgpu"
          ? WebGpuDevice.inject(adapter!.device)
          : info.target === "cpu"
            ? new CpuDevice()
            : new JsDevice();
      const compilation = build({ ...info, limits: { ...info.limits, maxBindingBytes } });
      const buffers = compilation.builds[0]!.program.plans[0]!.buffers;
      const stack = buffers.filter((buffer) => buffer.path === "model.layers.0.block_sparse_moe.experts.w1");
      expect(stack.map(({ rows }) => rows === undefined)).toEqual(Array.from({ length: pieces }, () => false));
      const found = await answersOf(compilation, device);
      const largest = Math.max(...expected.logits.map(Math.abs));
      expect(Math.max(...found.logits.map((x, i) => Math.abs(x - expected.logits[i]!)))).toBeLessThan(1e-5 * largest);
      expect(found.tokens).toEqual(expected.tokens);
    },
  );

  it("gives the logits of the tensor IR in the kernel interpreter", { timeout: 120_000 }, async () => {
    const profile = { ...webgpuBase, limits: { ...webgpuBase.limits, maxBindingBytes: ROWS.maxBindingBytes } };
    const { builds, model: analyzed } = compile(file, { profiles: [profile], entries: ["forward"], set, chunk: 3, context: 64, batch: 1 }); // prettier-ignore
    const { parameters, weights: rules, module } = analyzed!;
    const values = await readParameters((await openBytes(weights))!, parameters as readonly Parameter[], weightNameRules(rules)); // prettier-ignore
    const params = (path: string): Tensor => ({ dtype: "f32", ...values.get(path)! });
    const [sizes, inputs] = [{ B: 1, T: 3, S: 64 }, { tokens: tensorOf("i32", [1, 3], prompt.slice(0, 3)) }];
    const forward = module.funcs.find(({ name }) => name === "forward")!;
    const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => evaluate(forward, inputs, { ops: OPS, params, symbols: sizes, mode })["logits"] as Tensor); // prettier-ignore
    const found = runPlan(builds[0]!.program, "forward", { sizes, inputs, weights: params }, "interpreter").read("logits", "f32", exact!.dims); // prettier-ignore
    expect(compareTensors(found, exact!, programTolerance(exact!, rounded!), { what: "logits" })).toBeUndefined();
  });
});
