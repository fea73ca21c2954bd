/** The runtime that is bundled into every generated package. It imports nothing of the compiler (types are erased). */
export { bytesOf, openBytes } from "./byte-source.ts";
export type { ByteSource, ByteSourceLike } from "./byte-source.ts";
export * from "./errors.ts";
export { Generation } from "./generation.ts";
export type { StopReason } from "./generation.ts";
export type { GenerateOptions } from "./generation-options.ts";
export { loadModel } from "./load.ts";
export type { LoadOptions, PackageData, Progress } from "./load.ts";
export { Model } from "./model.ts";
export type { ModelFacts } from "./model.ts";
export { readTokenizer } from "./tokenizer.ts";
export type { Tokenizer } from "./tokenizer.ts";
export type { WeightNameRule } from "./weight-names.ts";
