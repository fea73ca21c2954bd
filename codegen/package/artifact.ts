/** What a package is made of: everything the compiler decided, as data. `emitPackage` only writes it down. */
import type { Program } from "../../src/plan/ir.ts";
import type { FileDigest } from "../../src/runtime/http/digest.ts";
import type { WeightNameRule } from "../../src/runtime/weight-names.ts";

export interface ArtifactProfile {
  readonly name: string;
  /** `webgpu`, `cpu` or `js`: which device of the runtime runs it, and what `code` holds; `cuda` runs without it. */
  readonly target: string;
  readonly requires: {
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number | undefined>>;
  };
  /** After memory-plan. */
  readonly program: Program;
  /** The emitted text of each kernel by its name: WGSL, CUDA C++, or a JavaScript function expression. */
  readonly code: ReadonlyMap<string, string>;
}

export interface ArtifactParameter {
  readonly path: string;
  readonly dims: readonly number[];
}

export interface Artifact {
  /** The npm name: lower case, digits, dashes. */
  readonly name: string;
  readonly version: string;
  /** The model's name in the source, `Llama`. */
  readonly model: string;
  /** Version of the compiler, for the header. */
  readonly compiler: string;
  readonly config: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  /** Positions of the cache. */
  readonly context: number;
  /** Logits of a token; without generation the last size of `forward`'s result, 0 where no number is known. */
  readonly vocab: number;
  /** Tokens are numbers below this. */
  readonly tokens: number;
  readonly eos: readonly number[];
  /** In the order in which the package tries them. */
  readonly profiles: readonly ArtifactProfile[];
  /** Published names against paths here: the `weights` clause of the source. */
  readonly weightRules: readonly WeightNameRule[];
  readonly parameters: readonly ArtifactParameter[];
  /** Of `model.safetensors` and `tokenizer.json`, those that are put into the package. */
  readonly beside: readonly string[];
  /** Of `model.safetensors`, if it is one of them. */
  readonly weightsDigest?: FileDigest;
  /** The bundled modules of the runtime by their file in the package (`src/runtime/bundled.generated.ts`). */
  readonly runtime: Readonly<Record<string, string>>;
  /** Its public types as a declaration file, from the same place. */
  readonly runtimeTypes: string;
  /** License text of the library that the runtime contains. */
  readonly notices: string;
  /** The handwritten sources of the CUDA driver by name (`src/driver/cuda-driver.generated.ts`). */
  readonly cudaDriver: Readonly<Record<string, string>>;
}
