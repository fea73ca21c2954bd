/** From SOURCE to a loaded model in this process: resolve, compile for the wanted target, load the weights. */
import { artifactOf } from "../driver/artifact.ts";
import { packageData } from "../driver/package-data.ts";
import { TARGETS } from "../driver/profiles.ts";
import { loadModel } from "../runtime/index.ts";
import type { Model } from "../runtime/index.ts";
import { requestAdapter } from "../runtime/devices/webgpu-adapter.ts";
import { compileSource } from "./compile-source.ts";
import type { CompileRequest, TimedCompilation } from "./compile-source.ts";
import { fileError, usageError } from "./failure.ts";
import { isFile } from "./files.ts";
import { resolveSource } from "./sources.ts";
import type { Source } from "./sources.ts";
import { VERSION } from "./version.ts";

export interface LoadRequest extends Omit<CompileRequest, "targets"> {
  readonly target?: string;
  readonly weights?: string;
}

export interface LoadedSource {
  readonly source: Source;
  readonly model: Model;
  readonly compilation: TimedCompilation;
}

/** Loads a model; the caller closes it. */
export async function loadSource(given: string, request: LoadRequest): Promise<LoadedSource> {
  const source = resolveSource(given);
  const weights = request.weights ?? source.weights;
  if (weights === undefined) throw fileError(`no weights: ${given} has no model.safetensors beside it; give --weights`);
  if (/\.(bin|pt|pth|pickle)$/.test(weights))
    throw fileError(`${weights} looks like a pickle, which may run code and is never read; convert it with safetensors.torch.save_file`); // prettier-ignore
  if (!isFile(weights)) throw fileError(`cannot read the weights ${weights}: no such file`);
  const target = request.target ?? (await defaultTarget());
  if (!TARGETS.includes(target)) throw usageError(`unknown target \`${target}\`; there are: ${TARGETS.join(", ")}`);
  const compilation = compileSource(source.file, { ...request, targets: [target] });
  const model = await loadModel(packageData(artifactOf(compilation, "model", VERSION)), {
    target,
    weights,
    tokenizer: source.tokenizer ?? null,
  });
  return { source, model, compilation };
}

/** webgpu where an adapter is found, else js. */
export async function defaultTarget(): Promise<string> {
  try {
    await requestAdapter();
    return "webgpu";
  } catch {
    return "js";
  }
}
