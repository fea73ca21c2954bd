/** The package of the hand-written toy program, in a temporary folder with its weights and a consumer beside it. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { emitPackage } from "../../codegen/package/index.ts";
import type { Artifact } from "../../codegen/package/index.ts";
import { runtimeFiles, runtimeNotices } from "../../scripts/bundle-runtime.mjs";
import { runtimeTypes } from "../../scripts/runtime-types.mjs";
import { f32Tensor, fileOf } from "../unit/runtime/safetensors-file.ts";
import { BIAS, CONTEXT, HEAD, JS_TEXT, TOY, VOCAB, WGSL } from "../unit/runtime/toy-program.ts";

const none = { features: [], limits: {} };

export async function toyArtifact(): Promise<Artifact> {
  return {
    name: "toy-model",
    version: "1.0.0",
    model: "Toy",
    compiler: "0.0.0",
    config: { dim: 4, theta: 10000.5, tied: true, activation: "silu" },
    context: CONTEXT,
    vocab: VOCAB,
    tokens: VOCAB,
    eos: [0],
    profiles: [
      { name: "toy-webgpu", target: "webgpu", requires: none, program: TOY, code: new Map(Object.entries(WGSL)) },
      { name: "toy-js", target: "js", requires: none, program: TOY, code: new Map(Object.entries(JS_TEXT)) },
    ],
    weightRules: [{ kind: "optional_prefix", prefix: "model." }],
    parameters: [
      { path: "bias", dims: [VOCAB] },
      { path: "head.weight", dims: [4, VOCAB] },
    ],
    beside: ["model.safetensors"],
    runtime: await runtimeFiles(),
    runtimeTypes: runtimeTypes(),
    notices: runtimeNotices(),
    cudaDriver: {},
  };
}

export interface InstalledPackage {
  /** A folder of a user's project with the package in its `node_modules`. */
  readonly project: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Writes the package as `npm install` would leave it, with the optional peer `webgpu` beside it. */
export async function installToy(): Promise<InstalledPackage> {
  const files = emitPackage(await toyArtifact());
  const project = mkdtempSync(join(tmpdir(), "llmc-package-"));
  const folder = join(project, "node_modules", "toy-model");
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const weights = fileOf({ "model.bias": f32Tensor([VOCAB], BIAS), "head.weight": f32Tensor([4, VOCAB], HEAD) });
  writeFileSync(join(folder, "model.safetensors"), weights);
  const installed = fileURLToPath(new URL("../../node_modules/webgpu", import.meta.url));
  symlinkSync(installed, join(project, "node_modules", "webgpu"));
  writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }');
  return { project, files };
}
