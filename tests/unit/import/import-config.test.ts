/** Published configs to complete sources: every key used, irrelevant, or refused by name. */
import { describe, expect, it } from "vitest";
import { importConfig } from "../../../src/import/index.ts";
import type { Imported } from "../../../src/import/index.ts";
import { analyzeText, repositoryFile } from "../sema/analyze-text.ts";

const templates = {
  gpt2: repositoryFile("examples/gpt2/gpt2.llm"),
  llama: repositoryFile("examples/llama/llama.llm"),
};
const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(repositoryFile(`tests/fixtures/configs/${name}.json`).text) as Record<string, unknown>;
const importText = (text: string): Imported => importConfig({ path: "config.json", text }, templates);
const importVariant = (name: string, change: Record<string, unknown>): Imported =>
  importText(JSON.stringify({ ...fixture(name), ...change }));
const told = (imported: Imported): readonly string[] =>
  imported.diagnostics.map((each) => `${each.code} ${each.message}`);

describe("published configs", () => {
  it.each(["gpt2", "llama", "llama3-rope", "moby"])("%s becomes a model without mistakes", (name) => {
    const imported = importVariant(name, {});
    expect(told(imported)).toEqual([]);
    const { model, diagnostics } = analyzeText(imported.source!);
    expect(diagnostics).toEqual([]);
    expect(model!.config).toMatchObject(imported.values);
  });
  it("llama has the values of its config", () => {
    expect(importVariant("llama", {})).toMatchObject({
      family: "llama",
      values: {
        vocab: 199,
        dim: 48,
        ffn: 112,
        depth: 3,
        heads: 6,
        kv_heads: 2,
        head_dim: 8,
        eps: 1e-6,
        tied: true,
        eos: [2],
      },
    });
  });
  it("keeps the text of the template around the defaults", () => {
    const { source } = importVariant("gpt2", {});
    expect(source).toContain("  vocab: int = 199,\n  dim: int = 48,\n");
    expect(source).toContain("  ffn: int = 4 * dim,\n");
    expect(source!.split("\n")).toHaveLength(templates.gpt2.text.split("\n").length);
  });
});

describe("variations", () => {
  it.each([
    ["gpt2", { n_inner: 100 }, { ffn: 100 }],
    ["gpt2", { activation_function: "gelu_pytorch_tanh" }, { activation: "gelu_new" }],
    ["gpt2", { activation_function: "relu" }, { activation: "relu" }],
    ["gpt2", { scale_attn_by_inverse_layer_idx: true }, { scale_attn_by_inverse_layer_idx: true }],
    ["gpt2", { scale_attn_weights: false, tie_word_embeddings: false }, { scale_attn_weights: false, tied: false }],
    ["llama", { head_dim: 10 }, { head_dim: 10 }],
    ["llama", { num_key_value_heads: null }, { kv_heads: 6 }],
    ["llama", { attention_bias: true, mlp_bias: true }, { attention_bias: true, mlp_bias: true }],
    ["llama", { hidden_act: "gelu" }, { activation: "gelu" }],
    ["llama", { rope_parameters: null, rope_theta: 5e5 }, { theta: 5e5, rope_type: "default" }],
    [
      "llama",
      { rope_parameters: null, rope_scaling: { type: "linear", factor: 2 } },
      { theta: 10000, rope_type: "linear", rope_factor: 2 },
    ],
    ["gpt2", { activation_function: "silu" }, { activation: "silu" }],
    ["llama", { eos_token_id: [2, 5] }, { eos: [2, 5] }],
    ["llama", { architectures: ["LLaMAForCausalLM"], max_sequence_length: 2048 }, { dim: 48 }],
    ["llama", { is_llama_config: true, rope_interleaved: false }, { dim: 48 }],
    ["llama", { pruned_heads: {} }, { heads: 6 }],
    ["llama", { eos_token_id: 7 }, { eos: [7] }],
    ["gpt2", { eos_token_id: null }, { eos: [] }],
  ])("%s with %j", (name, change, values) => {
    const imported = importVariant(name, change);
    expect(told(imported)).toEqual([]);
    expect(imported.values).toMatchObject(values);
    expect(analyzeText(imported.source!).diagnostics).toEqual([]);
  });
  it("head_dim null keeps the template's rule", () => {
    const imported = importVariant("llama", { head_dim: null });
    expect(imported.source).toContain("head_dim: int = dim / heads");
    expect(analyzeText(imported.source!).model!.config).toMatchObject({ head_dim: 8 });
  });
  it("llama3 scaling is read in both styles", () => {
    const scaling = {
      factor: 8,
      high_freq_factor: 4,
      low_freq_factor: 1,
      original_max_position_embeddings: 32,
      rope_type: "llama3",
    };
    const old = importVariant("llama3-rope", { rope_parameters: null, rope_theta: 500000, rope_scaling: scaling });
    expect(old.values).toEqual(importVariant("llama3-rope", {}).values);
    expect(old.values).toMatchObject({ rope_factor: 8, rope_low: 1, rope_high: 4, rope_original: 32, theta: 500000 });
  });
});

describe("refusals", () => {
  it.each([
    ["gpt2", { add_cross_attention: true }, "LLM0311", "add_cross_attention"],
    ["gpt2", { activation_function: "mish" }, "LLM0311", "activation_function"],
    ["gpt2", { n_embd: undefined }, "LLM0313", "n_embd"],
    ["gpt2", { n_head: "6" }, "LLM0313", "n_head"],
    ["gpt2", { n_layer: 0 }, "LLM0313", "n_layer"],
    ["gpt2", { attention_sinks: 4 }, "LLM0312", "attention_sinks"],
    ["gpt2", { architectures: ["GPT2ForSequenceClassification"] }, "LLM0311", "architectures"],
    ["llama", { pretraining_tp: 2 }, "LLM0311", "pretraining_tp"],
    ["llama", { sliding_window: 64 }, "LLM0311", "sliding_window"],
    ["llama", { rope_interleaved: true }, "LLM0311", "rope_interleaved"],
    ["llama", { pruned_heads: { "0": [1] } }, "LLM0311", "pruned_heads"],
    ["llama", { quantization_config: { bits: 4 } }, "LLM0311", "quantization_config"],
    ["llama", { rope_parameters: { rope_type: "yarn", factor: 2 } }, "LLM0311", "rope_parameters.rope_type"],
    ["llama", { rope_parameters: null, rope_scaling: { type: "dynamic", factor: 2 } }, "LLM0311", "rope_scaling.type"],
    ["llama", { rope_parameters: { rope_type: "linear" } }, "LLM0313", "rope_parameters.factor"],
    ["llama", { rope_parameters: { rope_type: "default", mscale: 2 } }, "LLM0312", "rope_parameters.mscale"],
    ["llama", { model_type: "llama5" }, "LLM0310", "llama5"],
  ])("%s with %j", (name, change, code, key) => {
    const imported = importVariant(name, change);
    expect(imported.source).toBeUndefined();
    expect(told(imported).filter((text) => text.startsWith(code) && text.includes(key))).toHaveLength(1);
    expect(imported.malformed).toBe(false);
  });
  it("reports all keys at once, each at its place", () => {
    const text = JSON.stringify({ ...fixture("llama"), pretraining_tp: 2, sinks: 1 }, null, 2);
    const imported = importText(text);
    expect(imported.diagnostics.map((each) => each.code).sort()).toEqual(["LLM0311", "LLM0312"]);
    for (const { loc } of imported.diagnostics)
      expect(text.split("\n")[loc!.start.line - 1]).toMatch(/pretraining_tp|sinks/);
  });
});

describe("a template", () => {
  it("that lacks a config value is reported", () => {
    const llama = { path: "llama.llm", text: templates.llama.text.replace("  mlp_bias: bool = false,\n", "") };
    const text = JSON.stringify(fixture("llama"));
    const imported = importConfig({ path: "config.json", text }, { ...templates, llama });
    expect(imported.source).toBeUndefined();
    expect(imported.diagnostics.map((each) => each.code)).toContain("LLM0314");
  });
});

describe("strict JSON", () => {
  it.each([
    ['{"model_type": "llama", "model_type": "gpt2"}', "occurs twice"],
    ['{"model_type": "llama", "vocab_size": 9007199254740993}', "beyond 2^53"],
    ['{"model_type": "llama",}', "double quotes"],
    ['{"model_type": "llama"} x', "follows"],
    ["[1]", "one object"],
    ["", "value is expected"],
    ['{"a": 01}', "is expected"],
    ["[".repeat(100), "deeply"],
  ])("%s", (text, words) => {
    const imported = importText(text);
    expect(imported.malformed).toBe(true);
    expect(told(imported)).toEqual([expect.stringMatching(/^LLM0309 /)]);
    expect(imported.diagnostics[0]!.message).toContain(words);
  });
  it("accepts what is strict", () => {
    expect(told(importText('{"model_type": "lama", "x": [1.5e3, {"y": null}], "z": "\\u00e9"}'))).toEqual([
      "LLM0310 there is no importer for the family `lama`",
    ]);
  });
});
