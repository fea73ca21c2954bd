/** What is verified: a model, the weights in its folder, and the recorded answers, read once for all targets. */
import type { Compilation } from "../../driver/compile.ts";
import { weightNameRules } from "../../driver/weight-rules.ts";
import type { Parameters } from "../../driver/reference-model.ts";
import type { Tensor } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import type { FloatType } from "../../runtime/float-convert.ts";
import type { SafetensorsFile } from "../../runtime/safetensors.ts";
import type { AnalyzedModel } from "../../driver/front-end.ts";
import { defined } from "../../support/errors.ts";
import { readParameters } from "../../weights/tensors.ts";
import { openWeights, readCheckpoint } from "../checkpoint.ts";
import { compileSource } from "../compile-source.ts";
import { fileError } from "../failure.ts";
import type { CompileFlags } from "../options.ts";
import { resolveSource, splitSource, weightsBeside, withPublishedConfig } from "../sources.ts";
import type { Source } from "../sources.ts";
import { readExpectations } from "./expectations.ts";
import type { Expectations } from "./expectations.ts";

export interface Subject {
  readonly source: Source;
  readonly weights: string;
  readonly checkpoint: SafetensorsFile;
  readonly expected: Expectations;
}

/**
 * Throws `CommandFailure`: 5 for files, 1 for a config that makes no model. `modelFile` replaces the folder's; config
 * values that it declares by published names are those of the folder's config.json.
 */
export async function openSubject(given: string, modelFile: string | undefined): Promise<Subject> {
  const { path: folder } = splitSource(given);
  const source = modelFile === undefined ? resolveSource(given) : withPublishedConfig(resolveSource(modelFile), folder);
  const expected = await readExpectations(folder);
  const weights = weightsBeside(folder);
  if (weights === undefined) throw fileError(`${folder} has no model.safetensors`);
  return { source, weights, checkpoint: await readCheckpoint(weights), expected };
}

export interface VerifiedBuild {
  readonly compilation: Compilation;
  readonly model: AnalyzedModel;
}

/** A build with taps, large enough for the recorded inputs; without generation where `forward` is not causal. */
export function buildSubject(
  { source, checkpoint, expected }: Subject,
  target: string,
  flags: CompileFlags,
): VerifiedBuild {
  // prettier-ignore
  const inputs = [...expected.tensors.values()].filter(({ name }) => name.startsWith("in."));
  const [, length = 1] = expected.tensors.get("in.tokens")?.dims ?? [];
  const compilation = compileSource(source, {
    ...flags,
    checkpoint,
    targets: [target],
    entries: ["forward", "generate"],
    orElse: ["forward"],
    taps: true,
    batch: Math.max(flags.batch ?? 1, ...inputs.map(({ dims: [rows = 1] }) => rows)),
    chunk: Math.max(flags.chunk ?? 1, length),
  });
  return { compilation, model: defined(compilation.model, "a build has a model") };
}

/** The weights as the build stores them, in f64. */
export async function parametersOf(weights: string, model: AnalyzedModel): Promise<Parameters> {
  const dtypes = new Map<string, DType>(model.parameters.map(({ path, dtype }) => [path, dtype]));
  const parameters = model.parameters.map(({ path, dims, dtype }) => ({ path, dims, dtype: dtype as FloatType }));
  const source = await openWeights(weights);
  try {
    const values = await readParameters(source, parameters, weightNameRules(model.weights));
    return (path): Tensor => {
      const { dims, data } = defined(values.get(path), `no weight ${path}`);
      return { dtype: dtypes.get(path) ?? "f32", dims, data };
    };
  } finally {
    await source.close?.();
  }
}
