/** GPT-2: the keys of `GPT2Config`, version 5.23 of the published library and before. */
import type { ConfigKeys } from "./config-keys.ts";
import type { Family } from "./family.ts";
import { COMMON_IRRELEVANT } from "./family.ts";

/** Published names of activations to those of the template. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  gelu_new: "gelu_new",
  gelu_pytorch_tanh: "gelu_new",
  gelu: "gelu",
  relu: "relu",
  silu: "silu",
  swish: "silu",
};

const SUMMARY = "belongs to the summary head, which the language model does not have";

export const gpt2: Family = {
  modelType: "gpt2",
  architectures: ["GPT2LMHeadModel"],
  irrelevant: {
    ...COMMON_IRRELEVANT,
    attn_pdrop: "dropout, which inference does not have",
    embd_pdrop: "dropout, which inference does not have",
    resid_pdrop: "dropout, which inference does not have",
    reorder_and_upcast_attn: "changes the rounding of half-precision scores; scores are computed in f32 here",
    n_ctx: "an old name of n_positions, written beside it",
    summary_activation: SUMMARY,
    summary_first_dropout: SUMMARY,
    summary_proj_to_labels: SUMMARY,
    summary_type: SUMMARY,
    summary_use_proj: SUMMARY,
  },
  read(keys: ConfigKeys) {
    keys.allow("add_cross_attention", ["false"], "the template has no cross attention");
    const activation = keys.word("activation_function", "gelu_new");
    if (activation !== undefined && !Object.hasOwn(ACTIVATIONS, activation))
      keys.refuse("activation_function", `supported are ${Object.keys(ACTIVATIONS).join(", ")}`);
    return {
      vocab: keys.int("vocab_size"),
      dim: keys.int("n_embd"),
      depth: keys.int("n_layer"),
      heads: keys.int("n_head"),
      context: keys.int("n_positions", 1024),
      // Absent or null means four times n_embd, which is the template's default.
      ffn: keys.has("n_inner") ? keys.int("n_inner") : undefined,
      eps: keys.float("layer_norm_epsilon", 1e-5),
      tied: keys.bool("tie_word_embeddings", true),
      activation: ACTIVATIONS[activation ?? ""],
      scale_attn_weights: keys.bool("scale_attn_weights", true),
      scale_attn_by_inverse_layer_idx: keys.bool("scale_attn_by_inverse_layer_idx", false),
      eos: keys.ids("eos_token_id"),
    };
  },
};
