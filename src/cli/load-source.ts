/** From SOURCE to a loaded model in this process: resolve, compile for the wanted target, load the weights. */
import { artifactOf } from "../driver/artifact.ts";
import { packageData } from "../driver/package-data.ts";
import { randomWeights } from "../driver/random-weights.ts";
import { TARGETS, chooseProfiles, targetOfProfile } from "../driver/profiles.ts";
import { bytesOf, loadModel } from "../runtime/index.ts";
import type { LoadOptions, Model, PackageData } from "../runtime/index.ts";
import { readSafetensors } from "../runtime/safetensors.ts";
import type { SafetensorsFile } from "../runtime/safetensors.ts";
import { cpuProblem } from "../runtime/devices/cpu.ts";
import { isSoftware, requestAdapter } from "../runtime/devices/webgpu-adapter.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { compileSource, storageOf } from "./compile-source.ts";
import type { CompileRequest, TimedCompilation } from "./compile-source.ts";
import { fileError, usageError } from "./failure.ts";
import { parseSettings, resolveSource } from "./sources.ts";
import type { Source } from "./sources.ts";
import { VERSION } from "./version.ts";

export interface LoadRequest extends Omit<CompileRequest, "targets"> {
  readonly target?: string;
  readonly weights?: string;
  /** Random weights of the type `storage` (default f32) where there are none. */
  readonly orRandom?: boolean;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** All that the runtime takes to load a model, and where it came from. */
export interface PreparedSource {
  readonly source: Source;
  readonly compilation: TimedCompilation;
  readonly data: PackageData;
  readonly options: LoadOptions & { readonly target: string };
  /** The weights are random. */
  readonly isRandom: boolean;
}

export interface LoadedSource extends PreparedSource {
  readonly model: Model;
}

/** Loads a model; the caller closes it. */
export async function loadSource(given: string, request: LoadRequest): Promise<LoadedSource> {
  const prepared = await prepareSource(given, request);
  return { ...prepared, model: await loadModel(prepared.data, prepared.options) };
}

export async function prepareSource(given: string, request: LoadRequest): Promise<PreparedSource> {
  const source = resolveSource(given);
  const file = request.weights ?? source.weights;
  const isRandom = file === undefined && request.orRandom === true;
  if (file === undefined && !isRandom)
    throw fileError(`no weights: ${given} has no model.safetensors beside it; give --weights`);
  const { profile } = request;
  const wanted = request.target ?? (profile === undefined ? undefined : targetOfProfile(profile));
  // Names are checked before an adapter is looked for.
  const profiles = chooseProfiles(wanted === undefined ? TARGETS : [wanted], profile);
  if (typeof profiles === "string") throw usageError(profiles);
  const weights = file ?? randomBytes(source, request);
  const checkpoint = await headerOf(weights);
  const target = wanted ?? (await defaultTarget());
  const compilation = compileSource(source, { ...request, targets: [target], checkpoint });
  const { threads, signal } = request;
  return {
    source,
    compilation,
    data: packageData(artifactOf(compilation, "model", VERSION)),
    options: { target, weights, threads, signal, tokenizer: source.tokenizer ?? null },
    isRandom,
  };
}

/** Undefined where the source has mistakes, which compiling it tells. */
function randomBytes({ file, model, settings }: Source, request: LoadRequest): Uint8Array | undefined {
  const set = { ...settings, ...parseSettings(request.set) };
  return randomWeights(file, storageOf(request.storage) ?? "f32", { model, set });
}

async function headerOf(weights: string | Uint8Array | undefined): Promise<SafetensorsFile | undefined> {
  if (weights === undefined) return undefined;
  return typeof weights === "string" ? readCheckpoint(weights) : readSafetensors(bytesOf(weights));
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
