/** The runtime that is bundled into every generated package. It imports nothing of the compiler (types are erased). */
export { bytesOf, clearCache, openBytes } from "./byte-source.ts";
export * from "./errors.ts";
export { loadModel } from "./load.ts";
export type { PackageData } from "./load.ts";
export { Model } from "./model.ts";
export type { ModelFacts } from "./model.ts";
export type * from "./public-types.ts";
export { readTokenizer } from "./tokenizer.ts";
export type { WeightNameRule } from "./weight-names.ts";
