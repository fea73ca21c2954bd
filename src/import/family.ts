/** What an importer of one family of models is: how its keys become the config values of the published example. */
import type { ConfigKeys } from "./config-keys.ts";

/** A value for the template, or undefined to leave the template's own default. */
export type TemplateValue = number | boolean | string | readonly number[];
export type TemplateValues = Readonly<Record<string, TemplateValue | undefined>>;

export interface Family {
  readonly modelType: string;
  /** Classes of the published code whose forward pass the template is. */
  readonly architectures: readonly string[];
  /** Keys that do not change what the model computes, with the reason. */
  readonly irrelevant: Readonly<Record<string, string>>;
  /** Reads the keys; mistakes are collected in `keys`. */
  read(keys: ConfigKeys): TemplateValues;
}

const TRAINING = "used only in training";
const GENERATION = "a default of the published generation loop, not of the model";
const BOOKKEEPING = "bookkeeping of the published library";
const HEADS = "belongs to classification heads, which a language model does not have";

function because(reason: string, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, reason]));
}

/** Keys that the published library writes for every family. */
export const COMMON_IRRELEVANT: Readonly<Record<string, string>> = {
  ...because(TRAINING, ["initializer_range", "gradient_checkpointing", "use_cache", "tf_legacy_loss"]),
  ...because(BOOKKEEPING, [
    "transformers_version", "_name_or_path", "name_or_path", "model_type", "tokenizer_class", "auto_map",
    "output_attentions", "output_hidden_states", "return_dict", "return_dict_in_generate", "output_scores",
    "torchscript", "use_bfloat16", "output_past", "_attn_implementation_autoset", "_commit_hash", "prefix",
  ]), // prettier-ignore
  ...because("the storage type is that of the tensors themselves", ["dtype", "torch_dtype"]),
  ...because("padding stands at the right of a row, and no real token sees it", ["pad_token_id"]),
  ...because("the tokenizer puts it before a text", ["bos_token_id"]),
  ...because(HEADS, ["id2label", "label2id", "num_labels", "_num_labels", "finetuning_task", "problem_type"]),
  ...because("only an encoder-decoder has it", [
    "decoder_start_token_id",
    "sep_token_id",
    "cross_attention_hidden_size",
  ]),
  ...because("the same result, computed in parts", ["chunk_size_feed_forward"]),
  ...because(GENERATION, [
    "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
    "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences",
    "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty",
    "suppress_tokens", "begin_suppress_tokens", "task_specific_params", "transformers.js_config",
  ]), // prettier-ignore
};

/** Checks what every family shares: nothing pruned, nothing quantized, no encoder-decoder. */
export function readCommon(keys: ConfigKeys, family: Family): void {
  const architectures = keys.raw("architectures");
  const isKnown =
    Array.isArray(architectures) &&
    architectures.every((name) => typeof name === "string" && family.architectures.includes(name));
  if (architectures !== undefined && !isKnown)
    keys.refuse("architectures", `the template computes what ${family.architectures.join(" and ")} compute`);
  keys.allow("is_encoder_decoder", ["false"], "the template has no encoder");
  keys.allow("is_decoder", ["true", "false"], "the template is a decoder");
  keys.allow("tie_encoder_decoder", ["false"], "the template has no encoder");
  keys.allow("pruned_heads", ["{}", "[]"], "all heads have the same size in the template");
  keys.allow("quantization_config", [], "convert the checkpoint to float tensors first");
}
