/** The runtime on a program written by hand: the same tokens, logits and errors on the JavaScript device and on WebGPU. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { requestAdapter } from "../../../src/runtime/devices/webgpu-adapter.ts";
import { Executor } from "../../../src/runtime/executor.ts";
import { JsDevice } from "../../../src/runtime/devices/js.ts";
import { loadModel } from "../../../src/runtime/load.ts";
import type { LoadOptions } from "../../../src/runtime/public-types.ts";
import type { Model } from "../../../src/runtime/model.ts";
import { f32Tensor, fileOf } from "./safetensors-file.ts";
import { TOY_DATA, toyProgram, toyWeights } from "./toy-data.ts";
import { CHUNK, CONTEXT, VOCAB, WGSL, expectedLogits, expectedTokens, jsKernels } from "./toy-program.ts";

const weights = toyWeights();
const program = toyProgram;
const data = TOY_DATA;
const load = (options: LoadOptions): Promise<Model> => loadModel(data, { weights, ...options });
const greedy = { temperature: 0, stopAtEos: false } as const;

const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
if (!hasAdapter) it("runs a model on WebGPU", ({ skip }) => skip("there is no WebGPU adapter"));

describe.each(["js", ...(hasAdapter ? ["webgpu"] : [])])("a model on %s", (target) => {
  let model: Model;
  beforeAll(async () => {
    model = await load({ target });
  });
  afterAll(() => model.close());

  const tokensOf = async (prompt: readonly number[], options: object): Promise<readonly number[]> => {
    const generation = model.generate(prompt, { ...greedy, ...options });
    await generation.text();
    return generation.tokens;
  };

  it("says what it runs on", () => {
    expect(model.device).toMatchObject({ target, profile: `toy-${target}` });
    expect(model.context).toBe(CONTEXT);
  });

  it.each([1, 5, CHUNK, CHUNK + 1, 3 * CHUNK])("generates after a prompt of %i tokens, in chunks", async (length) => {
    const prompt = Array.from({ length }, (_, i) => (i * 3 + 1) % VOCAB);
    expect(await tokensOf(prompt, { maxTokens: 12 })).toEqual(expectedTokens(prompt, 12));
  });

  it("keeps what the caches hold of the prompt's beginning, and only that", async () => {
    const first = [1, 2, 3, 4, 5];
    const answer = await tokensOf(first, { maxTokens: 6 });
    const second = [...first, ...answer, 7, 8];
    expect(await tokensOf(second, { maxTokens: 6 })).toEqual(expectedTokens(second, 6));
    const other = [1, 2, 9];
    expect(await tokensOf(other, { maxTokens: 6 })).toEqual(expectedTokens(other, 6));
  });

  it("stops at a stop token, and reads nothing behind it", async () => {
    const all = expectedTokens([3, 1], 10);
    const stop = all[4]!;
    const generation = model.generate([3, 1], { ...greedy, stopTokens: [stop] });
    await generation.text();
    expect(generation.tokens).toEqual(all.slice(0, all.indexOf(stop) + 1));
    expect(generation.stop).toBe("eos");
  });

  it("ends where the context ends", async () => {
    const prompt = [1, 2, 3];
    const tokens = await tokensOf(prompt, {});
    expect(tokens).toEqual(expectedTokens(prompt, CONTEXT - prompt.length + 1));
    expect(() => model.generate(Array.from({ length: CONTEXT + 1 }, () => 1))).toThrow(
      /65 tokens, the context holds 64/,
    );
  });

  it("refuses an empty prompt by name, in every call that takes tokens", async () => {
    const refusal = { name: "OptionError", message: "at least one token is needed" };
    expect(() => model.generate([])).toThrow(expect.objectContaining(refusal) as Error);
    await expect(model.extend([])).rejects.toMatchObject(refusal);
    await expect(model.forward([])).rejects.toMatchObject(refusal);
    expect(() => model.generate([1], { maxTokens: 0 })).toThrow(/maxTokens must be an integer from 1, not 0/);
    expect(await tokensOf([5], { maxTokens: 3 })).toEqual(expectedTokens([5], 3));
  });

  it("gives one token behind a prompt that fills the context, and refuses one that is longer by one", async () => {
    const full = Array.from({ length: CONTEXT }, (_, i) => (i * 7 + 1) % VOCAB);
    const generation = model.generate(full, greedy);
    await generation.text();
    expect([generation.tokens, generation.stop]).toEqual([expectedTokens(full, 1), "length"]);
    const beyond = { name: "ContextError", message: "the prompt has 65 tokens, the context holds 64" };
    expect(() => model.generate([...full, 1], greedy)).toThrow(expect.objectContaining(beyond) as Error);
    const two = await tokensOf(full.slice(0, -1), {});
    expect(two).toEqual(expectedTokens(full.slice(0, -1), 2));
  });

  it("extends until the context is full; a call that has no room leaves it as it was", async () => {
    model.reset();
    const full = Array.from({ length: CONTEXT }, (_, i) => (i * 7 + 1) % VOCAB);
    const argmax = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));
    await model.extend(full.slice(0, -2));
    const message = "62 tokens are in the context and 3 are added; it holds 64";
    await expect(model.extend([1, 2, 3])).rejects.toMatchObject({ name: "ContextError", message });
    expect(argmax(await model.extend(full.slice(-2)))).toBe(expectedTokens(full, 1)[0]);
    await expect(model.extend([1])).rejects.toMatchObject({ name: "ContextError" });
    expect(await tokensOf(full, {})).toEqual(expectedTokens(full, 1));
    await expect(load({ target, context: 0 })).rejects.toMatchObject({ name: "OptionError" });
    const smallest = await load({ target, context: 1 });
    const generation = smallest.generate([3], greedy);
    await generation.text();
    expect(generation.tokens).toEqual(expectedTokens([3], 1));
    expect(() => smallest.generate([3, 3])).toThrow(/2 tokens, the context holds 1/);
    await smallest.close();
  });

  it("can be left early and cancelled, and is then free again", async () => {
    for await (const piece of model.generate([5], greedy)) {
      expect(piece).toBe("");
      break;
    }
    const controller = new AbortController();
    const generation = model.generate([5], { ...greedy, signal: controller.signal });
    await generation.next();
    controller.abort();
    await expect(generation.text()).rejects.toMatchObject({ name: "AbortError" });
    const unused = model.generate([5], greedy);
    expect(() => model.generate([5], greedy)).toThrow(/a call is running/);
    await unused.return();
    expect(await tokensOf([5], { maxTokens: 3 })).toEqual(expectedTokens([5], 3));
  });

  it("submits no further chunk of a long prompt once its signal has aborted", async () => {
    const prompt = Array.from({ length: CONTEXT }, (_, i) => (i * 5 + 2) % VOCAB);
    model.reset();
    const controller = new AbortController();
    const original = Executor.prototype.run;
    const run = vi.spyOn(Executor.prototype, "run").mockImplementation(function (this: Executor, ...args) {
      if (run.mock.calls.length === 3) controller.abort();
      return original.apply(this, args);
    });
    const aborted = model.generate(prompt, { ...greedy, signal: controller.signal });
    await expect(aborted.next()).rejects.toMatchObject({ name: "AbortError" });
    expect(await tokensOf([5], { maxTokens: 3 })).toEqual(expectedTokens([5], 3));
    // Three of the eight chunks; then a prompt of one chunk, and two tokens more.
    expect(run).toHaveBeenCalledTimes(3 + 3);
    run.mockClear();
    expect(await tokensOf(prompt, { maxTokens: 1 })).toEqual(expectedTokens(prompt, 1));
    expect(run).toHaveBeenCalledTimes(CONTEXT / CHUNK);
    run.mockRestore();
  });

  it("computes forward, for lengths below the capacity too", async () => {
    for (const tokens of [[3], [1, 2, 3], [9, 8, 7, 6, 5, 4, 3, 2]])
      expect(await model.forward(tokens)).toEqual(expectedLogits(tokens));
    await expect(model.forward(Array.from({ length: CHUNK + 1 }, () => 1))).rejects.toMatchObject({
      name: "ContextError",
    });
  });

  it("names the entry points there are, and what a call has no room for", async () => {
    const call = (entry: string, sizes: Record<string, number> = {}): Promise<unknown> =>
      model.call(entry, { tokens: new Int32Array(sizes["T"] ?? 0) }, sizes);
    const message = `there is no entry point \`nope\`; this package has ${program.plans.map(({ entry }) => entry).join(", ")}`;
    await expect(call("nope")).rejects.toMatchObject({ name: "OptionError", message });
    await expect(call("(")).rejects.toMatchObject({ name: "OptionError" });
    const T = CHUNK + 1;
    const room = `\`forward\` has no room for this call: B = 1, T = ${T} is more than its ${CHUNK}`;
    await expect(call("forward", { B: 1, T })).rejects.toMatchObject({ name: "ContextError", message: room });
    expect(Object.keys((await call("forward", { B: 1, T: CHUNK })) as object)).toEqual(["logits"]);
  });

  it("extends the context step by step", async () => {
    model.reset();
    const tokens = [4, 4, 2, 9, 11, 3, 1, 1, 1, 5, 6];
    const argmax = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));
    expect(argmax(await model.extend(tokens.slice(0, 1)))).toBe(expectedTokens(tokens.slice(0, 1), 1)[0]);
    expect(argmax(await model.extend(tokens.slice(1)))).toBe(expectedTokens(tokens, 1)[0]);
  });

  it("checks its arguments", () => {
    expect(() => model.generate([VOCAB])).toThrow(/0 to 15, not 16/);
    expect(() => model.generate([])).toThrow(/at least one token/);
    expect(() => model.generate([1], { temperature: -1 })).toThrow(/temperature must be/);
    expect(() => model.generate([1], { topP: 0 })).toThrow(/topP must be/);
    expect(() => model.generate("text")).toThrow(/tokenizer/);
    expect(() => model.generate([1], { stop: "x" })).toThrow(/stop text needs a tokenizer/);
  });

  it("ends a load whose signal is aborted on the way, and loads again", async () => {
    for (const stage of ["device", "compile"]) {
      const controller = new AbortController();
      const seen: string[] = [];
      const onProgress = (progress: { readonly stage: string }): void => {
        seen.push(progress.stage);
        if (progress.stage === stage) controller.abort();
      };
      await expect(load({ target, signal: controller.signal, onProgress })).rejects.toMatchObject({ name: "AbortError" }); // prettier-ignore
      expect(seen.at(-1)).toBe(stage);
    }
    await (await load({ target, signal: new AbortController().signal })).close();
  });

  it("makes room for a smaller context", async () => {
    const small = await load({ target, context: 8 });
    try {
      expect(small.context).toBe(8);
      const generation = small.generate([1, 2, 3], greedy);
      await generation.text();
      expect(generation.tokens).toEqual(expectedTokens([1, 2, 3], 6));
    } finally {
      await small.close();
    }
    await expect(load({ target, context: CONTEXT + 1 })).rejects.toThrow(/1 to 64, not 65/);
  });

  it("refuses weights that do not fit, with all mismatches", async () => {
    const bad = fileOf({ bias: f32Tensor([8], new Array(8).fill(0)), extra: f32Tensor([1], [0]) });
    await expect(load({ target, weights: bad })).rejects.toThrow(
      /bias: the shape is \[8\], the model needs \[16\]\n.*extra: F32\[1\].*\n.*head.weight: not in the file; the model needs \[4, 16\]/,
    );
    await expect(load({ target, weights: undefined })).rejects.toThrow(/there are no weights at file:/);
  });

  it("is closed once", async () => {
    const other = await load({ target });
    await other.close();
    await other.close();
    expect(() => other.generate([1])).toThrow(/closed/);
  });
});

describe.runIf(hasAdapter)("a device of the caller's", () => {
  const injected = async (): Promise<GPUDevice> => (await requestAdapter()).requestDevice();

  it("is used and left alive", async () => {
    const device = await injected();
    const model = await load({ device });
    expect(await model.forward([1, 2])).toEqual(expectedLogits([1, 2]));
    await model.close();
    device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE }).destroy();
    device.destroy();
  });

  it("is reported when it is lost", async () => {
    const device = await injected();
    const model = await load({ device });
    device.destroy();
    expect(await model.lost).toMatchObject({ name: "DeviceLostError" });
    await expect(model.forward([1])).rejects.toMatchObject({ name: "DeviceLostError" });
    await expect(model.generate([1]).text()).rejects.toMatchObject({ name: "DeviceLostError" });
    await model.close();
  });

  it("reports a shader that it refuses, with the kernel's name", async () => {
    const device = await injected();
    const kernels = { ...WGSL, product: "@compute @workgroup_size(1) fn main() { nonsense }" };
    const profiles = data.profiles.map((profile) => ({
      ...profile,
      load: () => Promise.resolve({ program, kernels }),
    }));
    await expect(loadModel({ ...data, profiles }, { weights, device })).rejects.toThrow(/refused the kernel product/);
    device.destroy();
  });
});

describe("an executor whose constants cannot be written", () => {
  const executorOf = async (fill: object): Promise<{ readonly closed: number; readonly failure: unknown }> => {
    const device = new JsDevice();
    let closed = 0;
    const prepare = device.prepare.bind(device);
    vi.spyOn(device, "prepare").mockImplementation(async (...args) => {
      const prepared = await prepare(...args);
      vi.spyOn(prepared, "close").mockImplementation(() => void closed++);
      return prepared;
    });
    const buffers = program.buffers.map((buffer) => (buffer.fill === undefined ? buffer : { ...buffer, ...fill }));
    const failure: unknown = await Executor.create(device, { ...program, buffers }, jsKernels(), CONTEXT, CONTEXT).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { closed, failure };
  };
  it("closes what was prepared", async () => {
    const tooMany = { fill: { kind: "data", dtype: "i32", values: [1, 2] } };
    expect(await executorOf(tooMany)).toEqual({ closed: 1, failure: expect.any(RangeError) as unknown });
  });
  it("leaves it open otherwise", async () => {
    expect(await executorOf({})).toEqual({ closed: 0, failure: undefined });
  });
});

describe("the choice of a profile", () => {
  it("takes the first that fits, and says why none does", async () => {
    const asking = { features: ["no-such-feature"], limits: {} };
    const profiles = data.profiles.map((profile) => (profile.target === "webgpu" ? { ...profile, requires: asking } : profile)); // prettier-ignore
    const model = await loadModel({ ...data, profiles }, { weights });
    expect(model.device.profile).toBe("toy-js");
    await model.close();
    await expect(loadModel({ ...data, profiles }, { weights, target: "webgpu" })).rejects.toMatchObject({ name: "UnsupportedAdapterError" }); // prettier-ignore
    await expect(loadModel(data, { weights, target: "cuda" })).rejects.toThrow(/it has toy-webgpu \(webgpu\), toy-js \(js\)/); // prettier-ignore
  });
});
