/**
 * cpu-encoder: the forward pass of an encoder of 6 layers of 384 channels (GELU, LayerNorm, full attention) over
 * 8 x 64 tokens on the target cpu against onnxruntime-web's WebAssembly; tokens handed in, hidden states read back.
 */
import { readFileSync } from "node:fs";
import { defined } from "../src/support/errors.ts";
import { Rng } from "../src/support/random.ts";
import { compiledModel } from "./support/compiled.ts";
import type { Row } from "./support/harness.ts";
import { RUNS, interleaved } from "./support/harness.ts";
import { PEER, modelFiles, openOnnx, ort } from "./support/onnx.ts";
import { perThreads } from "./support/per-threads.ts";

const [BATCH, TOKENS, DIM, LAYERS, FFN, VOCAB] = [8, 64, 384, 6, 1536, 1024];
/** Of the products with weights and in attention. */
const FLOP = LAYERS * (2 * BATCH * TOKENS * (4 * DIM * DIM + 2 * DIM * FFN) + 4 * BATCH * TOKENS * TOKENS * DIM);

await perThreads("cpu-encoder", import.meta.url, async (threads): Promise<readonly Row[]> => {
  const files = modelFiles("encoder");
  const model = await compiledModel(readFileSync("bench/support/encoder.llm", "utf8"), {
    ...{ target: "cpu", batch: BATCH, chunk: TOKENS, context: TOKENS },
    load: { weights: files.safetensors, threads },
  });
  const session = await openOnnx(files.onnx, threads);
  const random = new Rng(1);
  const tokens = Int32Array.from({ length: BATCH * TOKENS }, () => Math.floor(random.uniform() * VOCAB));
  const own = async (): Promise<Float32Array> => {
    const [bytes] = Object.values(await model.call("forward", { tokens }, { B: BATCH, T: TOKENS }));
    const { buffer, byteOffset } = defined(bytes, "a result");
    return new Float32Array(buffer, byteOffset, BATCH * TOKENS * DIM);
  };
  const feeds = { tokens: new ort.Tensor("int32", tokens, [BATCH, TOKENS]) };
  const peer = async (): Promise<Float32Array> => (await session.run(feeds))["out"]?.data as Float32Array;
  const [left, right] = [await own(), await peer()];
  const worst = left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[i] ?? NaN))), 0);
  if (!(worst < 1e-3)) throw new Error(`the two differ by ${worst}`);
  const seconds = await interleaved([
    { name: "llmc", run: async () => void (await own()) },
    { name: PEER, run: async () => void (await peer()) },
  ]);
  const [llmc = NaN, others = NaN] = seconds.map((s) => FLOP / s / 1e9);
  const name = `forward, ${threads} thread${threads === 1 ? "" : "s"}`;
  return [
    { name, llmc, peer: others, peerName: PEER, ratio: llmc / others, unit: "GFLOP/s", better: "higher", runs: RUNS },
  ];
});
