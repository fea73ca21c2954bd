/** What a package is made of: everything the compiler decided, as data. `emitPackage` only writes it down. */
import type { Program } from "../../src/plan/ir.ts";

/** Published names against paths here; the same records as the `weights` clause of the language. */
export type ArtifactWeightRule =
  | { readonly kind: "rename"; readonly published: string; readonly path: string }
  | { readonly kind: "optional_prefix"; readonly prefix: string }
  | { readonly kind: "ignore"; readonly pattern: string }
  | { readonly kind: "tied"; readonly published: string; readonly path: string };

export interface ArtifactProfile {
  readonly name: string;
  /** `webgpu` or `js`: which device of the runtime runs it, and what `code` holds. */
  readonly target: string;
  readonly requires: {
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number | undefined>>;
  };
  /** After memory-plan. */
  readonly program: Program;
  /** The emitted text of each kernel by its name: WGSL, or a JavaScript function expression. */
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
  /** Positions of the cache, and logits of a token. */
  readonly context: number;
  readonly vocab: number;
  readonly eos: readonly number[];
  /** In the order in which the package tries them. */
  readonly profiles: readonly ArtifactProfile[];
  readonly weightRules: readonly ArtifactWeightRule[];
  readonly parameters: readonly ArtifactParameter[];
  /** The bundled runtime (`src/runtime/bundled.generated.ts`). */
  readonly runtime: string;
  /** License text of the bundled tokenizer library and the like, if it is to lie in the package. */
  readonly notices?: string;
}
