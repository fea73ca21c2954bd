/** `index.d.ts` of the package, typed from the model: config values, sizes, parameter names, targets. */
import type { Artifact } from "./artifact.ts";

export function typesModule(artifact: Artifact): string {
  const { model, config, context, vocab, parameters, profiles } = artifact;
  const configLines = Object.entries(config).map(([name, value]) => `  readonly ${JSON.stringify(name)}: ${JSON.stringify(value)};`); // prettier-ignore
  const targets = [...new Set(profiles.map(({ target }) => JSON.stringify(target)))].join(" | ") || "never";
  const names = profiles.map(({ name }) => JSON.stringify(name)).join(" | ") || "never";
  const hasEntry = (pattern: RegExp): boolean =>
    profiles.some(({ program }) => program.plans.some((plan) => pattern.test(plan.entry)));
  return `/// <reference lib="esnext.disposable" />
/** ${model}: what this package exports. Sizes are those it was compiled for. */

/** The values of the model's configuration. */
export declare const config: {
${configLines.join("\n")}
};

export declare const facts: {
  readonly name: ${JSON.stringify(model)};
  /** Logits of one token. */
  readonly vocab: ${vocab};
  /** Positions of the context at most. */
  readonly context: ${context};
  /** End-of-text tokens. */
  readonly eos: readonly number[];
};

/** The ${parameters.length} tensors of the checkpoint. */
export declare const parameters: readonly { readonly path: string; readonly dims: readonly number[] }[];

export type Target = ${targets};
export type Profile = ${names};

${COMMON_TYPES}
/** A loaded model. One call at a time. */
export interface Model extends AsyncDisposable {
${hasEntry(/^prefill/) ? GENERATE : ""}${hasEntry(/^forward/) ? forwardText(vocab) : ""}${hasEntry(/^extend/) ? extendText(vocab) : ""}  /** Present where a tokenizer was found. */
  readonly tokenizer: Tokenizer | undefined;
  /** Positions that the caches hold. */
  readonly context: number;
  /** What it runs on. */
  readonly device: {
    readonly target: Target;
    readonly profile: Profile;
    readonly adapter: string;
    /** The adapter computes on the CPU. */
    readonly isSoftware: boolean;
  };
  /** Resolves with a \`DeviceLostError\` if the device goes away. */
  readonly lost: Promise<Error>;
  /** Runs one entry point; the bytes of its results at the capacities it was compiled for. */
  call(
    entry: string,
    inputs: Readonly<Record<string, Int32Array | Uint32Array | Float32Array>>,
    sizes: Readonly<Record<string, number>>,
  ): Promise<Record<string, Uint8Array>>;
  /** Frees the device. In Node the process can then end. */
  close(): Promise<void>;
}

/**
 * Loads the model.
 * @throws UnsupportedAdapterError no device fits; WeightsError, SafetensorsError, TokenizerError a file does not fit.
 */
export declare function load(options?: LoadOptions): Promise<Model>;

${ERRORS}`;
}

const GENERATE = `  /** Streams what follows the prompt: a text, or tokens. */
  generate(prompt: string | readonly number[], options?: GenerateOptions): Generation;
`;

function forwardText(vocab: number): string {
  return `  /** Logits of all positions: \`f32[tokens.length, ${vocab}]\`, row-major. */
  forward(tokens: readonly number[]): Promise<Float32Array>;
`;
}

function extendText(vocab: number): string {
  return `  /** Appends tokens to the context; the logits behind the last one: \`f32[${vocab}]\`. */
  extend(tokens: readonly number[]): Promise<Float32Array>;
  /** Empties the context. */
  reset(): void;
`;
}

const COMMON_TYPES = `/** Reads bytes from anywhere. */
export interface ByteSource {
  readonly size: number;
  readonly name: string;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}
/** A path (Node), a URL, bytes. */
export type ByteSourceLike = string | URL | ArrayBuffer | Uint8Array | Blob | ByteSource;

export interface Progress {
  readonly stage: "device" | "compile" | "weights" | "tokenizer";
  /** 0 to 1 within the stage. */
  readonly fraction: number;
}

export interface LoadOptions {
  /** Default: \`model.safetensors\` beside this module. */
  readonly weights?: ByteSourceLike;
  /** Default: \`tokenizer.json\` beside this module, if it is there; null for none. */
  readonly tokenizer?: ByteSourceLike | null;
  /** Positions to make room for; default and largest: \`facts.context\`. */
  readonly context?: number;
  readonly target?: Target;
  readonly profile?: Profile;
  /** A \`GPUDevice\` of your own; \`close\` does not destroy it. */
  readonly device?: object;
  /** Threads of the target \`cpu\`; default: as many as the machine has, 8 at most. */
  readonly threads?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
}

export interface GenerateOptions {
  /** Default: as many as the context holds. */
  readonly maxTokens?: number;
  /** 0 takes the most likely token. Default 0.8. */
  readonly temperature?: number;
  /** Sample among this many most likely tokens; 0, the default, among all. */
  readonly topK?: number;
  /** Sample among the most likely tokens that together have this probability. Default 1. */
  readonly topP?: number;
  /** Equal seeds give equal texts on one machine. */
  readonly seed?: number;
  /** Ends before any of these texts appears. */
  readonly stop?: string | readonly string[];
  /** Ends after one of these tokens, beside \`facts.eos\`. */
  readonly stopTokens?: readonly number[];
  /** Whether \`facts.eos\` ends it. Default true. */
  readonly stopAtEos?: boolean;
  /** Recognise special tokens in the prompt's text. Default false. */
  readonly special?: boolean;
  readonly signal?: AbortSignal;
}

/** A running generation: iterate over its pieces of text. */
export interface Generation extends AsyncIterableIterator<string> {
  readonly promptTokens: readonly number[];
  /** The tokens so far, a final stop token included. */
  readonly tokens: readonly number[];
  /** Why it ended; undefined while it runs. */
  readonly stop: "length" | "eos" | "stop" | undefined;
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
  /** Runs to the end and gives the whole text. */
  text(): Promise<string>;
}

export interface Tokenizer {
  encode(text: string, options?: { readonly special?: boolean; readonly addSpecial?: boolean }): readonly number[];
  decode(tokens: readonly number[]): string;
}
`;

const ERRORS = `/** One way in which a checkpoint and the model disagree. */
export interface WeightMismatch {
  readonly path: string;
  readonly problem: "missing" | "extra" | "shape" | "dtype" | "tied" | "range" | "ambiguous";
  readonly expected?: string;
  readonly found?: string;
}
/** The weights do not fit the model; nothing was loaded. */
export declare class WeightsError extends Error {
  readonly mismatches: readonly WeightMismatch[];
}
/** The file is not well-formed. */
export declare class SafetensorsError extends Error {}
export declare class TokenizerError extends Error {}
/** No adapter, a missing feature, a limit too low. */
export declare class UnsupportedAdapterError extends Error {}
/** Load the model again. */
export declare class DeviceLostError extends Error {}
/** The device refused something. */
export declare class DeviceError extends Error {}
/** Too many tokens for the context. */
export declare class ContextError extends RangeError {}
/** An argument out of its range. */
export declare class OptionError extends TypeError {}
/** The model is closed, or another call is running. */
export declare class BusyError extends Error {}
`;
