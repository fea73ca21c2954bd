/** What a build of each example costs before it runs: distinct pipelines, launches a layer, and which entries share kernels. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import { buildFigures } from "../../../src/driver/summary.ts";
import type { Plan } from "../../../src/plan/ir.ts";
import { PROFILES } from "../../../src/profiles/index.ts";
import { webgpuBase } from "../../../src/profiles/webgpu.ts";

const root = path.join(import.meta.dirname, "../../..");
const cases = ["moby", "llama", "gpt2"].flatMap((model) => PROFILES.map((profile) => [model, profile.name, profile] as const)); // prettier-ignore

describe.each(cases)("%s for %s", (model, _name, profile) => {
  const source = `examples/${model}/${model}.llm`;
  const text = readFileSync(path.join(root, source), "utf8");
  const options = { profiles: [profile], entries: ["generate"] as const, storage: "f16" as const };
  const compilation = compile({ path: source, text }, options);
  const { pipelines, dispatches } = buildFigures(compilation);
  const plans = new Map(compilation.builds[0]?.program.plans.map((plan) => [plan.bucket["T"] === undefined ? plan.entry : `${plan.entry}T`, plan])); // prettier-ignore

  test("has few pipelines", () => {
    expect(pipelines).toBeLessThanOrEqual(32);
  });
  test("launches at most 12 kernels a layer for one token", () => {
    expect(dispatches["extend1"]?.perLayer).toBeLessThanOrEqual(12);
    expect(dispatches["decode"]?.perLayer).toBe(dispatches["extend1"]?.perLayer);
  });
  test("decodes with the layers of extend1, and fills prompts with those of extend", () => {
    expect(layerKernels(plans.get("decode"))).toEqual(layerKernels(plans.get("extend1")));
    expect(layerKernels(plans.get("prefillT"))).toEqual(layerKernels(plans.get("extendT")));
    expect(layerKernels(plans.get("extendT"))).not.toEqual(layerKernels(plans.get("extend1")));
  });
  test("names every kernel with words", () => {
    const kernels = compilation.builds[0]?.program.kernels.map(({ name }) => name) ?? [];
    expect(kernels.filter((name) => /^(add|mul|take|cast|select|eq|copy)(_\d+)?$/.test(name))).toEqual([]);
    expect(kernels).toEqual(expect.arrayContaining(["cache_write", "attention"]));
  });
});

describe("mixtral of eight experts of 112 MiB, where a binding has 128", () => {
  const source = "examples/mixtral/mixtral.llm";
  const text = readFileSync(path.join(root, source), "utf8");
  const compilation = compile(
    { path: source, text },
    { profiles: [webgpuBase], entries: ["generate"], storage: "f16" },
  );
  const { program } = compilation.builds[0]!;
  const extend1 = program.plans.find(({ entry }) => entry === "extend1");

  test("launches two kernels for each stack of experts, and each kernel once", () => {
    expect(buildFigures(compilation).dispatches["extend1"]?.perLayer).toBeLessThanOrEqual(17);
    expect(layerKernels(extend1).filter((kernel) => kernel.includes("experts"))).toHaveLength(6);
  });
  test("binds each expert in a layer once", () => {
    const bound = extend1?.steps.filter(({ loop }) => loop?.i === 0).flatMap(({ bindings }) => bindings.map(({ buffer }) => buffer)) ?? []; // prettier-ignore
    const experts = bound.filter((buffer) => buffer.includes("experts"));
    expect(experts).toHaveLength(3 * 8);
    expect(new Set(experts).size).toBe(3 * 8);
  });
});

describe("a window that is a number, or computed of positions", () => {
  const layers = (window: string): readonly string[] => {
    const text = `model Near(vocab: int = 64, dim: int = 64, context: int = 128) {
      block Layer(x: f[B, T, dim]) -> f[B, T, dim] {
        use q: Linear(dim, dim)
        let heads = split_heads(q(x), 4)
        return x + merge_heads(attention(heads, heads, heads, mask: causal${window}))
      }
      use embed: Embedding(vocab, dim), layers: Layer[2]
      forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
        return repeat(layers, embed(tokens)) @ transpose(embed.weight)
      }
    }`;
    const { builds } = compile({ path: "near.llm", text }, { profiles: [webgpuBase], entries: ["generate"] });
    return layerKernels(builds[0]?.program.plans.find(({ entry }) => entry === "extend1"));
  };
  test.each([", window: 9", ", window: iota(T) % 9 + 1"])("%s costs no kernel", (window) => {
    expect(layers("").length).toBeGreaterThan(1);
    expect(layers(window)).toHaveLength(layers("").length);
  });
});

function layerKernels(plan: Plan | undefined): readonly string[] {
  return plan?.steps.filter(({ loop }) => loop?.i === 0).map(({ kernel }) => kernel) ?? [];
}
