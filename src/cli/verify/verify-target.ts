/** Runs one target over the recorded inputs and compares: every `out.*`, the greedy tokens, `extend` against `forward`. */
import { funcNamed } from "../../ir/ir.ts";
import type { Tensor } from "../../ir/op-def.ts";
import { artifactOf } from "../../driver/artifact.ts";
import type { Compilation } from "../../driver/compile.ts";
import { packageData } from "../../driver/package-data.ts";
import { compareOutput, interpretForward, maxDifference, maxAbsolute, recordedNames } from "../../driver/verify.ts";
import type { InterpretedOutputs, Outputs, Reference, VerifyRow } from "../../driver/verify.ts";
import { weightNameRules } from "../../driver/weight-rules.ts";
import { openBytes } from "../../runtime/byte-source.ts";
import type { FloatType } from "../../runtime/float-convert.ts";
import { loadModel } from "../../runtime/index.ts";
import type { Model } from "../../runtime/index.ts";
import { defined } from "../../support/errors.ts";
import { readParameters } from "../../weights/tensors.ts";
import { compileSource } from "../compile-source.ts";
import { fileError } from "../failure.ts";
import type { CompileFlags } from "../options.ts";
import { resolveSource } from "../sources.ts";
import { VERSION } from "../version.ts";
import type { Expectations } from "./expectations.ts";

/** The interpreter as a target: the model's meaning in f64. */
const REFERENCE = "reference";

/** All rows of one target. `modelFile`: a `.llm` to use instead of the folder's config. */
export async function verifyTarget(
  folder: string,
  modelFile: string | undefined,
  target: string,
  expected: Expectations,
  flags: CompileFlags,
): Promise<readonly VerifyRow[]> {
  const source = resolveSource(modelFile ?? folder);
  const weights = defined(resolveWeights(folder), "weights are resolved or refused");
  const tokens = tokensOf(expected);
  const [B = 1, T = 1] = tokens?.dims ?? [];
  const compilation = compileSource(source.file, {
    ...flags,
    targets: [target === REFERENCE ? "js" : target],
    entries: ["forward", "generate"],
    taps: true,
    batch: Math.max(B, flags.batch ?? 1),
    chunk: Math.max(T, flags.chunk ?? 1),
  });
  const references = [...expected.tensors.values()].filter(({ name }) => name.startsWith("out."));
  const model = await loadModel(packageData(artifactOf(compilation, "model", VERSION)), { weights, tokenizer: null });
  try {
    const rows: VerifyRow[] = [];
    if (tokens !== undefined) {
      const interpreted = await interpret(compilation, tokens, weights);
      const forward = target === REFERENCE ? interpreted.exact : await forwardOn(model, compilation, tokens);
      rows.push(
        ...references.map((reference) => compareOutput(reference, target, forward.get(reference.name), interpreted)),
      );
      if (target !== REFERENCE) rows.push(await extendRow(model, tokens, forward, rows, target));
    } else rows.push(...references.map((reference) => unreachable(reference, target)));
    if (expected.greedy !== undefined && target !== REFERENCE)
      rows.push(await greedyRow(model, expected.greedy, target));
    return rows;
  } finally {
    await model.close();
  }
}

function resolveWeights(folder: string): string {
  const { weights } = resolveSource(folder);
  if (weights === undefined) throw fileError(`${folder} has no model.safetensors`);
  return weights;
}

function tokensOf(expected: Expectations): Tensor | undefined {
  const found = expected.tensors.get("in.tokens");
  return found === undefined ? undefined : { dtype: "i32", dims: found.dims, data: found.data };
}

function unreachable({ name, data }: Reference, target: string): VerifyRow {
  const reason = "the folder has no in.tokens to compute it from";
  return { name, target, maxError: null, tolerance: null, maxReference: maxAbsolute(data), ok: false, reason };
}

async function interpret(compilation: Compilation, tokens: Tensor, weights: string): Promise<InterpretedOutputs> {
  const model = defined(compilation.model, "compiled");
  const source = defined(await openBytes(weights), "the weights exist");
  try {
    const parameters = model.parameters.map(({ path, dims, dtype }) => ({ path, dims, dtype: dtype as FloatType }));
    const values = await readParameters(source, parameters, weightNameRules(model.weights));
    const dtypes = new Map(model.parameters.map(({ path, dtype }) => [path, dtype]));
    const param = (path: string): Tensor => {
      const { dims, data } = defined(values.get(path), `no weight ${path}`);
      return { dtype: dtypes.get(path) ?? "f32", dims, data };
    };
    return interpretForward(model, tokens, param, compilation.capacities.S);
  } finally {
    await source.close?.();
  }
}

/** The results of `forward` on the device, at their actual sizes, by recorded names. */
async function forwardOn(model: Model, compilation: Compilation, tokens: Tensor): Promise<Outputs> {
  const [B = 1, T = 1] = tokens.dims;
  const bytes = await model.call("forward", { tokens: Int32Array.from(tokens.data) }, { B, T });
  const func = defined(funcNamed(defined(compilation.model, "compiled").module, "forward"), "the model has a forward");
  const sizes = { B, T, S: compilation.capacities.S };
  const results = new Map<string, ArrayLike<number>>();
  func.results.forEach(({ name }, i) => {
    const type = defined(func.body.yields[i], "each result has a value").type;
    const count = type.dims.reduce((product, dim) => product * dim.evaluate(sizes), 1);
    const members = type.family === undefined ? [name] : Array.from({ length: type.family }, (_, k) => `${name}.${k}`);
    for (const member of members) {
      const raw = bytes[member];
      if (raw !== undefined) results.set(member, new Float32Array(raw.buffer, raw.byteOffset, count));
    }
  });
  return recordedNames(results, tokens);
}

/** Feeds row 0 token by token: the logits of `extend` at step t against row t of `forward`. */
async function extendRow(
  model: Model,
  tokens: Tensor,
  forward: Outputs,
  rows: readonly VerifyRow[],
  target: string,
): Promise<VerifyRow> {
  const logits = defined(forward.get("out.logits"), "forward gave logits");
  const [B = 1, T = 1] = tokens.dims;
  const V = logits.length / (B * T);
  model.reset();
  let maxError: number | null = 0;
  for (let t = 0; t < T; t++) {
    const step = await model.extend([tokens.data[t] ?? 0]);
    const difference = maxDifference(step, Array.prototype.slice.call(logits, t * V, (t + 1) * V) as number[]);
    maxError = difference === null || maxError === null ? null : Math.max(maxError, difference);
  }
  const { tolerance = null, maxReference = null } = rows.find((row) => row.name === "out.logits") ?? {};
  const ok = maxError !== null && tolerance !== null && maxError <= tolerance;
  return { name: "extend", target, maxError, tolerance, maxReference, ok };
}

async function greedyRow(
  model: Model,
  greedy: NonNullable<Expectations["greedy"]>,
  target: string,
): Promise<VerifyRow> {
  model.reset();
  const generation = model.generate(greedy.prompt, {
    maxTokens: greedy.tokens.length,
    temperature: 0,
    stopAtEos: false,
  });
  await generation.text();
  const maxError = greedy.tokens.filter((token, i) => generation.tokens[i] !== token).length;
  return { name: "greedy", target, maxError, tolerance: 0, maxReference: greedy.tokens.length, ok: maxError === 0 };
}
