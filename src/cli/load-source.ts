/** From SOURCE to a loaded model in this process: resolve, compile for the wanted target, load the weights. */
import { artifactOf } from "../driver/artifact.ts";
import { packageData } from "../driver/package-data.ts";
import { TARGETS, chooseProfiles, targetOfProfile } from "../driver/profiles.ts";
import { loadModel } from "../runtime/index.ts";
import type { Model } from "../runtime/index.ts";
import { cpuProblem } from "../runtime/devices/cpu.ts";
import { isSoftware, requestAdapter } from "../runtime/devices/webgpu-adapter.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { compileSource } from "./compile-source.ts";
import type { CompileRequest, TimedCompilation } from "./compile-source.ts";
import { fileError, usageError } from "./failure.ts";
import { resolveSource } from "./sources.ts";
import type { Source } from "./sources.ts";
import { VERSION } from "./version.ts";

export interface LoadRequest extends Omit<CompileRequest, "targets"> {
  readonly target?: string;
  readonly weights?: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
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
  const { profile } = request;
  const wanted = request.target ?? (profile === undefined ? undefined : targetOfProfile(profile));
  // Names are checked before an adapter is looked for.
  const profiles = chooseProfiles(wanted === undefined ? TARGETS : [wanted], profile);
  if (typeof profiles === "string") throw usageError(profiles);
  const checkpoint = await readCheckpoint(weights);
  const target = wanted ?? (await defaultTarget());
  const compilation = compileSource(source, { ...request, targets: [target], checkpoint });
  const model = await loadModel(packageData(artifactOf(compilation, "model", VERSION)), {
    target,
    weights,
    threads: request.threads,
    tokenizer: source.tokenizer ?? null,
    signal: request.signal,
  });
  return { source, model, compilation };
}

/** webgpu where a hardware adapter is found, else cpu, else webgpu on a software adapter, else js. */
export async function defaultTarget(): Promise<string> {
  const hasCpu = cpuProblem() === undefined;
  try {
    const { info } = await requestAdapter();
    return hasCpu && isSoftware(info) ? "cpu" : "webgpu";
  } catch {
    return hasCpu ? "cpu" : "js";
  }
}
