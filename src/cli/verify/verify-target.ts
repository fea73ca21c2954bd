/** The rows of one target: every `out.*`, `extend` against `forward`, the greedy tokens, and what training recorded. */
import { funcNamed } from "../../ir/ir.ts";
import { artifactOf } from "../../driver/artifact.ts";
import { packageData } from "../../driver/package-data.ts";
import { recordedNames } from "../../driver/recorded-outputs.ts";
import type { Outputs, RecordedTargets } from "../../driver/recorded-outputs.ts";
import type { Tensor } from "../../ir/op-def.ts";
import { interpretForward } from "../../driver/reference-model.ts";
import type { Parameters } from "../../driver/reference-model.ts";
import { compareOutput, judgedRow, maxAbsolute, maxDifference, missingRow, toleranceOf } from "../../driver/verify.ts";
import type { InterpretedOutputs, VerifyRow } from "../../driver/verify.ts";
import { loadModel } from "../../runtime/index.ts";
import type { LoadOptions, Model, PackageData } from "../../runtime/index.ts";
import { defined } from "../../support/errors.ts";
import type { CompileFlags } from "../options.ts";
import { VERSION } from "../version.ts";
import type { Expectations, Greedy } from "./expectations.ts";
import { forwardCall } from "./forward-call.ts";
import { deviceRunner, referenceRunner } from "./runner.ts";
import type { ForwardCall, Runner } from "./runner.ts";
import { buildSubject, parametersOf } from "./subject.ts";
import type { Subject, VerifiedBuild } from "./subject.ts";

/** The interpreter as a target: the model's meaning in f64. */
export const REFERENCE = "reference";

/** All rows of one target; `load` opens the device that they run on. */
export async function verifyTarget(
  subject: Subject,
  target: string,
  flags: CompileFlags,
  signal: AbortSignal,
  load: (data: PackageData, options: LoadOptions) => Promise<Model> = loadModel,
): Promise<readonly VerifyRow[]> {
  const { weights, expected } = subject;
  const build = buildSubject(subject, target === REFERENCE ? "js" : target, flags);
  const { compilation, model } = build;
  const func = defined(funcNamed(model.module, "forward"), "the model has a forward");
  const call = forwardCall(func, expected.tensors, compilation.capacities.S);
  const params = await parametersOf(weights, model);
  if (target === REFERENCE)
    return rowsOf(build, referenceRunner(compilation, model, params), call, target, expected, params);
  const loaded = await load(packageData(artifactOf(compilation, "model", VERSION)), {
    weights,
    tokenizer: null,
    signal,
  });
  try {
    return await rowsOf(build, deviceRunner(loaded, func, signal), call, target, expected, params);
  } finally {
    await loaded.close();
  }
}

async function rowsOf(
  build: VerifiedBuild,
  runner: Runner,
  call: ForwardCall | string,
  target: string,
  expected: Expectations,
  params: Parameters,
): Promise<readonly VerifyRow[]> {
  const { noGeneration } = build.compilation;
  const references = [...expected.tensors.values()].filter(({ name }) => name.startsWith("out."));
  const rows: VerifyRow[] = [];
  if (typeof call === "string") rows.push(...references.map((reference) => missingRow(reference, target, call)));
  else {
    const targets = recordedTargets(expected);
    const interpreted = interpret(build, call, params, targets);
    const actual = recordedNames(await runner.forward(call), targets);
    rows.push(...references.map((each) => compareOutput(each, target, actual.get(each.name), interpreted)));
    if (noGeneration === undefined)
      rows.push(await extendRow(runner, call, actual, expected.tensors.get("out.logits")?.data, interpreted, target));
  }
  if (expected.greedy === undefined) return rows;
  if (noGeneration === undefined) return [...rows, await greedyRow(runner, expected.greedy, target)];
  const nothing = { maxError: null, tolerance: null, maxReference: null, ok: false, reason: noGeneration };
  return [...rows, { name: "extend", target, ...nothing }, { name: "greedy", target, ...nothing }];
}

/** What the recorded loss compares logits with, whether or not the model takes it. */
function recordedTargets({ tensors }: Expectations): RecordedTargets {
  const tensor = (name: string): Tensor | undefined => {
    const found = tensors.get(`in.${name}`);
    return found && { dtype: "i32", dims: found.dims, data: found.data };
  };
  return { tokens: tensor("tokens"), mask: tensor("attention_mask"), labels: tensor("labels") };
}

function interpret(
  { model }: VerifiedBuild,
  { inputs, sizes }: ForwardCall,
  params: Parameters,
  targets: RecordedTargets,
): InterpretedOutputs {
  const run = (mode: "exact" | "rounded"): Outputs =>
    recordedNames(interpretForward(model, inputs, params, sizes, mode), targets);
  return { exact: run("exact"), rounded: run("rounded") };
}

/** Feeds each row token by token: the logits of `extend` at step t against row t of `forward`. */
async function extendRow(
  runner: Runner,
  { inputs }: ForwardCall,
  forward: Outputs,
  recorded: ArrayLike<number> | undefined,
  interpreted: InterpretedOutputs,
  target: string,
): Promise<VerifyRow> {
  const tokens = defined(inputs["tokens"], "what generates takes tokens");
  const logits = defined(forward.get("out.logits"), "forward gave logits");
  const [B = 1, T = 1] = tokens.dims;
  const V = logits.length / (B * T);
  let maxError: number | null = 0;
  for (let row = 0; row < B * T; row++) {
    if (row % T === 0) runner.reset();
    const step = await runner.extend(tokens.data[row] ?? 0);
    const wanted = Array.from({ length: V }, (_, v) => logits[row * V + v] ?? NaN);
    const difference = step.length === V ? maxDifference(step, wanted) : null;
    maxError = difference === null || maxError === null ? null : Math.max(maxError, difference);
  }
  const reference = recorded ?? logits;
  const tolerance = toleranceOf("out.logits", reference, interpreted) ?? 0;
  return judgedRow("extend", target, maxError, tolerance, maxAbsolute(reference));
}

/** The number of tokens that differ, over all recorded prompts. */
async function greedyRow(runner: Runner, recorded: readonly Greedy[], target: string): Promise<VerifyRow> {
  let wrong = 0;
  for (const { prompt, tokens } of recorded) {
    runner.reset();
    const made = await runner.greedy(prompt, tokens.length);
    wrong += tokens.filter((token, i) => made[i] !== token).length;
  }
  return judgedRow("greedy", target, wrong, 0, Math.max(...recorded.map(({ tokens }) => tokens.length)));
}
