/**
 * `index.d.ts` of the package: what depends on the model, its config values, sizes, targets and entry points. Everything
 * else is `runtime.d.ts`, the public types of the runtime, the same text in every package.
 */
import type { Artifact } from "./artifact.ts";
import { abilitiesOf } from "./entries.ts";
import { runsInJavaScript } from "./cuda-files.ts";

/** The error classes that a package exports. */
export const ERRORS: readonly string[] = [
  "BusyError",
  "ContextError",
  "DeviceError",
  "DeviceLostError",
  "DownloadError",
  "OptionError",
  "SafetensorsError",
  "TokenizerError",
  "UnsupportedAdapterError",
  "WeightsError",
];

/** The types that a package exports as the runtime has them. */
const SHARED: readonly string[] = [
  "ByteSource",
  "ByteSourceLike",
  "DeviceDetails",
  "GenerateOptions",
  "Generation",
  "Progress",
  "StopReason",
  "Tokenizer",
  "WeightMismatch",
];

export function typesModule(artifact: Artifact): string {
  const { model, config, context, vocab, tokens, parameters } = artifact;
  const profiles = artifact.profiles.filter(runsInJavaScript);
  const configLines = Object.entries(config).map(([name, value]) => `  readonly ${JSON.stringify(name)}: ${JSON.stringify(value)};`); // prettier-ignore
  const targets = [...new Set(profiles.map(({ target }) => JSON.stringify(target)))].join(" | ") || "never";
  const names = profiles.map(({ name }) => JSON.stringify(name)).join(" | ") || "never";
  const { generates, forward, extends: canExtend } = abilitiesOf(artifact);
  const isText = forward?.isText === true;
  const abilities = [...(generates ? ["Generates"] : []), ...(isText ? ["Forwards"] : []), ...(canExtend ? ["Extends"] : [])]; // prettier-ignore
  const outside =
    profiles.length === artifact.profiles.length
      ? ""
      : " The target cuda does not run in\n * JavaScript: README.md says how to build its program.";
  return `/** ${model}: what this package exports. Sizes are those it was compiled for.${outside} */
import type { ${[...abilities, "LoadOptions as AnyLoadOptions", "LoadedModel"].join(", ")} } from "./runtime.js";

export type { ${SHARED.join(", ")} } from "./runtime.js";
export { ${ERRORS.join(", ")} } from "./runtime.js";

/** The values of the model's configuration. */
export declare const config: {
${configLines.join("\n")}
};

export declare const facts: {
  readonly name: ${JSON.stringify(model)};
  /** Logits of one token: V. */
  readonly vocab: ${vocab};
  /** Tokens are numbers below this. */
  readonly tokens: ${tokens};
  /** Positions of the context at most. */
  readonly context: ${context};
  /** End-of-text tokens. */
  readonly eos: readonly number[];
};

/** The ${parameters.length} tensors of the checkpoint. */
export declare const parameters: readonly { readonly path: string; readonly dims: readonly number[] }[];

export type Target = ${targets};
export type Profile = ${names};

export interface LoadOptions extends AnyLoadOptions<Target, Profile> {}

/** A loaded ${model}. One call at a time. */
export interface Model extends ${["LoadedModel<Target, Profile>", ...abilities].join(", ")} {}

/**
 * Loads the model.
 * @throws UnsupportedAdapterError no device fits; WeightsError, SafetensorsError, TokenizerError a file does not fit;
 * DownloadError a file at a URL cannot be fetched, or is not the one that the package was built with.
 */
export declare function load(options?: LoadOptions): Promise<Model>;

/**
 * Deletes what this browser keeps of files that were read from URLs, by this package and others of llmc on this origin;
 * with \`url\` of that file only.
 */
export declare function clearCache(url?: string | URL): Promise<void>;
`;
}
