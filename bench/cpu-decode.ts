/**
 * cpu-decode: tokens of a llama of 135M parameters (30 layers of 576; random weights in f32, bf16, f16) on the target
 * cpu against the read floor: the time in which the same threads read as many bytes as the weights have. Nothing that
 * reads every weight for every token is faster.
 */
import { readFileSync } from "node:fs";
import { randomWeights } from "../src/driver/random-weights.ts";
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
const DTYPES = ["f32", "bf16", "f16"] as const;

await perThreads("cpu-decode", import.meta.url, async (threads): Promise<readonly Row[]> => {
  const text = readFileSync(SOURCE, "utf8");
  const machine = await ceilings(threads);
  const rows: Row[] = [];
  for (const dtype of DTYPES) {
    const weights = defined(randomWeights({ path: SOURCE, text }, dtype), SOURCE);
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
