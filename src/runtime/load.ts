/** `load` of a generated package: device, programs, weights, tokenizer; all of them or none. */
import { openBytes } from "./byte-source.ts";
import type { FileOptions } from "./byte-source.ts";
import { openDevice } from "./devices/open.ts";
import type { Opened, ProfileEntry } from "./devices/open.ts";
import type { Device } from "./devices/device.ts";
import { OptionError } from "./errors.ts";
import { Executor } from "./executor.ts";
import type { FloatType } from "./float-convert.ts";
import { Model } from "./model.ts";
import type { FileDigest } from "./http/digest.ts";
import type { ModelFacts } from "./model.ts";
import type { ByteSource, LoadOptions, Tokenizer } from "./public-types.ts";
import { Recovery } from "./recovery.ts";
import type { Build, Built } from "./recovery.ts";
import { readTokenizer } from "./tokenizer.ts";
import { loadWeights } from "./weights.ts";
import type { LoadedPiece, Parameter } from "./weights.ts";
import { WeightFile } from "./weight-file.ts";
import type { WeightNameRule } from "./weight-names.ts";
import type { ProgramManifest } from "../plan/manifest.ts";

/** What the generated `index.js` passes in. */
export interface PackageData {
  readonly facts: ModelFacts;
  readonly weightRules: readonly WeightNameRule[];
  /** In the order in which they are tried. */
  readonly profiles: readonly ProfileEntry[];
  /** Where the files lie if the caller gives none. */
  readonly weights: URL;
  /** Of the file at `weights`, where the package was built with one. */
  readonly weightsDigest?: FileDigest;
  readonly tokenizer: URL;
}

/** Throws `UnsupportedAdapterError`, `WeightsError`, `SafetensorsError`, `TokenizerError`, or the signal's reason. */
export async function loadModel(data: PackageData, options: LoadOptions = {}): Promise<Model> {
  const { signal } = options;
  const context = options.context ?? data.facts.context;
  if (!Number.isInteger(context) || context < 1 || context > data.facts.context)
    throw new OptionError(`context must be an integer from 1 to ${data.facts.context}, not ${context}`);
  signal?.throwIfAborted();
  // The public types name no WebGPU type: not every user's compiler has them.
  const gpu = options.device as GPUDevice | undefined;
  return loadOn(await openDevice(data.profiles, { ...options, device: gpu }), data, options);
}

/** The same on a device that is open, for a profile; the device is closed where that fails. */
export async function loadOn(opened: Opened, data: PackageData, options: LoadOptions): Promise<Model> {
  const { device, profile } = opened;
  const weights = new WeightFile(options.weights ?? data.weights, opened.reopen !== undefined);
  const recovery = new Recovery(builder(opened, data, weights, options), device.lost);
  let built: Built | undefined;
  try {
    built = await build(device, profile, data, weights, options).catch((error: unknown) =>
      recovery.after(error, options.signal),
    );
    const tokenizer = await openTokenizer(data, options);
    options.onProgress?.({ stage: "tokenizer", fraction: 1 });
    options.signal?.throwIfAborted();
    return new Model(data.facts, built, recovery, tokenizer, profile.name, weights);
  } catch (error) {
    built?.executor.close();
    built?.device.close();
    await weights.close();
    throw error;
  }
}

type BuildOptions = FileOptions & Pick<LoadOptions, "context" | "onProgress">;

/** How a model is built once more; undefined where its device cannot be replaced. Keeps nothing else of the options. */
function builder(
  { profile, reopen }: Opened,
  data: PackageData,
  weights: WeightFile,
  { context, fetch, cache }: BuildOptions,
): Build | undefined {
  return reopen && (async (signal) => build(await reopen(), profile, data, weights, { context, fetch, cache, signal }));
}

/** The program of `profile` on `device`, ready to run; the device is closed where that fails. */
async function build(
  device: Device,
  profile: ProfileEntry,
  data: PackageData,
  weights: WeightFile,
  options: BuildOptions,
): Promise<Built> {
  const { signal } = options;
  const context = options.context ?? data.facts.context;
  let executor: Executor | undefined;
  try {
    options.onProgress?.({ stage: "device", fraction: 1 });
    const { program, kernels } = await profile.load();
    signal?.throwIfAborted();
    executor = await Executor.create(device, program, kernels, context, data.facts.context);
    signal?.throwIfAborted();
    if (device.compilesLate) await executor.warmUp(signal);
    options.onProgress?.({ stage: "compile", fraction: 1 });
    await fillWeights(executor, program, data, weights, options);
    return { device, executor };
  } catch (error) {
    executor?.close();
    device.close();
    throw error;
  }
}

async function fillWeights(
  executor: Executor,
  program: ProgramManifest,
  data: PackageData,
  weights: WeightFile,
  options: BuildOptions,
): Promise<void> {
  const places = new Map<string, { readonly index: number; readonly start: number; readonly bytes: number }[]>();
  const parameters: Parameter[] = [];
  program.buffers.forEach((buffer, index) => {
    if (buffer.kind !== "weight" || buffer.path === undefined) return;
    const { rows = [], bytes } = buffer;
    const known = places.get(buffer.path) ?? [];
    const rowBytes = bytes / rows.reduce((product, { from, to }) => product * (to - from), 1);
    const start = rowBytes * rows.reduce((row, { from, of }) => row * of + from, 0);
    places.set(buffer.path, [...known, { index, start, bytes }]);
    if (known.length > 0) return;
    const dims = (buffer.dims ?? []).map(Number);
    parameters.push({
      path: buffer.path,
      dtype: (buffer.dtype ?? "f32") as FloatType,
      dims: [...rows.map(({ of }) => of), ...dims.slice(rows.length)],
      ...(buffer.layout === undefined ? {} : { layout: buffer.layout }),
      ...(buffer.isFinite === true ? { isFinite: true } : {}),
    });
  });
  if (parameters.length === 0) return;
  const deliver = (piece: LoadedPiece): void => {
    for (const { index, start, bytes } of places.get(piece.path) ?? []) {
      const [from, to] = [Math.max(start, piece.offset), Math.min(start + bytes, piece.offset + piece.bytes.length)];
      if (from < to) executor.writeBuffer(index, from - start, piece.bytes.subarray(from - piece.offset, to - piece.offset)); // prettier-ignore
    }
  };
  const known = data.weightsDigest && { ...data.weightsDigest, url: data.weights };
  await weights.read(
    (source) =>
      loadWeights(source, parameters, data.weightRules, deliver, {
        signal: options.signal,
        onProgress: (loaded, total) =>
          options.onProgress?.({ stage: "weights", fraction: loaded / Math.max(1, total), loaded, total }),
      }),
    { ...options, known },
  );
}

async function openTokenizer(data: PackageData, options: LoadOptions): Promise<Tokenizer | undefined> {
  if (options.tokenizer === null) return undefined;
  const source = await openBytes(options.tokenizer ?? data.tokenizer, options);
  if (source === undefined) return undefined;
  // Whoever has a vocabulary of none does not generate, and takes no text.
  return readTokenizer(await textOf(source, options.signal), data.facts.vocab || Infinity);
}

async function textOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  try {
    return new TextDecoder().decode(await source.read(0, source.size, signal));
  } finally {
    await source.close?.();
  }
}
