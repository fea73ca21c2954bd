/**
 * Texts one after the other on one model, with every control, on every target: the tokens of a plain reference that
 * knows the whole history. What was cached, aborted or stopped before changes nothing.
 */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileSource } from "../../src/cli/compile-source.ts";
import { readCheckpoint } from "../../src/cli/checkpoint.ts";
import { resolveSource } from "../../src/cli/sources.ts";
import { artifactOf } from "../../src/driver/artifact.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import type { GenerateOptions, LoadOptions, Model } from "../../src/runtime/index.ts";
import { loadModel, loadOn } from "../../src/runtime/load.ts";
import { cudaDeviceFor } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { nextToken } from "../support/sampling-reference.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const LLAMA = path.join(ROOT, "tests/fixtures/golden/llama");
const MOBY = path.join(ROOT, "examples/moby");
const COLD = 300_000;

interface Opened {
  readonly model: Model;
  close(): Promise<void>;
}

/** A loaded model; a chunk shorter than the prompts, so that a prompt takes several calls. */
async function open(folder: string, target: string): Promise<Opened> {
  const source = resolveSource(folder);
  const weights = path.join(folder, "model.safetensors");
  const checkpoint = await readCheckpoint(weights);
  const compilation = compileSource(source, { checkpoint, targets: [target], entries: ["generate"], chunk: 4 });
  const data = packageData(artifactOf(compilation, "model", "0.0.0"));
  const options: LoadOptions = { weights, tokenizer: source.tokenizer ?? null, threads: 1 };
  if (target !== "cuda") {
    const model = await loadModel(data, { ...options, target });
    return { model, close: () => model.close() };
  }
  const profile = data.profiles[0]!;
  const { sim, device } = await cudaDeviceFor(profile);
  const model = await loadOn({ device, profile }, data, options);
  return { model, close: () => model.close().then(() => sim.close()) };
}

/** The tokens that should follow, from the logits of a model of its own. */
async function expected(
  logits: Model,
  prompt: readonly number[],
  options: GenerateOptions,
  count: number,
): Promise<readonly number[]> {
  const answer: number[] = [];
  logits.reset();
  let row = await logits.extend(prompt);
  while (answer.length < count) {
    const token = nextToken(row, prompt, answer, options);
    answer.push(token);
    if (answer.length < count) row = await logits.extend([token]);
  }
  return answer;
}

async function generated(
  model: Model,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<readonly number[]> {
  const generation = model.generate(prompt, { stopAtEos: false, ...options });
  await generation.text();
  return generation.tokens;
}

const PROMPT = [5, 9, 5, 100, 42, 7, 9];
/** Tokens that are often taken, so that there is something to penalize. */
const FAVOURITES = { 3: 2, 43: 2.5, 87: 1.5, 100: 2 };
const CONTROLS: Readonly<Record<string, GenerateOptions>> = {
  "no control": { temperature: 0 },
  "a repetition penalty": { temperature: 0, repetitionPenalty: 1.4 },
  "a repetition penalty below one": { temperature: 0, repetitionPenalty: 0.5 },
  "a presence penalty": { temperature: 0, logitBias: FAVOURITES, presencePenalty: 0.6 },
  "a frequency penalty": { temperature: 0, logitBias: FAVOURITES, frequencyPenalty: 0.3 },
  "a presence penalty below zero": { temperature: 0, presencePenalty: -0.5 },
  "a frequency penalty below zero": { temperature: 0, frequencyPenalty: -0.5 },
  "a bias": { temperature: 0, logitBias: { ...FAVOURITES, 4: -50, 87: -Infinity } },
  "all penalties": { temperature: 0, repetitionPenalty: 1.2, presencePenalty: 0.2, frequencyPenalty: 0.3, logitBias: FAVOURITES },
  "min-p": { temperature: 0.6, minP: 0.3, seed: 5 },
  "no min-p": { temperature: 0.6, seed: 5 },
  everything: { temperature: 0.7, topK: 20, topP: 0.9, minP: 0.1, seed: 9, repetitionPenalty: 1.3, presencePenalty: 0.4, frequencyPenalty: 0.2, logitBias: FAVOURITES },
}; // prettier-ignore
const ALL = CONTROLS["everything"]!;
/** The simulator takes a second a token: there only what uses all of the kernels. */
const SLOW: readonly string[] = ["no control", "all penalties", "everything"];

const problems: Readonly<Record<string, string | undefined>> = {
  webgpu: await requestAdapter().then(
    () => undefined,
    () => "no WebGPU adapter on this machine",
  ),
  cuda: simProblem(),
};

describe.for(["js", "cpu", "webgpu", "cuda"])("on %s", (target) => {
  const problem = problems[target];
  let model: Model;
  let logits: Model;
  const opened: Opened[] = [];
  beforeAll(async () => {
    if (problem !== undefined) return;
    for (const each of [target, "cpu"]) opened.push(await open(LLAMA, each));
    [model, logits] = opened.map((each) => each.model) as [Model, Model];
  }, COLD);
  afterAll(async () => {
    for (const each of opened) await each.close();
  });

  const controls = Object.entries(CONTROLS).filter(([name]) => target !== "cuda" || SLOW.includes(name));
  it.for(controls)("chooses as the reference with %s", { timeout: COLD }, async ([, options], { skip }) => {
    if (problem !== undefined) return skip(problem);
    const want = await expected(logits, PROMPT, options, 10);
    expect(await generated(model, PROMPT, { ...options, maxTokens: 10 })).toEqual(want);
  });

  it("counts a prompt that the caches hold, and nothing of the text before", { timeout: COLD }, async ({ skip }) => {
    if (problem !== undefined) return skip(problem);
    const first = await generated(model, PROMPT, { ...ALL, maxTokens: 6 });
    // The answer of the first turn is prompt in the second: it is repeated, but not present.
    const second = [...PROMPT, ...first, 17, 5];
    for (const prompt of [second, PROMPT.slice(0, 3), [...PROMPT.slice(0, 3), 60]])
      expect(await generated(model, prompt, { ...ALL, maxTokens: 6 })).toEqual(await expected(logits, prompt, ALL, 6));
  });

  it("forgets what was counted before an end in the middle", { timeout: COLD }, async ({ skip }) => {
    if (problem !== undefined) return skip(problem);
    const want = await expected(logits, PROMPT, ALL, 6);
    const left = model.generate(PROMPT, { ...ALL, stopAtEos: false });
    for (let i = 0; i < 3; i++) await left.next();
    await left.return();
    expect(await generated(model, PROMPT, { ...ALL, maxTokens: 6 })).toEqual(want);
    const controller = new AbortController();
    const aborted = model.generate(PROMPT, { ...ALL, stopAtEos: false, signal: controller.signal });
    for (let i = 0; i < 3; i++) await aborted.next();
    controller.abort();
    await expect(aborted.text()).rejects.toMatchObject({ name: "AbortError" });
    expect(await generated(model, PROMPT, { ...ALL, maxTokens: 6 })).toEqual(want);
  });

  it("penalizes and biases nothing once it is not asked to", { timeout: COLD }, async ({ skip }) => {
    if (problem !== undefined) return skip(problem);
    const plain = { temperature: 0.7, seed: 3 };
    for (const options of [ALL, plain, CONTROLS["a bias"]!, CONTROLS["a repetition penalty"]!, plain]) {
      const want = await expected(logits, PROMPT, options, 5);
      expect(await generated(model, PROMPT, { ...options, maxTokens: 5 })).toEqual(want);
    }
  });

  it("stops at a stop token, and counts on behind it", { timeout: COLD }, async ({ skip }) => {
    if (problem !== undefined) return skip(problem);
    const want = await expected(logits, PROMPT, ALL, 8);
    const stop = want[4]!;
    const until = want.slice(0, want.indexOf(stop) + 1);
    expect(await generated(model, PROMPT, { ...ALL, stopTokens: [stop] })).toEqual(until);
    const next = [...PROMPT, ...until, 1];
    expect(await generated(model, next, { ...ALL, maxTokens: 5 })).toEqual(await expected(logits, next, ALL, 5));
  });
});

it("changes the text with every control", { timeout: COLD }, async () => {
  const { model, close } = await open(LLAMA, "cpu");
  const texts = new Map<string, string>();
  for (const [name, options] of Object.entries(CONTROLS)) texts.set((await generated(model, PROMPT, { ...options, maxTokens: 10 })).join(), name); // prettier-ignore
  expect([...texts.values()]).toEqual(Object.keys(CONTROLS));
  await close();
});

it("counts right in the turn behind a stop text", { timeout: COLD }, async () => {
  const [spoken, other] = [await open(MOBY, "cpu"), await open(MOBY, "cpu")];
  const options = { temperature: 0, repetitionPenalty: 1.3, frequencyPenalty: 0.5 };
  const prompt = spoken.model.encode("Call me Ishmael.");
  const want = await expected(other.model, prompt, options, 24);
  const whole = spoken.model.tokenizer!.decode(want);
  const stop = whole.slice(8, 12);
  const turn = spoken.model.generate(prompt, { ...options, stopAtEos: false, stop });
  expect(await turn.text()).toBe(whole.slice(0, whole.indexOf(stop)));
  expect([turn.stop, [...turn.tokens]]).toEqual(["stop", want.slice(0, turn.tokens.length)]);
  const next = [...prompt, ...turn.tokens, ...spoken.model.encode(" The whale")];
  const tokens = await generated(spoken.model, next, { ...options, maxTokens: 12 });
  expect(tokens).toEqual(await expected(other.model, next, options, 12));
  for (const each of [spoken, other]) await each.close();
});
