/** Weights that no binding holds, through the loader: moby's recorded tokens with every large weight in pieces. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { loadModel } from "../../src/runtime/index.ts";
import { tensorOf } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";

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
