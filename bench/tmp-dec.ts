/**
 * cpu-decode: tokens of a llama of 135M parameters (30 layers of 576; random weights in f32, bf16, f16) on the target
 * cpu against the read floor: the time in which the same threads read as many bytes as the weights have. Nothing that
 * reads every weight for every token is faster.
 */
import { readFileSync } from "node:fs";
import { convertFloats } from "../src/runtime/float-convert.ts";
import { Rng } from "../src/support/random.ts";
import { analyzeSource } from "../src/driver/front-end.ts";
import { defined } from "../src/support/errors.ts";
import { compiledModel } from "./support/compiled.ts";
import type { Row } from "./support/harness.ts";
import { RUNS, interleaved } from "./support/harness.ts";
import { perThreads } from "./support/per-threads.ts";
import { READ_BYTES, ceilings } from "./support/roofline.ts";

const SOURCE = "examples/llama/llama.llm";
/** Tokens of one timed run, behind a prompt of a few. */
const TOKENS = 16;
const PROMPT = [1, 2, 3, 4];
const DTYPES = ["f16"] as const;

/** A safetensors file of all parameters: normal numbers as large as after training, the same for all types. */
function randomWeights(text: string, dtype: (typeof DTYPES)[number]): Uint8Array {
  const { model } = analyzeSource({ path: SOURCE, text }, { storage: () => dtype });
  const bytesEach = dtype === "f32" ? 4 : 2;
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { path, dims } of defined(model, "a model").parameters) {
    const bytes = dims.reduce((product, size) => product * size, bytesEach);
    header[path] = { dtype: dtype.toUpperCase(), shape: dims, data_offsets: [end, (end += bytes)] };
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + head.length + end);
  new DataView(file.buffer).setUint32(0, head.length, true);
  file.set(head, 8);
  const random = new Rng(1);
  const block = Float32Array.from({ length: 2 ** 16 + 1 }, () => (random.uniform() - 0.5) / 8);
  const bytes = convertFloats(new Uint8Array(block.buffer), "f32", dtype).bytes;
  for (let at = 8 + head.length; at < file.length; at += bytes.length)
    file.set(bytes.subarray(0, Math.min(bytes.length, file.length - at)), at);
  return file;
}

await perThreads("cpu-decode", import.meta.url, async (threads): Promise<readonly Row[]> => {
  const text = readFileSync(SOURCE, "utf8");
  const machine = await ceilings(threads);
  const rows: Row[] = [];
  for (const dtype of DTYPES) {
    const weights = randomWeights(text, dtype);
    const model = await compiledModel(text, {
      ...{ target: "cpu", entries: ["generate"], storage: dtype, context: 128 },
      load: { weights, threads },
    });
    let decode = NaN;
    const run = async (): Promise<void> => {
      const generation = model.generate(PROMPT, { maxTokens: TOKENS + 1, temperature: 0, stopTokens: [] });
      await generation.text();
      decode = generation.decodeSeconds / TOKENS;
    };
    const decodes: number[] = [];
    const contestants = [
      { name: "llmc", run: async () => (await run(), void decodes.push(decode)) },
      { name: "read", run: async () => void machine.read() },
    ];
    const [, read = NaN] = await interleaved(contestants);
    const token = decodes.slice(-RUNS).sort((a, b) => a - b)[RUNS >> 1] ?? NaN;
    const floor = (read * weights.length) / READ_BYTES;
    rows.push({ name: `${dtype}, ${threads} thread${threads === 1 ? "" : "s"}`, llmc: token * 1000, peer: floor * 1000, peerName: "read floor", ratio: floor / token, unit: "ms", better: "lower", runs: RUNS }); // prettier-ignore
    await model.close();
  }
  machine.close();
  return rows;
});
