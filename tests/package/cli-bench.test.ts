/** `llmc bench`: what scripts read of it, and that kernels are timed by the device's clock, or by waiting for each. */
import { expect, it } from "vitest";
import { KernelTimes, TimedDevice } from "../../src/cli/bench/timed-device.ts";
import { prepareSource } from "../../src/cli/load-source.ts";
import { openDevice } from "../../src/runtime/devices/open.ts";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { loadOn } from "../../src/runtime/load.ts";
import { loadModel } from "../../src/runtime/index.ts";
import { llmc, llmcJson } from "./command-line.ts";

const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
const LLAMA = ["bench", "examples/llama", "--set", "depth=1", "--set", "vocab=64"];
const SHORT = ["--prompt-tokens", "4", "--max-tokens", "3", "--runs", "1"];

interface Kernel {
  readonly entry: string;
  readonly kernel: string;
  readonly launches: number;
  readonly seconds: number;
  readonly share: number;
}

it("counts tokens, with random weights where there are no others", () => {
  const { exitCode, ...document } = llmcJson([...LLAMA, ...SHORT, "--target", "cpu", "--storage", "f16"]);
  expect(exitCode).toBe(0);
  expect(document).toMatchObject({ ok: true, target: "cpu", weights: "random", promptTokens: 4, tokens: 3, runs: 1 });
  expect(document["kernels"]).toBeUndefined();
  const { prefillSeconds, decodeSecondsPerToken } = document as Record<string, unknown>;
  for (const seconds of [prefillSeconds, decodeSecondsPerToken]) expect(seconds).toBeGreaterThan(0);
  const { stdout, stderr } = llmc(["bench", "examples/moby", ...SHORT, "--target", "cpu"]);
  expect([stdout, stderr]).toEqual([expect.stringMatching(/prompt of 4 tokens.*tokens\/s\n.*each of 2 tokens.*tokens\/s\n$/), ""]); // prettier-ignore
});

it.for([
  ["cpu", "host"],
  ["webgpu", "device"],
] as const)("--profile shows each kernel's share: %s, by the clock of the %s", ([target, clock], { skip }) => {
  skip(target === "webgpu" && !hasAdapter, "no WebGPU adapter on this machine");
  const document = llmcJson([...LLAMA, ...SHORT, "--target", target, "--profile"]);
  expect(document).toMatchObject({ ok: true, clock });
  const kernels = document["kernels"] as readonly Kernel[];
  for (const entry of ["prefill", "decode"]) {
    const own = kernels.filter((kernel) => kernel.entry === entry);
    const seconds = own.map((kernel) => kernel.seconds);
    expect(own.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
    expect(Math.min(...seconds)).toBeGreaterThan(0);
  }
  // Three tokens: the first is of the prompt's plan, the others are a step each.
  const samples = kernels.filter(({ kernel }) => kernel.startsWith("sample"));
  expect(samples.map(({ entry, launches }) => [entry, launches])).toEqual([["prefill", 1], ["decode", 2]]); // prettier-ignore
});

it("refuses what has no room in the context", () => {
  const { exitCode, error } = llmcJson([...LLAMA, "--context", "16", "--prompt-tokens", "15", "--max-tokens", "3", "--target", "cpu"]); // prettier-ignore
  expect(exitCode).toBe(2);
  expect(error).toMatchObject({ message: expect.stringContaining("need a context of 17, it is 16") as string });
});

it("does not take a device profile from the environment for its switch", () => {
  const env = { LLMC_PROFILE: "cpu-simd" };
  expect(llmc([...LLAMA, ...SHORT, "--target", "cpu", "--json"], { env }).stdout).not.toContain('"kernels"');
});

it("changes no token: launches that are waited for keep their order", async () => {
  const { data, options } = await prepareSource("examples/moby", { target: "cpu", entries: ["generate"], threads: 2 });
  const tokensOf = async (model: Awaited<ReturnType<typeof loadModel>>): Promise<readonly number[]> => {
    const generation = model.generate([1, 2, 3], { maxTokens: 12, temperature: 0.7, seed: 5, stopAtEos: false });
    await generation.text();
    await model.close();
    return generation.tokens;
  };
  const plain = await tokensOf(await loadModel(data, options));
  const opened = await openDevice(data.profiles, { target: "cpu", threads: 2 });
  const times = new KernelTimes();
  const timed = await tokensOf(await loadOn({ ...opened, device: new TimedDevice(opened.device, times) }, data, options)); // prettier-ignore
  expect(timed).toEqual(plain);
  expect(times.all().reduce((sum, { launches }) => sum + launches, 0)).toBeGreaterThan(11 * 30);
});
