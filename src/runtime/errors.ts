/**
 * The errors that a generated package throws. Each says what to do. A cancelled call throws the reason of its
 * `AbortSignal` (a `DOMException` named `AbortError` by default) and nothing of ours.
 */

/** No device fits: no adapter, a missing feature, a limit too low. */
export class UnsupportedAdapterError extends Error {
  override readonly name = "UnsupportedAdapterError";
}

/** The device went away, and the model could not be put on another one. Load the model again. */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
}

/**
 * The device refused a shader, a buffer or a launch, which is a bug of the compiler that made this package; it has not
 * the memory; or one of its threads ended. The message says which. A model that failed while it ran refuses further
 * calls: close it and load it again.
 */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

/** A file that is not a well-formed safetensors file. `message` says which rule it breaks. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
}

/**
 * A file could not be fetched: the server refused it (`status`, where it answered), the connection broke again and again,
 * the file changed meanwhile, or it is not the one that the package was built with. What has come is kept where the
 * browser can, so that another `load` goes on from there.
 */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly status: number | undefined;
  constructor(message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

/** One way in which a checkpoint and the model disagree. Shapes are as `[576, 1536]`. */
export interface WeightMismatch {
  readonly path: string;
  readonly problem: "missing" | "extra" | "shape" | "dtype" | "tied" | "range" | "finite" | "ambiguous";
  /** What the model asks for and what the file holds, where there is one. */
  readonly expected?: string;
  readonly found?: string;
}

/** The weights do not fit the model. Lists every mismatch; nothing was loaded. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
  constructor(
    message: string,
    readonly mismatches: readonly WeightMismatch[] = [],
  ) {
    super([message, ...mismatches.map(mismatchText)].join("\n  "));
  }
}

function mismatchText({ path, problem, expected, found }: WeightMismatch): string {
  switch (problem) {
    case "missing":
      return `${path}: not in the file; the model needs ${expected}`;
    case "extra":
      return `${path}: ${found} in the file; no parameter and no rule of the model names it`;
    case "shape":
      return `${path}: the shape is ${found}, the model needs ${expected}`;
    case "dtype":
      return `${path}: stored as ${found}; the model reads ${expected}`;
    case "tied":
      return `${path}: must equal ${expected}, and does not`;
    case "finite":
      return `${path}: holds ${found}; this target reads ${expected} weights as finite numbers, a build with storage f32 any`;
    case "range":
      return `${path}: holds ${found}, beyond what ${expected} can store`;
    case "ambiguous":
      return `${path}: both ${expected} and ${found} give it`;
  }
}

/** The prompt needs a tokenizer and there is none, or `tokenizer.json` is not one. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError";
}

/** The prompt and the tokens asked for do not fit into the context. */
export class ContextError extends RangeError {
  override readonly name = "ContextError";
}

/** An argument that makes no sense: a negative temperature, a token outside the vocabulary. */
export class OptionError extends TypeError {
  override readonly name = "OptionError";
}

/** The model was closed, or another generation is still running on it. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}
