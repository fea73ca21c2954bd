/**
 * Calls that are aborted at each step, models that are opened and closed again and again: no buffer stays behind on the
 * device, and the session goes on as if nothing had been.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { loadModel } from "../../src/runtime/load.ts";
import type { Model } from "../../src/runtime/model.ts";
import type { LoadOptions } from "../../src/runtime/public-types.ts";
import { recordCalls } from "../support/recording-device.ts";
import type { RecordedDevice } from "../support/recording-device.ts";
import { TOY_DATA, toyProgram, toyWeights } from "../unit/runtime/toy-data.ts";
import { CHUNK, CONTEXT, VOCAB, WGSL, expectedLogits, expectedTokens } from "../unit/runtime/toy-program.ts";

const adapter = await requestAdapter().catch(() => undefined);
if (adapter === undefined) it("aborts without leaks", ({ skip }) => skip("there is no WebGPU adapter"));

const weights = toyWeights();
const greedy = { temperature: 0, stopAtEos: false } as const;
const first = Array.from({ length: 2 * CHUNK + 3 }, (_, i) => (i * 3 + 1) % VOCAB);

async function tokensOf(model: Model, prompt: readonly number[], maxTokens: number): Promise<readonly number[]> {
  const generation = model.generate(prompt, { ...greedy, maxTokens });
  await generation.text();
  return generation.tokens;
}

describe.runIf(adapter !== undefined)("on a device of the caller's", () => {
  let recorded: RecordedDevice;
  let onCall = (): void => {};
  const errors: string[] = [];
  beforeAll(async () => {
    const device = await (await requestAdapter()).requestDevice();
    device.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
    recorded = recordCalls(device, () => onCall());
  });
  afterEach(async () => {
    await recorded.device.queue.onSubmittedWorkDone();
    expect(errors).toEqual([]);
  });
  afterAll(() => recorded.device.destroy());
  const load = (options: LoadOptions = {}): Promise<Model> => loadModel(TOY_DATA, { weights, device: recorded.device, ...options }); // prettier-ignore

  /** Runs `call`, aborted at call `at` on the device; whether there were that many. */
  const abortedAt = async (at: number, call: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> => {
    const controller = new AbortController();
    let count = 0;
    onCall = () => {
      if (count++ === at) controller.abort();
    };
    const outcome: unknown = await call(controller.signal).then(
      () => "done",
      (error: unknown) => error,
    );
    onCall = () => {};
    // An abort behind the last look at the signal comes too late.
    if (outcome !== "done") expect(outcome).toMatchObject({ name: "AbortError" });
    return count > at;
  };

  it("a load that is aborted at any call on it leaves nothing", async () => {
    let aborts = 0;
    let late: Model | undefined;
    for (let at = 0; ; at++) {
      const hasCall = await abortedAt(at, async (signal) => {
        late = await load({ signal });
      });
      aborts += late === undefined ? 1 : 0;
      await late?.close();
      late = undefined;
      expect(recorded.buffers()).toEqual([]);
      if (!hasCall) break;
    }
    expect(aborts).toBeGreaterThan(50);
  }, 60_000);

  it("a load that is refused leaves nothing, not even an error scope", async () => {
    const kernels = { ...WGSL, product: "@compute @workgroup_size(1) fn main() { nonsense }" };
    const profiles = TOY_DATA.profiles.map((profile) => ({ ...profile, load: () => Promise.resolve({ program: toyProgram, kernels }) })); // prettier-ignore
    const { device } = recorded;
    await expect(loadModel({ ...TOY_DATA, profiles }, { weights, device })).rejects.toThrow(/refused the kernel/);
    expect(recorded.buffers()).toEqual([]);
    await expect(device.popErrorScope()).rejects.toThrow();
    await expect(load({ weights: weights.slice(0, -1) })).rejects.toMatchObject({ name: "SafetensorsError" });
    expect(recorded.buffers()).toEqual([]);
  });

  it("a generation that is aborted at any call on it leaves a session that can be used", async () => {
    const model = await load();
    const before = recorded.buffers();
    let hasCall = true;
    for (let at = 0; hasCall; at++) {
      hasCall = await abortedAt(at, (signal) => model.generate(first, { ...greedy, maxTokens: 8, signal }).text());
      if (at % 3 === 0) model.reset();
      const second = [...first, ...expectedTokens(first, at % 5), 2];
      expect(await tokensOf(model, second, 3)).toEqual(expectedTokens(second, 3));
    }
    expect(recorded.buffers().toSorted()).toEqual(before.toSorted());
    await model.close();
    expect(recorded.buffers()).toEqual([]);
  }, 60_000);

  it("a generation that is left after any of its pieces leaves a session that can be used", async () => {
    const model = await load();
    const before = recorded.buffers().length;
    for (let pieces = 0; pieces < 7; pieces++) {
      const generation = model.generate(first, { ...greedy, maxTokens: 6 });
      for (let i = 0; i < pieces; i++) await generation.next();
      await generation.return();
      expect(generation.tokens).toEqual(expectedTokens(first, Math.min(pieces, 6)));
      expect(await tokensOf(model, first, 3)).toEqual(expectedTokens(first, 3));
    }
    expect(recorded.buffers().length).toBe(before);
    await model.close();
  });

  it("a model that is closed during a call ends that by name and leaves nothing", async () => {
    const model = await load();
    const generation = model.generate(first, greedy);
    await generation.next();
    const rest = generation.text();
    await model.close();
    await expect(rest).rejects.toMatchObject({ name: "BusyError" });
    expect(() => model.generate(first)).toThrow(/the model is closed/);
    const other = await load();
    const call = other.extend(first);
    await other.close();
    await expect(call).rejects.toMatchObject({ name: "BusyError" });
    expect(recorded.buffers()).toEqual([]);
  });

  it("fifty models, one after the other and two at a time, leave nothing", async () => {
    for (let i = 0; i < 25; i++) {
      const [one, two] = await Promise.all([load(), load({ context: CONTEXT / 2 })]);
      const prompt = [i % VOCAB, 3];
      const [a, b, c] = await Promise.all([tokensOf(one, prompt, 5), tokensOf(two, first, 5), load().then((third) => third.close())]); // prettier-ignore
      expect([a, b, c]).toEqual([expectedTokens(prompt, 5), expectedTokens(first, 5), undefined]);
      expect(await two.forward([1, 2])).toEqual(expectedLogits([1, 2]));
      await one.close();
      expect(await tokensOf(two, prompt, 2)).toEqual(expectedTokens(prompt, 2));
      await two.close();
      expect(recorded.buffers()).toEqual([]);
    }
    const { calls } = recorded;
    expect(calls.get("removeEventListener")).toBe(calls.get("addEventListener"));
  }, 60_000);
});
