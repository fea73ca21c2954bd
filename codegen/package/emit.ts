/**
 * The npm package of a compiled model: `Artifact` in, files out. Pure: same artifact, same bytes. The package imports
 * nothing of llmc; weights and tokenizer lie beside it and are the caller's to copy.
 */
import type { Artifact } from "./artifact.ts";
import { CUDA_PATHS, cudaFiles, runsInJavaScript } from "./cuda-files.ts";
import { indexModule } from "./index-module.ts";
import { kernelModules } from "./kernel-modules.ts";
import { programModule } from "./program-module.ts";
import { readmeText } from "./readme.ts";
import { typesModule } from "./types-module.ts";

/** The files by path, `/`-separated, without weights. */
export function emitPackage(artifact: Artifact): ReadonlyMap<string, string> {
  const profiles = artifact.profiles.filter(runsInJavaScript);
  const { files, paths } = kernelModules(profiles);
  const programs = profiles.map((profile, i): [string, string] => [
    `profiles/${profile.name}.js`,
    programModule(profile, paths[i] ?? new Map()),
  ]);
  return new Map([
    ["package.json", packageJson(artifact)],
    ["README.md", readmeText(artifact)],
    ["index.js", indexModule(artifact)],
    ["index.d.ts", typesModule(artifact)],
    ...Object.entries(artifact.runtime),
    ["runtime.d.ts", artifact.runtimeTypes],
    ["NOTICES", artifact.notices],
    ...programs,
    ...files,
    ...cudaFiles(artifact),
  ]);
}

function packageJson({ name, version, model, profiles, runtime }: Artifact): string {
  const needsWebGpu = profiles.some((profile) => profile.target === "webgpu");
  const fields = {
    name,
    version,
    description: `${model}, compiled by llmc.`,
    type: "module",
    sideEffects: false,
    main: "./index.js",
    types: "./index.d.ts",
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./package.json": "./package.json",
    },
    files: [
      "index.js",
      "index.d.ts",
      ...Object.keys(runtime),
      "runtime.d.ts",
      ...(profiles.some(runsInJavaScript) ? ["profiles", "kernels"] : []),
      ...(profiles.every(runsInJavaScript) ? [] : CUDA_PATHS),
      "NOTICES",
      "model.safetensors",
      "tokenizer.json",
    ],
    engines: { node: ">=20" },
    ...(needsWebGpu
      ? { peerDependencies: { webgpu: ">=0.3.0" }, peerDependenciesMeta: { webgpu: { optional: true } } }
      : {}),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}
