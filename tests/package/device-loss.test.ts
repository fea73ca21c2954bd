/**
 * A WebGPU device that is destroyed at each step of a run, between any two calls on it: the model goes on with another
 * one and gives the same tokens and logits, or says by a `DeviceLostError` that it does not.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { bytesOf } from "../../src/runtime/byte-source.ts";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { loadModel } from "../../src/runtime/load.ts";
import type { Model } from "../../src/runtime/model.ts";
import type { LoadOptions } from "../../src/runtime/public-types.ts";
import { recordCalls } from "../support/recording-device.ts";
import type { RecordedDevice } from "../support/recording-device.ts";
import { TOY_DATA, toyWeights } from "../unit/runtime/toy-data.ts";
import { CHUNK, VOCAB, expectedLogits, expectedTokens } from "../unit/runtime/toy-program.ts";

const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
if (!hasAdapter) it("goes on after the loss of a device", ({ skip }) => skip("there is no WebGPU adapter"));

let folder = "";
let weights = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "llmc-loss-"));
  weights = join(folder, "model.safetensors");
  writeFileSync(weights, toyWeights());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.restoreAllMocks());

/** The devices that the runtime opens from now on; the first destroys itself at call `at` on it, in one of three ways. */
function watchDevices(at = Infinity, when: "before" | "after" | "later" = "before"): RecordedDevice[] {
  const opened: RecordedDevice[] = [];
  const request = WebGpuDevice.request.bind(WebGpuDevice);
  vi.spyOn(WebGpuDevice, "request").mockImplementation((adapter, requires) => {
    const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const device = await adapter.requestDevice(descriptor);
      const isFirst = opened.length === 0;
      let count = 0;
      const recorded = recordCalls(device, () => {
        if (!isFirst || count++ !== at) return;
        if (when === "before") device.destroy();
        else if (when === "after") queueMicrotask(() => device.destroy());
        else setTimeout(() => device.destroy(), 0);
      });
      opened.push(recorded);
      return recorded.device;
    };
    return request({ info: adapter.info, requestDevice } as GPUAdapter, requires);
  });
  return opened;
}

const load = (options: LoadOptions = {}): Promise<Model> => loadModel(TOY_DATA, { weights, target: "webgpu", ...options }); // prettier-ignore
const greedy = { temperature: 0, stopAtEos: false } as const;
const calls = (device: RecordedDevice | undefined): number =>
  [...(device?.calls.values() ?? [])].reduce((sum, count) => sum + count, 0);
const first = Array.from({ length: CHUNK + 3 }, (_, i) => (i * 3 + 1) % VOCAB);
const argmax = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

async function tokensOf(model: Model, prompt: readonly number[], maxTokens: number): Promise<readonly number[]> {
  const generation = model.generate(prompt, { ...greedy, maxTokens });
  await generation.text();
  return generation.tokens;
}

const lose = (device: RecordedDevice | undefined): void => device?.device.destroy();

/** A load and one call of each kind; every answer is checked. */
async function run(): Promise<void> {
  const model = await load();
  try {
    expect(await tokensOf(model, first, 5)).toEqual(expectedTokens(first, 5));
    const second = [...first, ...expectedTokens(first, 5), 5];
    expect(await tokensOf(model, second, 2)).toEqual(expectedTokens(second, 2));
    model.reset();
    await model.extend(first);
    expect(argmax(await model.extend([4, 2]))).toBe(expectedTokens([...first, 4, 2], 1)[0]);
    expect(await model.forward([1, 2, 3])).toEqual(expectedLogits([1, 2, 3]));
    expect(argmax(await model.extend([6]))).toBe(expectedTokens([...first, 4, 2, 6], 1)[0]);
  } finally {
    await model.close();
  }
}

describe.runIf(hasAdapter)("a model whose device is lost", () => {
  it("gives the same answers, whichever call on the device is the last", async () => {
    const counted = watchDevices();
    await (await load()).close();
    await run();
    const [ofLoad, total] = [calls(counted[0]), calls(counted[1])];
    vi.restoreAllMocks();
    // Most calls of a load make one buffer, group or pipeline like another; a loss right behind a call is before the next.
    const places = Array.from({ length: total }, (_, at) => at).filter((at) => at % (at < ofLoad ? 8 : 2) === 0);
    let replaced = 0;
    for (const [i, at] of places.entries()) {
      const opened = watchDevices(at, (["before", "after", "later"] as const)[i % 3]);
      await run();
      expect(opened.length).toBeLessThanOrEqual(2);
      if (opened.length > 1) replaced++;
      vi.restoreAllMocks();
    }
    // A loss behind the last answer is never met.
    expect(places.length - replaced).toBeLessThan(10);
  }, 120_000);

  it.each([0, 1, 6])("goes on with a text that is sampled, from its token %i", async (place) => {
    const options = { temperature: 1.5, seed: 7, maxTokens: 20, stopAtEos: false };
    const opened = watchDevices();
    const model = await load();
    const plain = model.generate(first, options);
    await plain.text();
    model.reset();
    const generation = model.generate(first, options);
    for (let i = 0; i < place; i++) await generation.next();
    lose(opened.at(-1));
    await generation.text();
    expect(generation.tokens).toEqual(plain.tokens);
    expect(generation.stop).toBe("length");
    expect(opened.length).toBe(2);
    await model.close();
  });

  it("takes the context in again, whatever call met the loss", async () => {
    const opened = watchDevices();
    const model = await load();
    await model.extend(first);
    lose(opened[0]);
    expect(await model.forward([1, 2])).toEqual(expectedLogits([1, 2]));
    expect(argmax(await model.extend([4, 2]))).toBe(expectedTokens([...first, 4, 2], 1)[0]);
    const aborted = model.generate(first, { ...greedy, signal: AbortSignal.timeout(0) });
    await expect(aborted.text()).rejects.toMatchObject({ name: "TimeoutError" });
    expect(await tokensOf(model, first, 3)).toEqual(expectedTokens(first, 3));
    expect(opened.length).toBe(2);
    await model.close();
  });

  it("is given up at the third loss within a minute, and not at one that comes later", async () => {
    const opened = watchDevices();
    const model = await load();
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    const loseAndRun = async (at: number): Promise<void> => {
      now.mockReturnValue(at);
      lose(opened.at(-1));
      expect(await tokensOf(model, first, 2)).toEqual(expectedTokens(first, 2));
    };
    await loseAndRun(0);
    await loseAndRun(59_000);
    await loseAndRun(60_001);
    await expect(loseAndRun(60_002)).rejects.toMatchObject({
      name: "DeviceLostError",
      message: expect.stringMatching(/for the third time within a minute.*Load the model again/s) as string,
    });
    now.mockReturnValue(200_000);
    await expect(model.extend([1])).rejects.toMatchObject({ name: "DeviceLostError" });
    await expect(model.lost).resolves.toMatchObject({ name: "DeviceLostError" });
    expect(opened.length).toBe(4);
    await model.close();
  });

  it("ends a load whose devices are all lost", async () => {
    const request = WebGpuDevice.request.bind(WebGpuDevice);
    let opened = 0;
    vi.spyOn(WebGpuDevice, "request").mockImplementation(async (adapter, requires) => {
      const requestDevice = async (): Promise<GPUDevice> => {
        const device = await adapter.requestDevice();
        opened++;
        device.destroy();
        return device;
      };
      return request({ info: adapter.info, requestDevice } as unknown as GPUAdapter, requires);
    });
    await expect(load()).rejects.toMatchObject({ name: "DeviceLostError" });
    expect(opened).toBe(3);
  });

  it("says when the weights are not there any more", async () => {
    const copy = join(folder, "copy.safetensors");
    writeFileSync(copy, toyWeights());
    const opened = watchDevices();
    const model = await load({ weights: copy });
    rmSync(copy);
    lose(opened[0]);
    await expect(model.extend([1])).rejects.toMatchObject({
      name: "DeviceLostError",
      message: expect.stringMatching(/there are no weights at/) as string,
      cause: expect.objectContaining({ name: "WeightsError" }) as unknown,
    });
    await model.close();
  });

  it("closes a caller's source of weights with the model", async () => {
    const source = { ...bytesOf(toyWeights()), close: vi.fn(() => Promise.resolve()) };
    const opened = watchDevices();
    const model = await load({ weights: source });
    lose(opened[0]);
    expect(await model.forward([1, 2])).toEqual(expectedLogits([1, 2]));
    expect(source.close).not.toHaveBeenCalled();
    await model.close();
    expect(source.close).toHaveBeenCalledTimes(1);
    await (await loadModel(TOY_DATA, { weights: source, target: "js" })).close();
    expect(source.close).toHaveBeenCalledTimes(2);
  });

  it("keeps no bytes alive, and reads them again where their owner does", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const opened = watchDevices();
    let bytes: Uint8Array | undefined = toyWeights();
    const held = new WeakRef(bytes.buffer);
    const model = await load({ weights: bytes });
    lose(opened[0]);
    expect(await model.forward([1, 2])).toEqual(expectedLogits([1, 2]));
    expect(bytes.length).toBeGreaterThan(0);
    bytes = undefined;
    const isGone = (): void => {
      collect();
      expect(held.deref() === undefined).toBe(true);
    };
    await vi.waitFor(isGone, { timeout: 10_000 });
    lose(opened[1]);
    await expect(model.forward([1])).rejects.toMatchObject({
      name: "DeviceLostError",
      message: expect.stringMatching(/given as bytes, which are no longer there/) as string,
    });
    await model.close();
  });

  it("repeats an entry that rests on nothing else, and no other", async () => {
    const opened = watchDevices();
    const model = await load();
    const tokens = Int32Array.from({ length: CHUNK }, (_, i) => i % VOCAB);
    const sizes = { B: 1, T: CHUNK };
    const before = await model.call("forward", { tokens }, sizes);
    lose(opened[0]);
    expect(await model.call("forward", { tokens }, sizes)).toEqual(before);
    lose(opened[1]);
    const inputs = { tokens, count: Int32Array.of(CHUNK), pos: Int32Array.of(0) };
    await expect(model.call("extend", inputs, sizes)).rejects.toMatchObject({
      name: "DeviceLostError",
      message: expect.stringMatching(/state and arguments of earlier calls/) as string,
    });
    await expect(model.call("extend", inputs, sizes)).resolves.toBeDefined();
    await model.close();
  });

  it("can be closed while it is built again", async () => {
    const source = bytesOf(toyWeights());
    let whileReading = (): Promise<void> => Promise.resolve();
    const read: typeof source.read = async (...place) => {
      await whileReading();
      return source.read(...place);
    };
    const opened = watchDevices();
    const model = await load({ weights: { ...source, read } });
    lose(opened[0]);
    whileReading = () => model.close();
    await expect(model.forward([1])).rejects.toMatchObject({ name: "BusyError" });
    expect(opened.length).toBe(2);
    expect(opened[1]!.buffers()).toEqual([]);
  });
});
