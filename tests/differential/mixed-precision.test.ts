/**
 * `compute = f16` on targets that have it: the answers are those of the interpreter, rounded where the text says so, and
 * tokens taken in one by one give what the whole sequence gives. Tolerance: both executors round the same numbers to f16
 * from values that differ by roundings of f32, so that now and then one takes the neighbour; a difference as large as all
 * that f16 does to the answer would be one that is not explained by it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveSource } from "../../src/cli/sources.ts";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import type { ComputeType, Compilation, Entry } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { evaluate } from "../../src/interp/index.ts";
import { funcNamed, parseModule } from "../../src/ir/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { webgpuBase, webgpuGpu } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { loadOn } from "../../src/runtime/load.ts";
import type { Model } from "../../src/runtime/index.ts";
import { bytesOf, readTensors } from "../../src/weights/tensors.ts";
import { cudaDeviceFor } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { seeded } from "../support/suite-models.ts";
import type { SuiteModel } from "../support/suite-models.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

/** Milliseconds for compiling all kernels on a loaded machine, without a shader cache. */
const COLD = 600_000;
const TOKENS = [3, 14, 15, 9, 26, 5, 30, 8, 0, 7, 12, 21];

const MODELS = {
  llama: { vocab: "40", dim: "24", ffn: "40", depth: "2", heads: "3", kv_heads: "1" },
  gpt2: { vocab: "40", dim: "24", depth: "2", heads: "3" },
} as const;

/** The kernels of `webgpu-gpu` within the limits that any adapter keeps, in tiles and loops that Mesa compiles in seconds. */
const halves: TargetInfo = {
  ...webgpuGpu,
  limits: webgpuBase.limits,
  tiles: {
    ...webgpuGpu.tiles,
    rowLanes: 8,
    matmul: { rows: 4, columns: 4, workgroupRows: 2, workgroupColumns: 4, workgroupTerms: 8 },
    matvec: { lanes: 8, columns: 4 },
    attention: { lanes: 8, keys: 8 },
  },
  mostUnrolled: 4,
};

let adapter: OpenAdapter | undefined;
beforeAll(async () => void (adapter = await openAdapter()));
afterAll(() => adapter?.close());

function build(
  { file, set }: SuiteModel,
  profile: TargetInfo,
  compute: ComputeType,
  entries: readonly Entry[] = ["generate"],
): Compilation {
  const compilation = compile(file, { profiles: [profile], entries, set, compute, storage: "f16", chunk: 16, context: 32, texts: true }); // prettier-ignore
  expect(compilation.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return compilation;
}

/** All logits by the interpreter, from the text behind mixed-precision: exact, where casts change nothing, and rounded. */
async function references(
  { builds }: Compilation,
  weights: Uint8Array,
): Promise<readonly [exact: Float64Array, rounded: Float64Array]> {
  const text = builds[0]!.records.find(({ pass }) => pass === "mixed-precision")!.after!;
  const tensors = await readTensors(bytesOf(weights));
  const [exact, rounded] = (["exact", "rounded"] as const).map((mode) => {
    const tokens: Tensor = { dtype: "i32", dims: [1, TOKENS.length], data: Float64Array.from(TOKENS) };
    const options = {
      ops: OPS,
      params: (path: string): Tensor => ({ dtype: "f16", ...tensors.get(path)! }),
      symbols: { B: 1, T: TOKENS.length, S: TOKENS.length },
      mode,
    };
    return (evaluate(funcNamed(parseModule(text, OPS), "forward")!, { tokens }, options)["logits"] as Tensor).data;
  });
  return [exact!, rounded!];
}

async function load(compilation: Compilation, weights: Uint8Array): Promise<Model> {
  const data = packageData(artifactOf(compilation, "model", "0.0.0"));
  const profile = data.profiles[0]!;
  const device =
    profile.target === "cuda" ? (await cudaDeviceFor(profile)).device : WebGpuDevice.inject(adapter!.device);
  return loadOn({ device, profile }, data, { weights, tokenizer: null });
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0); // prettier-ignore
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - (b[i] ?? NaN))); // prettier-ignore

describe.each(Object.keys(MODELS) as (keyof typeof MODELS)[])("%s in f16", (name) => {
  const model = seeded(resolveSource(`examples/${name}`).file, MODELS[name]);

  it.for(name === "llama" ? [halves, cudaSm80] : [cudaSm80])(
    "is what the text says, whole and token by token, for $name",
    { timeout: COLD },
    async (info, { skip }) => {
      if (info.target === "cuda" && simProblem() !== undefined)
        return skip(`no CUDA simulator on this machine: ${simProblem()}`);
      if (info.target === "webgpu" && adapter === undefined) return skip("no WebGPU adapter on this machine");
      if (info.target === "webgpu" && !adapter!.device.features.has("shader-f16"))
        return skip("the adapter has no f16");
      const compilation = build(model, info, "f16");
      const [exact, rounded] = await references(build(model, info, "f16", ["forward"]), model.weights);
      const tolerance = distance(rounded, exact);
      expect(tolerance).toBeGreaterThan(2 ** -14 * largest(exact));
      const vocab = exact.length / TOKENS.length;
      const running = await load(compilation, model.weights);
      try {
        for (const pieces of [[TOKENS], TOKENS.map((token) => [token])]) {
          running.reset();
          let at = 0;
          for (const piece of pieces) {
            const last = await running.extend(piece);
            at += piece.length;
            expect(distance(last, rounded.subarray((at - 1) * vocab, at * vocab))).toBeLessThan(tolerance / 2);
          }
        }
      } finally {
        await running.close();
      }
    },
  );

  it("has half the bytes between kernels, and nothing else without f16", () => {
    const stored = (compilation: Compilation): readonly string[] =>
      compilation.builds.flatMap(({ program }) => program.kernels.flatMap(({ buffers }) => buffers.filter(({ access, element }) => access !== "read" && element === "f16").map((buffer) => buffer.name))); // prettier-ignore
    expect(stored(build(model, halves, "f16")).length).toBeGreaterThan(2);
    expect(stored(build(model, halves, "f32"))).toEqual([]);
    expect(build(model, webgpuBase, "f16").builds[0]!.code).toEqual(build(model, webgpuBase, "f32").builds[0]!.code);
  });
});
