/**
 * The limits of a profile lowered until every model of the suite needs every split: weights in pieces, fewer tokens a
 * step, fewer bindings a kernel, grids in parts, attention without workgroup memory, wider alignment, short submits. The
 * logits of a text and the tokens behind it are those of the profile as it is.
 */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import type { Compilation, ProfileBuild } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import type { Kernel } from "../../src/kernel/ir.ts";
import type { Limits, TargetInfo } from "../../src/kernel/target-info.ts";
import { groupsOf } from "../../src/plan/grid.ts";
import type { LaunchStep } from "../../src/plan/ir.ts";
import { programBuffers } from "../../src/plan/program-buffers.ts";
import { verifyProgram } from "../../src/plan/verify.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { loadOn } from "../../src/runtime/load.ts";
import { SUITE_MODELS } from "../support/suite-models.ts";
import type { SuiteModel } from "../support/suite-models.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const TOKENS = [3, 14, 15, 9, 26, 5, 31, 8, 0, 7, 12, 21, 40, 2, 33, 17, 6, 29, 11, 4];
const STEPS = 8;

const LOWERED: Limits = {
  maxBindingBytes: 16_384,
  maxBufferBytes: 2 ** 20,
  maxStorageBuffers: 8,
  maxWorkgroupsPerDimension: 6,
  maxInvocationsPerWorkgroup: 64,
  maxWorkgroupMemoryBytes: 512,
  bindingOffsetAlignment: 512,
};

/** Limits that leave a weight in few pieces. Of a mixture the weights of an expert are two. */
const OWN_LIMITS: Readonly<Record<string, Partial<Limits>>> = {
  moby: { maxBindingBytes: 65_536 },
  // Few channels: what it computes for 32 tokens is smaller than elsewhere.
  mamba: { maxBindingBytes: 8_192 },
  mixtral: { maxWorkgroupsPerDimension: 16 },
};

function lowered(info: TargetInfo, own: Partial<Limits> = {}): TargetInfo {
  const second = 1e-3;
  const rates = {
    bytesPerSecond: 5e8,
    operationsPerSecond: 5e8,
    workgroupOperationsPerSecond: 5e8,
    launchSeconds: 1e-6,
  };
  return {
    ...info,
    limits: { ...LOWERED, ...own, ...(info.target === "js" ? { maxInvocationsPerWorkgroup: 1024 } : {}) },
    tiles: {
      ...info.tiles,
      rowLanes: Math.min(16, info.tiles.rowLanes),
      matvec: { ...info.tiles.matvec, lanes: Math.min(16, info.tiles.matvec.lanes) },
      // Norms, and the rows of logits that tokens are drawn from.
      rowSplit: { mostRows: 4, least: 64, columns: 16 },
    },
    rates: { ...rates, mostSeconds: second },
  };
}

function build({ file, set }: SuiteModel, info: TargetInfo): Compilation & { readonly build: ProfileBuild } {
  const compilation = compile(file, { profiles: [info], entries: ["generate"], set, context: 32 });
  const [found] = compilation.builds;
  if (found === undefined) throw new Error(compilation.diagnostics.map(({ message }) => message).join("\n"));
  return { ...compilation, build: found };
}

let adapter: OpenAdapter | undefined;
beforeAll(async () => void (adapter = await openAdapter()));
afterAll(() => adapter?.close());

interface Answers {
  readonly logits: Float32Array;
  readonly tokens: readonly number[];
}

async function answersOf(compilation: Compilation, info: TargetInfo, weights: Uint8Array): Promise<Answers> {
  const data = packageData(artifactOf(compilation, "model", "0.0.0"));
  const device = info.target === "js" ? new JsDevice() : WebGpuDevice.inject(adapter!.device);
  const model = await loadOn({ device, profile: data.profiles[0]! }, data, { weights, tokenizer: null });
  try {
    // Whatever the chunk, the whole text is taken in, and then once more as a prompt.
    const logits = await model.extend(TOKENS);
    model.reset();
    const tokens: number[] = [];
    for (const sampling of [{ temperature: 0 }, { temperature: 0.8, topK: 20, topP: 0.9, seed: 7 }]) {
      const generation = model.generate(TOKENS, { ...sampling, maxTokens: STEPS, stopAtEos: false });
      await generation.text();
      tokens.push(...generation.tokens);
    }
    return { logits, tokens };
  } finally {
    await model.close();
  }
}

const stepsOf = ({ program }: ProfileBuild): readonly LaunchStep[] => program.plans.flatMap(({ steps }) => steps);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const bindings = ({ program }: ProfileBuild): number => most(program.kernels.map(({ buffers }) => buffers.length));
const bytes = (built: ProfileBuild): number => most(stepsOf(built).flatMap((step) => step.bindings.map((range) => range.bytes))); // prettier-ignore
const groups = ({ program, capacities }: ProfileBuild): number =>
  most(
    program.plans.flatMap((plan) => plan.steps.flatMap((step) => groupsOf(step, { ...capacities, ...plan.bucket }))),
  );
const shared = ({ program }: ProfileBuild): number =>
  most(program.kernels.map((kernel: Kernel) => kernel.locals.reduce((sum, { space, lanes, length }) => sum + (space === "workgroup" ? 4 * lanes * length.asNumber()! : 0), 0))); // prettier-ignore

/** What was split, and that the profile as it is needed it. */
function expectSplits(free: ProfileBuild, low: ProfileBuild, info: TargetInfo): void {
  const { limits, rates } = info;
  expect(verifyProgram(low.program, limits)).toEqual([]);
  for (const measure of [bindings, bytes, groups]) {
    const limit = measure === bindings ? limits.maxStorageBuffers : measure === bytes ? limits.maxBindingBytes : limits.maxWorkgroupsPerDimension; // prettier-ignore
    expect(measure(low)).toBeLessThanOrEqual(limit);
    // The specification's own limit of bindings is what webgpu-base has.
    if (measure !== bindings || free.profile.limits.maxStorageBuffers > limit) expect(measure(free)).toBeGreaterThan(limit); // prettier-ignore
  }
  expect(shared(low)).toBeLessThanOrEqual(limits.maxWorkgroupMemoryBytes);
  expect(programBuffers(low.program).buffers.filter(({ rows }) => rows !== undefined).length).toBeGreaterThan(1);
  expect(low.capacities.T).toBeLessThan(free.capacities.T);
  const offsets = stepsOf(low).flatMap((step) => step.bindings.map(({ offset }) => offset));
  expect(offsets.filter((offset) => offset % limits.bindingOffsetAlignment !== 0)).toEqual([]);
  expect(stepsOf(free).flatMap((step) => step.bindings).some(({ offset }) => offset % limits.bindingOffsetAlignment !== 0)).toBe(true); // prettier-ignore
  const parts = stepsOf(low).filter(({ part }) => part !== undefined);
  expect(parts.length).toBeGreaterThan(1);
  for (const { submits = [], steps } of low.program.plans) {
    expect(submits.length).toBeGreaterThan(1);
    expect(submits.at(-1)!.end).toBe(steps.length);
    submits.forEach(({ end, seconds }, i) => {
      // What is longer than a submit may be is alone in it.
      if (seconds > rates!.mostSeconds) expect(end - (submits[i - 1]?.end ?? 0)).toBe(1);
    });
  }
}

/** Every model in JavaScript; on an adapter those of few kernels, which llvmpipe compiles in a minute. */
const PROFILES: Readonly<Record<string, readonly TargetInfo[]>> = {
  ...Object.fromEntries(Object.keys(SUITE_MODELS).map((name) => [name, [js]])),
  mamba: [js, webgpuBase],
  rwkv: [js, webgpuCpu],
};

describe.each(Object.keys(SUITE_MODELS))("%s", (name) => {
  const model = SUITE_MODELS[name]!();
  let expected: Answers;
  beforeAll(async () => {
    expected = await answersOf(build(model, js), js, model.weights);
  });

  it.for(PROFILES[name]!)(
    "needs every split of $name, and says the same",
    { timeout: 400_000 },
    async (free, { skip }) => {
      // prettier-ignore
      if (free.target === "webgpu" && adapter === undefined) return skip("no WebGPU adapter on this machine");
      const info = lowered(free, OWN_LIMITS[name]);
      const split = build(model, info);
      expectSplits(build(model, free).build, split.build, info);
      const found = await answersOf(split, info, model.weights);
      const largest = Math.max(...expected.logits.map(Math.abs));
      const distance = Math.max(...found.logits.map((x, i) => Math.abs(x - expected.logits[i]!)));
      expect(distance).toBeLessThanOrEqual(1e-4 * largest);
      expect(found.tokens).toEqual(expected.tokens);
    },
  );
});

describe("the suite", () => {
  it("holds every example", () => {
    const examples = readdirSync("examples").filter((file) => !file.endsWith(".md"));
    expect(Object.keys(SUITE_MODELS)).toEqual(expect.arrayContaining(examples));
  });

  it("has kernels whose bindings are merged, and attention that goes without workgroup memory", () => {
    const merged = (name: string): boolean => stepsOf(build(SUITE_MODELS[name]!(), lowered(webgpuBase)).build).some((step) => step.merged !== undefined); // prettier-ignore
    expect(["mamba", "rwkv"].map(merged)).toEqual([true, true]);
    const attention = (info: TargetInfo): readonly number[] =>
      build(SUITE_MODELS["llama"]!(), info).build.program.kernels.filter((kernel) => kernel.name.startsWith("attention")).map((kernel) => kernel.locals.filter(({ space }) => space === "workgroup").length); // prettier-ignore
    expect(most(attention(webgpuBase))).toBeGreaterThan(0);
    expect(most(attention(lowered(webgpuBase)))).toBe(0);
  });
});
