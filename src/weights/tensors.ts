/** Whole tensors of a safetensors file in f64, for references and the interpreter. The strict reader is the runtime's. */
import { bytesOf } from "../runtime/byte-source.ts";
import type { ByteSource } from "../runtime/public-types.ts";
import { SafetensorsError } from "../runtime/errors.ts";
import { convertFloats } from "../runtime/float-convert.ts";
import type { FloatType } from "../runtime/float-convert.ts";
import { readSafetensors } from "../runtime/safetensors.ts";
import { loadWeights } from "../runtime/weights.ts";
import type { WeightNameRule } from "../runtime/weight-names.ts";

export interface NamedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Row-major; integers are exact. */
  readonly data: Float64Array;
}

const FLOATS: Readonly<Record<string, FloatType>> = { F64: "f64", F32: "f32", F16: "f16", BF16: "bf16" };

/** All tensors of a file, by name. Types other than floats, I32, I64 and U8 are a `SafetensorsError`. */
export async function readTensors(source: ByteSource): Promise<ReadonlyMap<string, NamedTensor>> {
  const file = await readSafetensors(source);
  const tensors = new Map<string, NamedTensor>();
  for (const { name, dtype, shape, offset, bytes } of file.tensors.values()) {
    const raw = await source.read(offset, bytes);
    const copy = raw.slice().buffer;
    const float = FLOATS[dtype];
    const data =
      float !== undefined ? float64Of(convertFloats(raw, float, "f64").bytes)
      : dtype === "I32" ? Float64Array.from(new Int32Array(copy))
      : dtype === "I64" ? Float64Array.from(new BigInt64Array(copy), Number)
      : dtype === "U8" ? Float64Array.from(new Uint8Array(copy))
      : undefined; // prettier-ignore
    if (data === undefined)
      throw new SafetensorsError(`${source.name}: ${name} has type ${dtype}, which is not read here`);
    tensors.set(name, { name, dims: shape, data });
  }
  return tensors;
}

/** The weights of a model as the runtime would load them, each rounded to its storage type, in f64. */
export async function readParameters(
  source: ByteSource,
  parameters: readonly { readonly path: string; readonly dims: readonly number[]; readonly dtype: FloatType }[],
  rules: readonly WeightNameRule[],
): Promise<ReadonlyMap<string, NamedTensor>> {
  const pieces = new Map<string, Uint8Array[]>();
  await loadWeights(source, parameters, rules, ({ path, bytes }) => {
    pieces.set(path, [...(pieces.get(path) ?? []), bytes.slice()]);
  });
  return new Map(
    parameters.map(({ path, dims, dtype }) => {
      const bytes = joined(pieces.get(path) ?? []);
      return [path, { name: path, dims, data: float64Of(convertFloats(bytes, dtype, "f64").bytes) }] as const;
    }),
  );
}

export { bytesOf };

function float64Of(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
