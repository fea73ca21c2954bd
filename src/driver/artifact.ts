/** A compilation as what `emitPackage` writes and the runtime loads. */
import { emitPackage } from "../../codegen/package/index.ts";
import type { Artifact } from "../../codegen/package/index.ts";
import { RUNTIME_FILES, RUNTIME_NOTICES, RUNTIME_TYPES } from "../runtime/bundled.generated.ts";
import { CUDA_DRIVER } from "./cuda-driver.generated.ts";
import type { FileDigest } from "../runtime/http/digest.ts";
import type { Compilation } from "./compile.ts";
import { weightNameRules } from "./weight-rules.ts";
import { defined } from "../support/errors.ts";

export { CUDA_KERNELS } from "../../codegen/package/cuda-files.ts";

/**
 * The package of a compilation that has at least one build. `version` is the compiler's, `beside` the files (weights,
 * tokenizer) that are put into it, `weightsDigest` what is known of the weights.
 */
export function artifactOf(
  compilation: Compilation,
  name: string,
  version: string,
  beside: readonly string[] = [],
  weightsDigest?: FileDigest,
): Artifact {
  const model = defined(compilation.model, "a compilation without a model has no artifact");
  return {
    name,
    version: "1.0.0",
    model: model.name,
    compiler: version,
    config: plainConfig(model.config),
    context: compilation.capacities.S,
    vocab: vocabularyOf(compilation),
    tokens: tokensOf(compilation),
    eos: eosOf(model.config),
    profiles: compilation.builds.map(({ profile, program, code }) => ({
      name: profile.name,
      target: profile.target,
      requires: profile.requires,
      program,
      code,
    })),
    weightRules: weightNameRules(model.weights),
    parameters: model.parameters.map(({ path, dims }) => ({ path, dims })),
    beside,
    weightsDigest,
    runtime: RUNTIME_FILES,
    runtimeTypes: RUNTIME_TYPES,
    notices: RUNTIME_NOTICES,
    cudaDriver: CUDA_DRIVER,
  };
}

/** The files of the npm package, by path, without weights and tokenizer. */
export function packageFiles(...given: Parameters<typeof artifactOf>): ReadonlyMap<string, string> {
  return emitPackage(artifactOf(...given));
}

/** The end-of-text ids: the config value `eos`, an id or a list of ids; negative ones mean none. */
export function eosOf(config: Readonly<Record<string, unknown>>): readonly number[] {
  const { eos } = config;
  const ids = Array.isArray(eos) ? eos : [eos];
  return ids.filter((id): id is number => typeof id === "number" && id >= 0);
}

/** Logits of a token: the last size of what `forward` returns. */
export function vocabularyOf(compilation: Compilation): number {
  const forward = compilation.model?.module.funcs.find((func) => func.name === "forward");
  return forward?.body.yields[0]?.type.dims.at(-1)?.asNumber() ?? 0;
}

/** Tokens are numbers below this: the rows of the table that they are looked up in, else as many as there are logits. */
export function tokensOf(compilation: Compilation): number {
  const forward = compilation.model?.module.funcs.find((func) => func.name === "forward");
  const tokens = forward?.args.find(({ value: { type } }) => type.dtype === "i32")?.value;
  const rows: number[] = [];
  for (const op of forward?.body.ops ?? []) {
    const [table, index] = op.operands;
    const isLookup = op.name === "embedding" || (op.name === "take" && (op.attrs["axis"] ?? 0) === 0);
    if (isLookup && table && index === tokens) rows.push(table.type.dims[0]?.asNumber() ?? Infinity);
  }
  return rows.length === 0 ? vocabularyOf(compilation) : Math.min(...rows);
}

function plainConfig(config: Readonly<Record<string, unknown>>): Artifact["config"] {
  const plain = Object.entries(config).filter(
    (entry): entry is [string, Artifact["config"][string]] => entry[1] !== undefined,
  );
  return Object.fromEntries(plain);
}
