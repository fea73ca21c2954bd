/** The storage types of a build that follows its checkpoint: each weight stays in memory as the file holds it. */
import { isHalf } from "../ir/type.ts";
import type { DType } from "../ir/type.ts";
import { STORED_FLOATS, pairTensors } from "../runtime/match-weights.ts";
import type { SafetensorsFile } from "../runtime/safetensors.ts";
import type { AnalyzedModel } from "../sema/index.ts";
import { weightNameRules } from "./weight-rules.ts";

/**
 * The storage type of each parameter path: the type of its tensor in `file` by the model's `weights` clause. f32 for
 * what no kernel stores (f64), for slices of different types, and where the file has no such tensor: whether the
 * weights fit is the reader's business.
 */
export function checkpointStorage(file: SafetensorsFile, model: AnalyzedModel): (path: string) => DType {
  const paths = new Set(model.parameters.map((parameter) => parameter.path));
  const { whole, slices } = pairTensors(file, (path) => paths.has(path), weightNameRules(model.weights));
  const types = new Map<string, DType>();
  for (const path of paths) {
    const entries = whole.get(path) ?? [...(slices.get(path)?.values() ?? [])];
    const [type, ...others] = new Set(entries.map((entry) => STORED_FLOATS[entry.dtype]));
    if (others.length === 0 && type !== undefined && isHalf(type)) types.set(path, type);
  }
  return (path) => types.get(path) ?? "f32";
}
