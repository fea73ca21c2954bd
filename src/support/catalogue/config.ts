/** LLM03xx: config values, weights and the import of published checkpoints. */
import { entry } from "./entry.ts";
import { checked, imported, model } from "./example.ts";

const scaled = model("let head = dim / heads\nreturn x * head", { config: "dim: int = 8, heads: int = 2" });
const needed = model("return x", { config: "dim: int" });
const required = model("return x", {
  config: "dim: int = 48, heads: int = 6",
  body: 'require dim % heads == 0, "the heads divide the channels"',
});
const two = `${model("return x")}\n${model("return x + x").replace("Tiny", "Double")}`;
const llama = {
  model_type: "llama",
  vocab_size: 64,
  hidden_size: 48,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 128,
  hidden_act: "silu",
};
/** What the importer of `llama` sets. */
const LLAMA_VALUES = [
  "depth: int = 1",
  ...["vocab", "dim", "ffn", "heads", "kv_heads", "context"].map((name) => `${name}: int = 1`),
  ...["eps", "theta"].map((name) => `${name}: float = 1.0`),
  ...["tied", "attention_bias", "mlp_bias"].map((name) => `${name}: bool = false`),
  ...["activation", "rope_type"].map((name) => `${name}: text = ""`),
  "eos: int[] = []",
];
const template = (values: readonly string[]): string =>
  `model Llama(\n${values.map((value) => `  ${value},\n`).join("")}) {\n}\n`;

export const CONFIG = {
  LLM0301: entry(
    "an unknown config value",
    "The model declares no config value of this name.",
    checked(scaled, "--set haeds=4"),
    checked(scaled, "--set heads=4"),
  ),
  LLM0302: entry(
    "a config value of the wrong type",
    "The value given does not have the type that the model declares. `context` and `eos` are read by the tools: the one is an int, the other an int or a list of them.",
    checked(scaled, "--set heads=two"),
    checked(scaled, "--set heads=2"),
  ),
  LLM0303: entry(
    "a config value is missing",
    "A config value without a default is given from outside.",
    checked(needed),
    checked(needed, "--set dim=64"),
  ),
  LLM0304: entry(
    "a requirement does not hold",
    "The model states with `require` what its config values must satisfy.",
    checked(required, "--set dim=50"),
    checked(required, "--set dim=54"),
  ),
  LLM0305: entry(
    "a number that is no size",
    "A size is at least 1 and below 2^31; a list has at most 10,000 layers, and 1,000,000 blocks with those inside of them. No size is inferred: each is written.",
    model("return reshape(x, [B, T, -1])"),
    model("return reshape(x, [B, T, dim])"),
  ),
  LLM0306: entry(
    "division by zero",
    "A config value of 0 reached a divisor.",
    checked(scaled, "--set heads=0"),
    checked(scaled, "--set heads=1"),
  ),
  LLM0307: entry(
    "a number beyond 2^53",
    "Integers are exact up to 2^53; beyond it no size, offset or count can be trusted.",
    checked(scaled, "--set dim=9007199254740993"),
    checked(scaled, "--set dim=576"),
  ),
  LLM0308: entry(
    "no such model",
    "The file declares no model of this name; where it declares several, one is chosen by its name behind the source.",
    { ...checked(two), command: "llmc check model.llm#Duoble" },
    { ...checked(two), command: "llmc check model.llm#Double" },
  ),
  LLM0309: entry(
    "a config.json that is not strict JSON",
    "The file is one JSON object without duplicate keys, and its integers lie within 2^53: other readers would silently keep the last key or round.",
    imported('{ "hidden_size": 48, "hidden_size": 64 }\n'),
    imported(llama),
  ),
  LLM0310: entry(
    "an unsupported family of models",
    "The `model_type` of the config.json has no importer. The model can be written in the language itself.",
    imported({ ...llama, model_type: "t6" }),
    imported(llama),
  ),
  LLM0311: entry(
    "a config.json asks for something that is not supported",
    "The key changes what the model computes, and this value of it is not supported. Ignoring it would give wrong results.",
    imported({ ...llama, pretraining_tp: 2 }),
    imported({ ...llama, pretraining_tp: 1 }),
  ),
  LLM0312: entry(
    "an unknown key in a config.json",
    "Each key is used, known to be irrelevant to inference, or refused: an unknown one may change the result.",
    imported({ ...llama, attention_sinks: 4 }),
    imported({ ...llama, attention_bias: false }),
  ),
  LLM0313: entry(
    "a key of a config.json is missing or malformed",
    "The key is needed to know the model, and is absent or has another type.",
    imported({ ...llama, hidden_size: "48" }),
    imported(llama),
  ),
  LLM0314: entry(
    "a template that does not fit its importer",
    "The published example model that an importer fills in must declare a config value for each value it sets.",
    { kind: "template", text: template(LLAMA_VALUES.slice(1)), config: JSON.stringify(llama) },
    { kind: "template", text: template(LLAMA_VALUES), config: JSON.stringify(llama) },
  ),
  LLM0315: entry(
    "an end-of-text token beyond the vocabulary",
    "A warning: the config value `eos` names tokens that the model has no logits for, so no text ends with them. Tokens count from 0; a negative `eos` means that there is none.",
    model("return x", { config: "dim: int = 8, eos: int = 8" }),
    model("return x", { config: "dim: int = 8, eos: int = 7" }),
  ),
} as const;
