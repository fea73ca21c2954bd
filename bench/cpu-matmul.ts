/**
 * cpu-matmul: products of f32 activations and a stored f32 matrix on the target cpu against onnxruntime-web's
 * WebAssembly, both as a program would call them: input handed in, result read back. Weights are packed at load by who
 * packs them. The rows `[K, N]` store the matrix the other way round, as gpt2's checkpoint does.
 */
import { defined } from "../src/support/errors.ts";
import { Rng } from "../src/support/random.ts";
import { compiledModel } from "./support/compiled.ts";
import type { Row } from "./support/harness.ts";
import { RUNS, interleaved } from "./support/harness.ts";
import { PEER, modelFiles, openOnnx, ort } from "./support/onnx.ts";
import { perThreads } from "./support/per-threads.ts";
import { ceilings } from "./support/roofline.ts";

interface Shape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const SHAPES: readonly Shape[] = [
  { m: 256, k: 256, n: 256 },
  { m: 1024, k: 1024, n: 1024 },
  { m: 1, k: 576, n: 1536 },
];
/** Calls of one timed run, so that it takes tens of milliseconds and warm-ups are enough for engines to optimize. */
const CALLS: Readonly<Record<number, number>> = { 1: 500, 256: 30 };

await perThreads("cpu-matmul", import.meta.url, async (threads): Promise<readonly Row[]> => {
  const machine = await ceilings(threads);
  const ceiling = machine.measure();
  machine.close();
  const rows: Row[] = [];
  const suffix = `${threads} thread${threads === 1 ? "" : "s"}`;
  for (const shape of SHAPES) {
    const { m, k, n } = shape;
    const files = modelFiles("product", k, n);
    const source = `model Product() {
  param weight: f[${n}, ${k}]
  forward(x: f32[B, T, ${k}]) -> f32[B, T, ${n}] { return x @ transpose(weight) }
}
`;
    const model = await compiledModel(source, {
      ...{ target: "cpu", chunk: m, context: m },
      load: { weights: files.safetensors, threads },
    });
    const session = await openOnnx(files.onnx, threads);
    const random = new Rng(1);
    const x = Float32Array.from({ length: m * k }, () => random.uniform() - 0.5);
    const sizes = { B: 1, T: m };
    const own = async (): Promise<Float32Array> => {
      const { logits } = await model.call("forward", { x }, sizes);
      const bytes = defined(logits, "a result");
      return new Float32Array(bytes.buffer, bytes.byteOffset, m * n);
    };
    const feeds = { x: new ort.Tensor("float32", x, [m, k]) };
    const peer = async (): Promise<Float32Array> => (await session.run(feeds))["out"]?.data as Float32Array;
    const [left, right] = [await own(), await peer()];
    const worst = left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[i] ?? NaN))), 0);
    if (!(worst < 1e-4)) throw new Error(`the two differ by ${worst} at ${m} x ${k} x ${n}`);
    const calls = CALLS[m] ?? 1;
    const repeated = (run: () => Promise<unknown>) => async (): Promise<void> => {
      for (let call = 0; call < calls; call++) await run();
    };
    const seconds = await interleaved([
      { name: "llmc", run: repeated(own) },
      { name: PEER, run: repeated(peer) },
    ]);
    const [llmc = NaN, others = NaN] = seconds.map((s) => (2 * m * k * n * calls) / s / 1e9);
    rows.push({ name: `${m} x ${k} x ${n}, ${suffix}`, llmc, peer: others, peerName: PEER, ratio: llmc / others, unit: "GFLOP/s", better: "higher", runs: RUNS }); // prettier-ignore
    await model.close();
    await session.release();
  }
  rows.push({ name: `multiply, add, ${suffix}`, llmc: ceiling.multiplyAdd, peer: null, peerName: null, ratio: null, unit: "GFLOP/s", better: "higher", runs: RUNS }); // prettier-ignore
  return rows;
});
