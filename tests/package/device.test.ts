/** What a package does on a device of the caller's: what it creates and when, what a token costs, and what a loss does. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { create } from "webgpu";
import type { Model } from "../../src/runtime/model.ts";
import type { LoadOptions } from "../../src/runtime/public-types.ts";
import { installMoby, mobyPrompts } from "../support/moby-package.ts";
import type { MobyProject } from "../support/moby-package.ts";
import { recordCalls } from "../support/recording-device.ts";
import { openAdapter } from "../support/webgpu.ts";

/** Must stay referenced while an adapter of it is in use. */
const kept: unknown[] = [];

const NO_ADAPTER = "no WebGPU adapter on this machine";

interface MobyModule {
  readonly load: (options: LoadOptions) => Promise<Model>;
}

let project: MobyProject;
let moby: MobyModule;
beforeAll(async () => {
  project = installMoby();
  moby = (await import(pathToFileURL(join(project.package, "index.js")).href)) as MobyModule;
});
afterAll(() => project.remove());

const { prompt, greedy } = mobyPrompts()[0]!;

describe("a package on a device of the caller's", () => {
  it("creates nothing but command encoders after load: one pass, one submit and one read a token", async ({ skip }) => {
    const opened = await openAdapter();
    if (opened === undefined) return skip(NO_ADAPTER);
    const { device, calls, clear } = recordCalls(opened.device);
    const model = await moby.load({ device });
    expect([...calls.keys()]).toEqual(expect.arrayContaining(["createBuffer", "createBindGroup"]));
    clear();
    await model.generate(prompt, { temperature: 0, maxTokens: 1 }).text();
    // The plan of a prompt may be several submits.
    const ofPrompt = calls.get("submit") ?? 0;
    model.reset();
    clear();
    const generation = model.generate(prompt, { temperature: 0, maxTokens: 50 });
    await generation.text();
    expect(generation.tokens).toEqual(greedy.slice(0, 50));
    const created = [...calls.keys()].filter((name) => name.startsWith("create"));
    expect(created).toEqual(["createCommandEncoder"]);
    for (const name of ["createCommandEncoder", "beginComputePass", "submit"])
      expect([name, calls.get(name)]).toEqual([name, ofPrompt + 49]);
    expect(calls.get("copyBufferToBuffer")).toBe(50);

    model.reset();
    await model.extend([1, 2, 3]);
    expect([...calls.keys()].filter((name) => name.startsWith("create"))).toEqual(["createCommandEncoder"]);

    // Afterwards the device is still the caller's.
    await model.close();
    expect(() => device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE }).destroy()).not.toThrow();
    opened.close();
    expect((await opened.device.lost).reason).toBe("destroyed");
  });

  it("throws a DeviceLostError out of a running generation, and out of every call after it", async ({ skip }) => {
    const opened = await openAdapter();
    if (opened === undefined) return skip(NO_ADAPTER);
    const model = await moby.load({ device: opened.device });
    const generation = model.generate(prompt, { temperature: 0, maxTokens: 200 });
    const lost = (async () => {
      for await (const piece of generation) if (piece !== "" && generation.tokens.length === 4) opened.device.destroy();
    })();
    await expect(lost).rejects.toMatchObject({
      name: "DeviceLostError",
      message: expect.stringMatching(/lost.*Load the model again/s),
    });
    expect(generation.tokens.length).toBeLessThan(12);
    await expect(model.lost).resolves.toMatchObject({ name: "DeviceLostError" });
    await expect(model.extend([1])).rejects.toMatchObject({ name: "DeviceLostError" });
    await model.close();
  });

  it("keeps the caches within the context that load was given", async ({ skip }) => {
    const opened = await openAdapter();
    if (opened === undefined) return skip(NO_ADAPTER);
    const model = await moby.load({ device: opened.device, context: 32 });
    const generation = model.generate(prompt, { temperature: 0 });
    await generation.text();
    expect(model.context).toBe(32);
    expect(generation.stop).toBe("length");
    expect(generation.tokens).toEqual(greedy.slice(0, 32 - generation.promptTokens.length + 1));
    await model.close();
    opened.close();
  });
});

describe("a package on a device of its own", () => {
  /** Puts the adapter where a browser has it; answers the devices that are made of it. */
  const watchDevices = async (): Promise<GPUDevice[] | undefined> => {
    const gpu = create([]);
    kept.push(gpu);
    const made: GPUDevice[] = [];
    const requestAdapter = async (): Promise<GPUAdapter | null> => {
      const adapter = await gpu.requestAdapter();
      if (adapter === null) return null;
      const { info, features, limits } = adapter;
      const requestDevice = async (descriptor: GPUDeviceDescriptor): Promise<GPUDevice> => {
        made.push(await adapter.requestDevice(descriptor));
        return made.at(-1)!;
      };
      return { info, features, limits, requestDevice } as unknown as GPUAdapter;
    };
    if ((await requestAdapter()) === null) return undefined;
    vi.stubGlobal("navigator", { gpu: { requestAdapter } });
    return made;
  };
  afterEach(() => void vi.unstubAllGlobals());

  it("goes on with the same text when that is lost, and with the same logits", async ({ skip }) => {
    const made = await watchDevices();
    if (made === undefined) return skip(NO_ADAPTER);
    const model = await moby.load({ target: "webgpu" });
    const generation = model.generate(prompt, { temperature: 0, maxTokens: 40 });
    let text = "";
    for await (const piece of generation) {
      if (text === "" || generation.tokens.length === 20) made.at(-1)!.destroy();
      text += piece;
    }
    expect(generation.tokens).toEqual(greedy.slice(0, 40));
    expect(text).toBe(model.tokenizer!.decode(greedy.slice(0, 40)));
    expect(made.length).toBe(3);
    await model.close();

    const other = await moby.load({ target: "webgpu" });
    const expected = [await other.extend([5, 6, 7]), await other.extend([8])];
    other.reset();
    const before = await other.extend([5, 6, 7]);
    made.at(-1)!.destroy();
    const after = await other.extend([8]);
    expect([before, after].map((logits) => logits.indexOf(Math.max(...logits)))).toEqual(
      expected.map((logits) => logits.indexOf(Math.max(...logits))),
    );
    await other.close();
  });
});
