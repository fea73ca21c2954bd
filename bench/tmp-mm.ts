import { compiledModel } from "./support/compiled.ts";
import { modelFiles } from "./support/onnx.ts";
const [m, k, n] = process.argv[2]!.split("x").map(Number) as [number, number, number];
const threads = Number(process.argv[3]);
const files = modelFiles("product", k, n);
const source = `model Product() {
  param weight: f[${n}, ${k}]
  forward(x: f32[B, T, ${k}]) -> f32[B, T, ${n}] { return x @ transpose(weight) }
}`;
const model = await compiledModel(source, { ...{ target: "cpu", chunk: m, context: m, storage: (process.argv[4] ?? "f32") as never }, load: { weights: files.safetensors, threads, ...(process.env.PROFILE ? { profile: process.env.PROFILE } : {}) } });
const x = Float32Array.from({ length: m * k }, () => Math.random() - 0.5);
const ex = (model as any).executor;
const plan = ex.planFor("forward", { B: 1, T: m });
for (let r = 0; r < 5; r++) {
  const N = m === 1024 ? 10 : 300;
  let t = performance.now();
  for (let i = 0; i < N; i++) await model.call("forward", { x }, { B: 1, T: m });
  const call = (performance.now() - t) / N;
  t = performance.now();
  for (let i = 0; i < N; i++) await ex.run(plan, { B: 1, T: m });
  const run = (performance.now() - t) / N;
  console.log(`call ${(call * 1000).toFixed(1)} us, run ${(run * 1000).toFixed(1)} us = ${(2 * m * k * n / run / 1e6).toFixed(1)} GFLOP/s`);
}
process.exit(0);
