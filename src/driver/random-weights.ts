/** A checkpoint in memory of random weights, for timing models whose real ones are not at hand. */
import { convertFloats } from "../runtime/float-convert.ts";
import { Rng } from "../support/random.ts";
import type { SourceFile } from "../support/source.ts";
import { analyzeSource } from "./front-end.ts";
import type { FrontEndOptions } from "./front-end.ts";

export type WeightType = "f32" | "bf16" | "f16";

/** The same bytes each time, repeated: no two neighbouring rows of a matrix are alike. */
const BLOCK = 2 ** 16 + 1;

/**
 * A safetensors file of all parameters of a source's model: numbers as large as after training, the same for all types.
 * Undefined where the source has mistakes.
 */
export function randomWeights(
  source: SourceFile,
  dtype: WeightType,
  options: Pick<FrontEndOptions, "model" | "set"> = {},
): Uint8Array<ArrayBuffer> | undefined {
  const { model } = analyzeSource(source, { ...options, storage: () => dtype });
  if (model === undefined) return undefined;
  const bytesEach = dtype === "f32" ? 4 : 2;
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { path, dims } of model.parameters) {
    const bytes = dims.reduce((product, size) => product * size, bytesEach);
    header[path] = { dtype: dtype.toUpperCase(), shape: dims, data_offsets: [end, (end += bytes)] };
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + head.length + end);
  new DataView(file.buffer).setUint32(0, head.length, true);
  file.set(head, 8);
  const random = new Rng(1);
  const block = Float32Array.from({ length: BLOCK }, () => (random.uniform() - 0.5) / 8);
  const bytes = convertFloats(new Uint8Array(block.buffer), "f32", dtype).bytes;
  for (let at = 8 + head.length; at < file.length; at += bytes.length)
    file.set(bytes.subarray(0, Math.min(bytes.length, file.length - at)), at);
  return file;
}
