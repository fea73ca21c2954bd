/**
 * decode: tokens of a llama of 135M parameters (30 layers of 576, random f16 weights) on the WebGPU adapter, against
 * jax-js running the same maths on the same Dawn, with f16 and with f32 weights (the better one counts), and against the
 * read floor: the time in which a kernel that does nothing else reads as many bytes as the weights have.
 */
import { readFileSync } from "node:fs";
import * as webgpu from "webgpu";
import { convertFloats } from "../src/runtime/float-convert.ts";
import { bytesOf } from "../src/runtime/byte-source.ts";
import { readSafetensors } from "../src/runtime/safetensors.ts";
import { defined } from "../src/support/errors.ts";
import { compiledModel } from "./support/compiled.ts";
import type { Row } from "./support/harness.ts";
import { RUNS, interleaved, machine, median, report } from "./support/harness.ts";
import { jaxLlama } from "./support/jax-llama.ts";
import { randomWeights } from "../src/driver/random-weights.ts";
import { reader } from "./support/webgpu-read.ts";

const SOURCE = "examples/llama/llama.llm";
const TOKENS = 6;
const PROMPT = [1, 2];
const CONTEXT = 128;
const GEOMETRY = { dim: 576, depth: 30, heads: 9, groups: 3, theta: 10000, eps: 1e-5 };

// Dawn aborts when its object is collected while a device of it is alive.
const gpu = webgpu.create([]);
Object.assign(globalThis, webgpu.globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });

const text = readFileSync(SOURCE, "utf8");
const weights = defined(randomWeights({ path: SOURCE, text }, "f16"), SOURCE);
const file = await readSafetensors(bytesOf(weights));
const tensor = (path: string): { readonly data: Float32Array<ArrayBuffer>; readonly shape: number[] } => {
  const { offset, bytes, shape } = defined(file.tensors.get(path), path);
  const converted = convertFloats(weights.slice(offset, offset + bytes), "f16", "f32");
  return { data: new Float32Array(converted.bytes.slice().buffer), shape: [...shape] };
};

const model = await compiledModel(text, {
  ...{ target: "webgpu", entries: ["generate"], storage: "f16", context: CONTEXT },
  load: { weights },
});
const seconds = { llmc: [] as number[], float16: [] as number[], float32: [] as number[] };
const said: Record<string, readonly number[]> = {};
const contestants = [
  {
    name: "llmc",
    async run(): Promise<void> {
      const generation = model.generate(PROMPT, { maxTokens: TOKENS, temperature: 0, stopTokens: [] });
      await generation.text();
      said["llmc"] = generation.tokens;
      seconds.llmc.push(generation.decodeSeconds / (TOKENS - 1));
    },
  },
];
for (const dtype of ["float16", "float32"] as const) {
  const peer = await jaxLlama(GEOMETRY, CONTEXT, dtype, tensor);
  contestants.push({
    name: dtype,
    async run(): Promise<void> {
      said[dtype] = await peer.generate(PROMPT, TOKENS);
      seconds[dtype].push(peer.seconds);
    },
  });
}
const adapter = defined((await gpu.requestAdapter()) ?? undefined, "a WebGPU adapter");
const device = await adapter.requestDevice();
const floor = reader(device, weights.length);
for (const pattern of ["interleaved", "stretches"] as const)
  contestants.push({ name: pattern, run: () => floor.run(pattern) });

const times = await interleaved(contestants);
const typical = (all: readonly number[]): number => median(all.slice(-RUNS));
const token = typical(seconds.llmc);
const peer = Math.min(typical(seconds.float16), typical(seconds.float32));
const read = Math.min(...times.slice(-2));
const ratio = (name: string, best: number, of: string): Row => ({ name, llmc: token * 1000, peer: best * 1000, peerName: of, ratio: best / token, unit: "ms", better: "lower", runs: RUNS }); // prettier-ignore
const rows = [
  ratio("a token, f16", peer, peer === typical(seconds.float16) ? "jax-js, f16" : "jax-js, f32"),
  ratio("a token, share of the floor", read, "read floor"),
];
const isSame = Object.values(said).every((tokens) => tokens.join() === said["llmc"]?.join());
if (!isSame) process.stderr.write(`the tokens differ: ${JSON.stringify(said)}\n`);
await model.close();
floor.close();
report("decode", machine(adapter.info.description), rows, process.argv.includes("--json"));
// jax-js keeps its device.
process.exit(isSame ? 0 : 1);
