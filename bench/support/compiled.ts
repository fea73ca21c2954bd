/** A model compiled in this process from its text and loaded: what a generated package would be, without files. */
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import type { CompileOptions } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import { profilesOf } from "../../src/profiles/index.ts";
import { loadModel } from "../../src/runtime/index.ts";
import type { LoadOptions, Model } from "../../src/runtime/index.ts";

export interface Wanted extends Partial<CompileOptions> {
  readonly target: string;
  readonly load: LoadOptions;
}

/** The caller closes it. Throws where the text makes no model. */
export async function compiledModel(text: string, { target, load, ...options }: Wanted): Promise<Model> {
  const all = { profiles: profilesOf(target), entries: ["forward"], ...options } as const;
  const compilation = compile({ path: "bench.llm", text }, all);
  if (compilation.builds.length === 0) throw new Error(compilation.diagnostics.map((d) => d.message).join("; "));
  return loadModel(packageData(artifactOf(compilation, "bench", "0.0.0")), { target, tokenizer: null, ...load });
}
