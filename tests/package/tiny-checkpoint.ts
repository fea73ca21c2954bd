/** A llama of a few hundred weights as a published checkpoint: config.json and model.safetensors in a fresh folder. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBfloat, toHalf } from "../../src/runtime/float-convert.ts";
import { Rng } from "../../src/support/random.ts";
import { fileOf } from "../unit/runtime/safetensors-file.ts";
import type { TestTensor } from "../unit/runtime/safetensors-file.ts";

export const VOCAB = 11;
const DIM = 8;
const FFN = 12;

const CONFIG = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  vocab_size: VOCAB,
  hidden_size: DIM,
  intermediate_size: FFN,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 16,
  rms_norm_eps: 1e-5,
  rope_theta: 10000.0,
  tie_word_embeddings: true,
  eos_token_id: 3,
};

export type Weights = Readonly<Record<string, TestTensor>>;
type Storage = "F32" | "F16" | "BF16";

/** Random weights by their published names. */
export function tinyWeights(storage: Storage = "F32"): Weights {
  const rng = new Rng(11);
  const tensor = (...shape: number[]): TestTensor => {
    const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.uniform() - 0.5);
    return { dtype: storage, shape, bytes: stored(values, storage) };
  };
  const weights: Record<string, TestTensor> = { "model.embed_tokens.weight": tensor(VOCAB, DIM) };
  for (const layer of [0, 1]) {
    const at = (name: string): string => `model.layers.${layer}.${name}.weight`;
    weights[at("input_layernorm")] = tensor(DIM);
    weights[at("self_attn.q_proj")] = tensor(DIM, DIM);
    weights[at("self_attn.k_proj")] = tensor(DIM / 2, DIM);
    weights[at("self_attn.v_proj")] = tensor(DIM / 2, DIM);
    weights[at("self_attn.o_proj")] = tensor(DIM, DIM);
    weights[at("post_attention_layernorm")] = tensor(DIM);
    weights[at("mlp.gate_proj")] = tensor(FFN, DIM);
    weights[at("mlp.up_proj")] = tensor(FFN, DIM);
    weights[at("mlp.down_proj")] = tensor(DIM, FFN);
  }
  weights["model.norm.weight"] = tensor(DIM);
  return weights;
}

function stored(values: readonly number[], storage: Storage): Uint8Array {
  if (storage === "F32") return new Uint8Array(Float32Array.from(values).buffer);
  return new Uint8Array(Uint16Array.from(values, storage === "F16" ? toHalf : toBfloat).buffer);
}

export interface CheckpointOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly weights?: Weights;
}

/** Writes the folder; `config` replaces keys. The caller removes it. */
export function tinyCheckpoint({ config = {}, weights = tinyWeights() }: CheckpointOptions = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "llmc-test-"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...CONFIG, ...config }, null, 1));
  writeFileSync(join(folder, "model.safetensors"), fileOf(weights));
  return folder;
}

/** Cuts a checkpoint's weights off after `bytes`. */
export function truncateWeights(folder: string, bytes: number): void {
  const file = join(folder, "model.safetensors");
  writeFileSync(file, readFileSync(file).subarray(0, bytes));
}
