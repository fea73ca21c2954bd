/** Llama: the keys of `LlamaConfig`, with rotary scaling in the old style (`rope_scaling`) and the new one. */
import { jsonText } from "./config-keys.ts";
import type { ConfigKeys } from "./config-keys.ts";
import type { Family, TemplateValues } from "./family.ts";
import { COMMON_IRRELEVANT } from "./family.ts";

/** Published names of activations to those of the template. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_new: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  relu: "relu",
};

const ROPE_TYPES = ["default", "linear", "llama3"];

export const llama: Family = {
  modelType: "llama",
  architectures: ["LlamaForCausalLM", "LLaMAForCausalLM"],
  irrelevant: {
    ...COMMON_IRRELEVANT,
    attention_dropout: "dropout, which inference does not have",
    is_llama_config: "a mark of a converter that the published code does not read",
    max_sequence_length: "an old name of max_position_embeddings that the published code does not read",
  },
  read(keys: ConfigKeys) {
    keys.allow("pretraining_tp", ["1"], "the products of this checkpoint are split, which changes the rounding");
    keys.allow("rope_interleaved", ["false"], "the template turns the pairs (i, i + head_dim / 2)");
    keys.allow("sliding_window", [], "the template attends to all earlier tokens");
    keys.allow("use_sliding_window", ["false"], "the template attends to all earlier tokens");
    keys.allow("partial_rotary_factor", ["1"], "the template turns all channels of a head");
    readLayerTypes(keys);
    const activation = keys.word("hidden_act", "silu");
    if (activation !== undefined && !Object.hasOwn(ACTIVATIONS, activation))
      keys.refuse("hidden_act", `supported are ${Object.keys(ACTIVATIONS).join(", ")}`);
    const heads = keys.int("num_attention_heads");
    const context = keys.int("max_position_embeddings", 2048);
    return {
      vocab: keys.int("vocab_size"),
      dim: keys.int("hidden_size"),
      ffn: keys.int("intermediate_size"),
      depth: keys.int("num_hidden_layers"),
      heads,
      kv_heads: keys.has("num_key_value_heads") ? keys.int("num_key_value_heads") : heads,
      // Absent or null means hidden_size / num_attention_heads, which is the template's default.
      head_dim: keys.has("head_dim") ? keys.int("head_dim") : undefined,
      eps: keys.float("rms_norm_eps", 1e-6),
      tied: keys.bool("tie_word_embeddings", false),
      attention_bias: keys.bool("attention_bias", false),
      mlp_bias: keys.bool("mlp_bias", false),
      activation: ACTIVATIONS[activation ?? ""],
      context,
      eos: keys.ids("eos_token_id"),
      ...readRope(keys),
    };
  },
};

function readLayerTypes(keys: ConfigKeys): void {
  const types = keys.raw("layer_types");
  const isFull = Array.isArray(types) && types.every((type) => type === "full_attention");
  if (types !== undefined && !isFull) keys.refuse("layer_types", "the template attends to all earlier tokens");
}

/**
 * Rotary values: `rope_theta` at the top or in `rope_parameters`, the scaling in `rope_scaling` (old) or there (new),
 * its kind as `type` or `rope_type`.
 */
function readRope(keys: ConfigKeys): TemplateValues {
  const top = keys.has("rope_theta") ? keys.float("rope_theta") : undefined;
  const name = keys.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const other = name === "rope_parameters" ? "rope_scaling" : "rope_parameters";
  // Both may be written by a converter; they may not disagree.
  if (keys.has(other) && jsonText(keys.raw(other) ?? null) !== jsonText(keys.raw(name) ?? null))
    keys.refuse(other, `\`${name}\` says something else`);
  const inner = keys.nested(name);
  if (inner === undefined) return { theta: top ?? 10000, rope_type: "default" };
  const theta = inner.has("rope_theta") ? inner.float("rope_theta") : (top ?? 10000);
  const typeKey = inner.has("rope_type") ? "rope_type" : "type";
  const type = inner.word(typeKey, "default");
  if (inner.has("type") && inner.has("rope_type") && inner.word("type") !== type)
    inner.refuse("type", "`rope_type` says something else");
  const values = ropeValues(inner, typeKey, type, theta);
  inner.finish({});
  keys.diagnostics.push(...inner.diagnostics);
  return values;
}

function ropeValues(
  inner: ConfigKeys,
  typeKey: string,
  type: string | undefined,
  theta: number | undefined,
): TemplateValues {
  inner.allow("partial_rotary_factor", ["1"], "the template turns all channels of a head");
  if (type === undefined || !ROPE_TYPES.includes(type)) {
    inner.refuse(typeKey, `supported are ${ROPE_TYPES.join(", ")}`);
    return {};
  }
  if (type === "default") return { theta, rope_type: type };
  const factor = inner.float("factor");
  if (type === "linear") return { theta, rope_type: type, rope_factor: factor };
  return {
    theta,
    rope_type: type,
    rope_factor: factor,
    rope_low: inner.float("low_freq_factor"),
    rope_high: inner.float("high_freq_factor"),
    rope_original: inner.int("original_max_position_embeddings"),
  };
}
