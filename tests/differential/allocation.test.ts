/**
 * What the runtime allocates on a WebGPU device is what the plan says, buffer by buffer: weights, constants, state,
 * inputs and results, one arena as large as the largest peak, the two uniforms of scalars, and what is read back into.
 * A device without a driver counts as well as any. Nothing is made after load but what large results are read into.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { programBuffers } from "../../src/plan/program-buffers.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { loadOn } from "../../src/runtime/load.ts";
import { recordCalls } from "../support/recording-device.ts";
import { SUITE_MODELS } from "../support/suite-models.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

let adapter: OpenAdapter | undefined;
beforeAll(async () => void (adapter = await openAdapter("null")));
afterAll(() => adapter?.close());

/** Whole vectors of four numbers. */
const rounded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);
const total = (sizes: readonly number[]): number => sizes.reduce((sum, bytes) => sum + bytes, 0);
/** Aligned records of uniforms, and the small buffers that tokens are read back into. */
const SLOT = 256;
const TOKEN_BUFFERS = 6;

it.for(Object.keys(SUITE_MODELS))("%s allocates what its plan says", { timeout: 120_000 }, async (name) => {
  const { file, set, weights } = SUITE_MODELS[name]!();
  const compilation = compile(file, { profiles: [webgpuBase], entries: ["generate", "forward"], set, context: 64 });
  const { program } = compilation.builds[0]!;
  const { device, allocated } = recordCalls(adapter!.device);
  const data = packageData(artifactOf(compilation, name, "0.0.0"));
  const model = await loadOn({ device: WebGpuDevice.inject(device), profile: data.profiles[0]! }, data, { weights, tokenizer: null }); // prettier-ignore

  const own = new Set(["call scalars", "launch scalars", "read back"]);
  const made = allocated();
  const planned = programBuffers(program).buffers;
  expect(made.filter(([label]) => !own.has(label))).toEqual(planned.map((buffer) => [buffer.name, rounded(buffer.bytes)])); // prettier-ignore
  const peak = Math.max(...program.plans.map(({ memory }) => memory.peak));
  expect(planned.filter(({ kind }) => kind === "arena").map(({ bytes }) => bytes)).toEqual([peak]);
  const bytesOf = (kind: string): number => total(planned.filter((buffer) => buffer.kind === kind).map(({ bytes }) => rounded(bytes))); // prettier-ignore
  const parameters = total(compilation.model!.parameters.map(({ dims }) => dims.reduce((all, size) => all * size, 4)));
  expect(bytesOf("weight")).toBeGreaterThan(0.9 * parameters);
  const kinds = ["weight", "constant", "state", "input", "output", "arena"];
  expect(total(kinds.map(bytesOf))).toBe(total(made.filter(([label]) => !own.has(label)).map(([, bytes]) => bytes)));

  const sizes = (label: string): readonly number[] => made.filter(([found]) => found === label).map(([, bytes]) => bytes); // prettier-ignore
  const scalars = (from: "call" | "launch"): number => {
    const records = program.plans.flatMap((plan) => plan.steps.map((step) => {
      const kernel = program.kernels.find((found) => found.name === step.kernel)!;
      const types = kernel.scalars.filter((scalar) => scalar.from === from).map(({ name: field, type }) => (from === "call" ? `${field} ${type.scalar}` : type.scalar)); // prettier-ignore
      return JSON.stringify(from === "call" ? types : types.map((type, i) => [type, step.scalars[i]]));
    })); // prettier-ignore
    return new Set(records).size;
  };
  expect(sizes("call scalars")).toEqual([scalars("call") * SLOT]);
  // Equal bytes share a record, so there are no more than there are distinct ones.
  expect(sizes("launch scalars")[0]).toBeLessThanOrEqual(scalars("launch") * SLOT);
  const staged = sizes("read back");
  expect(staged.filter((bytes) => bytes === SLOT).length).toBeGreaterThanOrEqual(TOKEN_BUFFERS);
  // A warm-up reads each small result once: no more than its bytes are kept for it.
  expect(total(staged)).toBeLessThanOrEqual(TOKEN_BUFFERS * SLOT + program.plans.length * 2 ** 20);

  const generation = model.generate([1, 2, 3], { temperature: 0, maxTokens: 4, stopAtEos: false });
  await generation.text();
  await model.extend([5]);
  expect(allocated()).toEqual(made);
  await model.close();
  expect(allocated()).toEqual([]);
});
