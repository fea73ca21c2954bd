/** The models of the suite as small as they are recorded: every example, and published families, with weights. */
import { readFileSync } from "node:fs";
import { resolveSource, withPublishedConfig } from "../../src/cli/sources.ts";
import { compile } from "../../src/driver/compile.ts";
import type { ConfigSettings } from "../../src/driver/front-end.ts";
import { fromF16, toF16 } from "../../src/kernel/half.ts";
import { js } from "../../src/profiles/js.ts";
import { Rng } from "../../src/support/random.ts";
import type { SourceFile } from "../../src/support/source.ts";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";

const GOLDEN = "tests/fixtures/golden";

export interface SuiteModel {
  readonly file: SourceFile;
  readonly set?: ConfigSettings;
  /** A safetensors file. */
  readonly weights: Uint8Array;
}

const bytesOf = (folder: string): Uint8Array => new Uint8Array(readFileSync(`${folder}/model.safetensors`));

function published(name: string, model?: string): SuiteModel {
  const folder = `${GOLDEN}/${name}`;
  const source = model === undefined ? resolveSource(folder) : withPublishedConfig(resolveSource(model), folder);
  return { file: source.file, set: source.settings, weights: bytesOf(folder) };
}

/** A model with weights of a seed between -0.75 and 0.75, which f16 holds. */
export function seeded(file: SourceFile, set: ConfigSettings): SuiteModel {
  const { model, diagnostics } = compile(file, { profiles: [js], entries: ["forward"], set });
  if (model === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const rng = new Rng(7);
  const tensors = model.parameters.map(({ path, dims }) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = Array.from({ length: size }, () => fromF16(toF16((rng.uniform() - 0.5) * 1.5)));
    return [path, f32Tensor(dims, values)] as const;
  });
  return { file, set, weights: fileOf(Object.fromEntries(tensors)) };
}

const RWKV = { vocab_size: "96", hidden_size: "48", attention_hidden_size: "64", num_hidden_layers: "3" };

export const SUITE_MODELS: Readonly<Record<string, () => SuiteModel>> = {
  moby: () => ({ file: resolveSource("examples/moby").file, weights: bytesOf("examples/moby") }),
  gpt2: () => published("gpt2"),
  llama: () => published("llama"),
  "llama3-rope": () => published("llama3-rope"),
  gemma2: () => published("gemma2", "examples/gemma2/gemma2.llm"),
  mixtral: () => published("mixtral", "examples/mixtral/mixtral.llm"),
  mamba: () => published("mamba", "examples/mamba/mamba.llm"),
  "gpt-neox": () => published("gpt-neox", "tests/fixtures/models/gpt-neox.llm"),
  qwen3: () => published("qwen3", "tests/fixtures/models/qwen3.llm"),
  rwkv: () => seeded(resolveSource("examples/rwkv/rwkv.llm").file, RWKV),
};
