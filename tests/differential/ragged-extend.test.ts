/**
 * `extend` on a device against `forward` in the interpreter: three rows of different lengths, taken in by chunks of 1,
 * 5 and all at once, padded on the right with tokens that must not matter. After each call the logits of every row that
 * got tokens are those of `forward` at its last one. One model is a published checkpoint, one has everything that
 * changes a score, one keeps states of all kinds and computes with positions.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/driver/compile.ts";
import { importCheckpoint } from "../../src/driver/front-end.ts";
import type { AnalyzedModel } from "../../src/driver/front-end.ts";
import { weightNameRules } from "../../src/driver/weight-rules.ts";
import { evaluate } from "../../src/interp/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { openBytes } from "../../src/runtime/byte-source.ts";
import type { Device } from "../../src/runtime/devices/device.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import type { SourceFile } from "../../src/support/source.ts";
import { Rng } from "../../src/support/random.ts";
import { readParameters } from "../../src/weights/tensors.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { randomTensor, tensorOf } from "../support/random-tensor.ts";
import { ProgramOnDevice } from "../support/run-on-device.ts";
import { programTolerance } from "../support/tolerance.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const FOLDER = "tests/fixtures/golden/llama";
const LENGTHS = [11, 4, 7];
const [B, LONGEST, CONTEXT] = [LENGTHS.length, 11, 24];

/** Windows by layer, neighbouring rotary pairs, a soft cap, learned biases of distances, slopes and sinks. */
const SCORED = `model Scored(vocab: int = 29, dim: int = 24, heads: int = 4, groups: int = 2, buckets: int = 6, windows: int[] = [3, 7, 2147483647]) {
  block Layer(window: int)(x: f[B, T, dim], shared: f[heads, T, T]) -> f[B, T, dim] {
    use norm: RmsNorm(dim), q: Linear(dim, dim), k: Linear(dim, dim / 2), v: Linear(dim, dim / 2), o: Linear(dim, dim)
    param sinks: f[heads]
    param distances: f[buckets, heads]
    let n = norm(x)
    let bias = shared + transpose(take(distances, relative_buckets(T, T, buckets, 9, false)), [2, 0, 1])
    let mixed = attention(
      rope(split_heads(q(n), heads), 100.0, interleaved: true),
      rope(split_heads(k(n), groups), 100.0, interleaved: true),
      split_heads(v(n), groups),
      window: window, softcap: 1.5, bias: bias, slopes: alibi_slopes(heads), sinks: sinks,
    )
    return x + o(merge_heads(mixed))
  }
  use embed: Embedding(vocab, dim)
  use layers: Layer(window: windows[i]) for i in 0..3
  param both_ways: f[heads, 8]
  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    let shared = take(both_ways, relative_buckets(T, T, 8, 5, true), axis: 1)
    return repeat(layers, embed(tokens), shared) @ transpose(embed.weight)
  }
}
`;

/**
 * The delta rule, whose matrices are mixed along the first axis of a head, beside marks of what was seen; a step that
 * rotates and looks up by its state; a scan over channels; a network of the position.
 */
const STATEFUL = `model Stateful(vocab: int = 29, dim: int = 24, heads: int = 2) {
  let head = dim / heads
  block Delta(x: f[B, T, dim]) -> f[B, T, dim] {
    use norm: RmsNorm(dim), q: Linear(dim, dim), k: Linear(dim, dim), v: Linear(dim, dim), o: Linear(dim, dim)
    let n = norm(x)
    let qs = reshape(q(n), [B, T, heads, head])
    let ks = reshape(k(n), [B, T, heads, head]) * 0.2
    let vs = reshape(v(n), [B, T, heads, head])
    let y = scan(s: f[B, heads, head, head], seen: bool[B, heads, head]) over T with qs, ks, vs {
      let old = sum(reshape(ks, [B, heads, head, 1]) * s, axis: 2)
      let next = s + reshape(ks, [B, heads, head, 1]) * reshape(vs - old, [B, heads, 1, head])
      let now = seen || vs > 1.0
      return (next, now, select(now, 1.0, 0.5) * sum(reshape(qs, [B, heads, head, 1]) * next, axis: 2))
    }
    return x + o(reshape(y, [B, T, dim]))
  }
  use embed: Embedding(vocab, dim), place: Linear(2, dim, bias: true)
  use layers: Delta[2]
  param words: f[head, dim]
  forward(tokens: i32[B, T]) -> f32[B, T, vocab] {
    let t = reshape(cast(iota(T), f32) / 3.0, [T, 1])
    let x = repeat(layers, embed(tokens) + tanh(place(concat(sin(t), cos(t), axis: 1))))
    let across = scan(g: f[B, T]) over dim with x { return (0.5 * g + x, g) }
    let y = scan(h: f[B, dim]) over T with x, across {
      let word = argmax(reshape(h + x, [B, heads, head]))[:, 0]
      let turned = reshape(rope(reshape(h, [B, heads, head]), 100.0), [B, dim])
      return (0.5 * turned + x + take(words, word) * 0.25, h + across)
    }
    return y @ transpose(embed.weight)
  }
}
`;

interface Subject {
  readonly source: SourceFile;
  readonly vocab: number;
  readonly weights: (path: string) => Tensor;
  readonly exact: Tensor;
  readonly tolerance: number;
}

const tokensOf = (vocab: number): readonly (readonly number[])[] =>
  LENGTHS.map((length, b) => Array.from({ length }, (_, t) => (31 * t + 57 * b + 5) % vocab));

type Weights = (parameters: AnalyzedModel["parameters"], model: AnalyzedModel) => Promise<Subject["weights"]>;

async function subjectOf(source: SourceFile, load: Weights): Promise<Subject> {
  const model = compile(source, { profiles: [js], entries: ["forward"], batch: B }).model!;
  const weights = await load(model.parameters, model);
  const forward = model.module.funcs.find(({ name }) => name === "forward")!;
  const vocab = forward.body.yields[0]!.type.dims[2]!.asNumber()!;
  const padded = tokensOf(vocab).flatMap((row) => [...row, ...new Array<number>(LONGEST - row.length).fill(3)]);
  const symbols = { B, T: LONGEST, S: CONTEXT };
  const logits = (mode: "exact" | "rounded"): Tensor =>
    Object.values(evaluate(forward, { tokens: tensorOf("i32", [B, LONGEST], padded) }, { ops: OPS, params: weights, symbols, mode }))[0] as Tensor; // prettier-ignore
  const exact = logits("exact");
  return { source, vocab, weights, exact, tolerance: programTolerance(exact, logits("rounded")) };
}

const random = (source: SourceFile): Promise<Subject> =>
  subjectOf(source, async (parameters) => {
    const rng = new Rng(11);
    const values = new Map(parameters.map(({ path, dims }) => [path, randomTensor(rng, "f32", dims)]));
    return (path) => values.get(path)!;
  });

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  llama: () => {
    const config = { path: `${FOLDER}/config.json`, text: readFileSync(`${FOLDER}/config.json`, "utf8") };
    return subjectOf(importCheckpoint(config).source!, async (parameters, model) => {
      const wanted = parameters.map(({ path, dims }) => ({ path, dims, dtype: "f32" as const }));
      const bytes = (await openBytes(`${FOLDER}/model.safetensors`))!;
      const values = await readParameters(bytes, wanted, weightNameRules(model.weights));
      await bytes.close?.();
      return (path) => ({ dtype: "f32", ...values.get(path)! });
    });
  },
  scored: () => random({ path: "scored.llm", text: SCORED }),
  stateful: () => random({ path: "stateful.llm", text: STATEFUL }),
};

let adapter: OpenAdapter | undefined;
const subjects = new Map<string, Subject>();
beforeAll(async () => {
  adapter = await openAdapter();
  for (const [name, make] of Object.entries(SUBJECTS)) subjects.set(name, await make());
}, 60_000);
afterAll(() => adapter?.close());

function buildFor({ source }: Subject, info: TargetInfo): BuiltProgram {
  const options = { profiles: [info], entries: ["generate"] as const, batch: B, chunk: LONGEST, context: CONTEXT }; // prettier-ignore
  const [build] = compile(source, options).builds;
  const parts = build!.program.plans[0]!.buffers.filter(({ rows }) => rows !== undefined);
  expect(parts.length > 1).toBe(info.name.includes("narrow"));
  return { info, program: build!.program, code: build!.code };
}

/** Row `index` of the last axis. */
function rowOf({ data, dims }: Tensor, index: number): Tensor {
  const V = dims.at(-1)!;
  return { dtype: "f32", dims: [V], data: data.slice(index * V, (index + 1) * V) };
}

/** How many rows of logits were compared; throws at the first that differs. */
async function compareRagged(subject: Subject, built: BuiltProgram, device: Device): Promise<number> {
  const { vocab, weights, exact, tolerance } = subject;
  const all = tokensOf(vocab);
  const program = await ProgramOnDevice.create(device, built, weights, CONTEXT);
  let compared = 0;
  for (const chunk of [1, 5, LONGEST]) {
    const entry = chunk === 1 ? "extend1" : "extend";
    let pos = tensorOf("i32", [B], [0, 0, 0]);
    for (let at = 0; at < LONGEST; at += chunk) {
      const counts = LENGTHS.map((length) => Math.max(0, Math.min(chunk, length - at)));
      const tokens = all.flatMap((row) => Array.from({ length: chunk }, (_, t) => row[at + t] ?? vocab - 1));
      const inputs = { tokens: tensorOf("i32", [B, chunk], tokens), count: tensorOf("i32", [B], counts), pos };
      const results = await program.run(entry, { B, T: chunk }, inputs);
      const logits = results.read("logits", "f32", [B, vocab]);
      pos = results.read("pos", "i32", [B]);
      expect([...pos.data]).toEqual(LENGTHS.map((length) => Math.min(length, at + chunk)));
      counts.forEach((count, b) => {
        if (count === 0) return;
        const expected = rowOf(exact, b * LONGEST + at + count - 1);
        const what = `row ${b}, chunk ${chunk} at ${at}`;
        expect(compareTensors(rowOf(logits, b), expected, tolerance, { what })).toBeUndefined();
        compared++;
      });
    }
  }
  program.close();
  return compared;
}

const PROFILES = [js, ...CPU_PROFILES, webgpuCpu, webgpuBase, cudaSm80];

/** A device whose bindings do not hold the larger weights. */
function narrow(info: TargetInfo): TargetInfo {
  const limits = { ...info.limits, maxBindingBytes: 16_384 };
  return { ...info, name: `${info.name} with narrow bindings`, limits };
}

describe.each(Object.keys(SUBJECTS))("ragged extend of %s", (name) => {
  it.for(name === "llama" ? [...PROFILES, narrow(js), narrow(webgpuCpu)] : PROFILES)(
    "equals forward for chunks of 1, 5 and all at once, $name",
    { timeout: 300_000 },
    async (info, { skip }) => {
      const subject = subjects.get(name)!;
      const built = buildFor(subject, info);
      if (info.target === "webgpu" && adapter === undefined) return skip("no WebGPU adapter on this machine");
      if (info.target === "cuda" && simProblem() !== undefined) return skip(`no CUDA simulator: ${simProblem()}`);
      const unit = info.target === "cuda" ? await CudaUnit.compile([built.program]) : undefined;
      const device =
      unit?.device(built.program) ??
      (info.target === "js" ? new JsDevice() : info.target === "cpu" ? new CpuDevice() : WebGpuDevice.inject(adapter!.device)); // prettier-ignore
      expect(await compareRagged(subject, built, device)).toBe(22 + 6 + 3);
      unit?.close();
    },
  );
});
