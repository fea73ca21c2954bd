/**
 * The public types of a loaded model, written once: the runtime implements them, and every package carries them, with
 * the error classes, as `runtime.d.ts`; so they import nothing. `Target` and `Profile` are the names that a package
 * has. What a package can do is one interface each: its `Model` is made of those that it was built with.
 */

/** Where bytes come from: `read` answers exactly `length` bytes from `offset`, a copy or a view nobody else writes. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** For messages. */
  readonly name: string;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}

/** What a caller may give for a file. A string is a URL, or a path in Node. */
export type ByteSourceLike = string | URL | ArrayBuffer | Uint8Array | Blob | ByteSource;

export interface Progress {
  readonly stage: "device" | "compile" | "weights" | "tokenizer";
  /** 0 to 1 within the stage. */
  readonly fraction: number;
  /** Of the stage `weights`: bytes of tensors read so far, and in all. */
  readonly loaded?: number;
  readonly total?: number;
}

export interface LoadOptions<Target extends string = string, Profile extends string = string> {
  /**
   * The safetensors file: path, URL or bytes. Default: `model.safetensors` in the package; that file, and no other, is
   * held to the hashes that the package has of it, if it has any, where it is read from a URL. It is read again if the
   * device is lost; of bytes the model keeps no copy, so that works for as long as the caller holds them unchanged.
   */
  readonly weights?: ByteSourceLike;
  /** A `tokenizer.json`; null for none. Default: `tokenizer.json` in the package, if it is there. */
  readonly tokenizer?: ByteSourceLike | null;
  /** Positions to make room for: at most, and by default, what the package was built for. */
  readonly context?: number;
  /** Only profiles of this target. */
  readonly target?: Target;
  /** Only the profile of this name. */
  readonly profile?: Profile;
  /** A `GPUDevice` of the caller's, not destroyed by `close`. */
  readonly device?: object;
  /** Threads of the target `cpu`, the caller's among them; default: as many as the machine has, 8 at most. */
  readonly threads?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Makes the requests for files that are given as URLs: to sign them, say. Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Whether files that are given as URLs are kept for the next visit, where the browser can. Default true. */
  readonly cache?: boolean;
}

/**
 * A token is chosen in this order: logits, `logitBias`, `repetitionPenalty`, `presencePenalty` and `frequencyPenalty`;
 * then the largest, or, where `temperature` is above 0: `temperature`, `topK`, `topP`, `minP`, and a draw.
 */
export interface GenerateOptions {
  /** Tokens to generate at most; default: as many as the context holds. */
  readonly maxTokens?: number;
  /** 0 takes the most likely token. Default 0.8. */
  readonly temperature?: number;
  /** Sample among this many most likely tokens; 0, the default, among all. */
  readonly topK?: number;
  /** Sample among the most likely tokens that together have this probability. Default 1. */
  readonly topP?: number;
  /** Sample among the tokens that have at least this part of the most likely one's probability. Default 0. */
  readonly minP?: number;
  /**
   * Divides the logits of tokens that the prompt or the answer holds, or multiplies them where they are negative. 1, the
   * default, changes nothing; more repeats less.
   */
  readonly repetitionPenalty?: number;
  /** Taken off the logits of tokens that the answer holds; the prompt does not count. Default 0. */
  readonly presencePenalty?: number;
  /** Taken off the logits once for each time that the answer holds the token. Default 0. */
  readonly frequencyPenalty?: number;
  /** Added to the logits, by token: `{ 50256: -Infinity }` never takes that one. Before all penalties. */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** Equal seeds give equal texts on one machine. Default: a random one. */
  readonly seed?: number;
  /** Ends before any of these texts appears. */
  readonly stop?: string | readonly string[];
  /** Ends after one of these tokens, beside the model's end-of-text tokens. */
  readonly stopTokens?: readonly number[];
  /** Whether the model's end-of-text tokens end the generation. Default true. */
  readonly stopAtEos?: boolean;
  /** Recognise special tokens in the text of the prompt. Default false: the text may come from a stranger. */
  readonly special?: boolean;
  readonly signal?: AbortSignal;
}

/** `length`: maxTokens or the context is used up. `eos`: a stop token. `stop`: a stop text. */
export type StopReason = "length" | "eos" | "stop";

/** A running generation: iterate over its pieces of text. */
export interface Generation extends AsyncIterableIterator<string> {
  readonly promptTokens: readonly number[];
  /** The tokens so far, a final stop token included. */
  readonly tokens: readonly number[];
  /** Why it ended; undefined while it runs, and after it was cancelled. */
  readonly stop: StopReason | undefined;
  /** Seconds until the first token was there, and from there to the last one. */
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
  /** Ends it where it is. */
  return(): Promise<IteratorResult<string, void>>;
  /** Runs to the end; the whole text ("" without a tokenizer). */
  text(): Promise<string>;
}

export interface Tokenizer {
  /** Special tokens in `text` are plain text unless `special` is set; none are added unless `addSpecial` is. */
  encode(text: string, options?: { readonly special?: boolean; readonly addSpecial?: boolean }): readonly number[];
  /** Special tokens are left out. Throws `OptionError` for an id without a token. */
  decode(tokens: readonly number[]): string;
  /** Whether `id` has a token; a model may have more logits than its tokenizer has tokens. */
  has(id: number): boolean;
}

/** What a model runs on. */
export interface DeviceDetails<Target extends string = string, Profile extends string = string> {
  readonly target: Target;
  readonly profile: Profile;
  /** What the driver calls itself. */
  readonly adapter: string;
  /** The adapter computes on the CPU. */
  readonly isSoftware: boolean;
}

/** A loaded model, whatever it was built with. One call at a time. */
export interface LoadedModel<Target extends string = string, Profile extends string = string> extends AsyncDisposable {
  /** Present where a tokenizer was found. */
  readonly tokenizer: Tokenizer | undefined;
  /** Positions that the caches hold. */
  readonly context: number;
  readonly device: DeviceDetails<Target, Profile>;
  /**
   * Resolves with a `DeviceLostError` once the device is lost for good. A device of the model's own is replaced, the
   * weights are read again and the call that met the loss is repeated; a caller's device, and one that is lost for the
   * third time within a minute, is not.
   */
  readonly lost: Promise<Error>;
  /**
   * Runs one entry point: the bytes of all its results, row-major, at the sizes of the call. Takes all its arguments, as
   * the type array of their elements (`Float32Array` for f16 and bf16 too, `Uint32Array` for bool); state may be given, and
   * keeps its value. Throws `OptionError` for an entry, an argument or a size that the package does not have, that is
   * missing or is another than its type says; `ContextError` for sizes that it has no room for; and `DeviceLostError`
   * where the device was replaced and state of earlier calls is gone with it.
   */
  call(
    entry: string,
    inputs: Readonly<Record<string, Int32Array | Uint32Array | Float32Array>>,
    sizes: Readonly<Record<string, number>>,
  ): Promise<Record<string, Uint8Array>>;
  /** Frees the device. In Node the process can then end. */
  close(): Promise<void>;
}

/** Of a model that generates text. */
export interface Generates {
  /** Streams what follows the prompt: a text, or tokens. One generation runs at a time. */
  generate(prompt: string | readonly number[], options?: GenerateOptions): Generation;
}

/** Of a model built with its `forward`. */
export interface Forwards {
  /**
   * Logits `f32[tokens.length, V]` of all positions of one row of at least one token, row-major, from an empty context.
   * Throws `ContextError` for more tokens than the package was built for (`--chunk`).
   */
  forward(tokens: readonly number[]): Promise<Float32Array>;
}

/** Of a model with a context that grows. */
export interface Extends {
  /** Appends tokens to the context; the logits `f32[V]` behind the last one. */
  extend(tokens: readonly number[]): Promise<Float32Array>;
  /** Empties the context. */
  reset(): void;
}
