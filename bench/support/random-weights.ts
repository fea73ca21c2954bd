/** A checkpoint in memory of random weights, for benches of models whose real ones are not at hand. */
import { analyzeSource } from "../../src/driver/front-end.ts";
import { convertFloats } from "../../src/runtime/float-convert.ts";
import { defined } from "../../src/support/errors.ts";
import { Rng } from "../../src/support/random.ts";

export type WeightType = "f32" | "bf16" | "f16";

/** A safetensors file of all parameters of the model: numbers as large as after training, the same for all types. */
export function randomWeights(text: string, dtype: WeightType, set: Readonly<Record<string, string>> = {}): Uint8Array {
  const { model } = analyzeSource({ path: "model.llm", text }, { set, storage: () => dtype });
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
