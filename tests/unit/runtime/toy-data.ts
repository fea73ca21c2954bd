/** The package data of the toy program, as the generated `index.js` would hand it to the runtime. */
import { manifestOf } from "../../../src/plan/manifest.ts";
import type { PackageData } from "../../../src/runtime/load.ts";
import { f32Tensor, fileOf } from "./safetensors-file.ts";
import { BIAS, CONTEXT, HEAD, TOY, VOCAB, WGSL, jsKernels } from "./toy-program.ts";

export const toyWeights = (): Uint8Array =>
  fileOf({ bias: f32Tensor([VOCAB], BIAS), "head.weight": f32Tensor([4, VOCAB], HEAD) });

export const toyProgram = manifestOf(TOY);
const none = { features: [], limits: {} };

export const TOY_DATA: PackageData = {
  facts: { name: "Toy", vocab: VOCAB, tokens: VOCAB, context: CONTEXT, eos: [0] },
  weightRules: [],
  profiles: [
    { name: "toy-webgpu", target: "webgpu", requires: none, load: () => Promise.resolve({ program: toyProgram, kernels: WGSL }) },
    { name: "toy-js", target: "js", requires: none, load: () => Promise.resolve({ program: toyProgram, kernels: jsKernels() }) },
  ],
  weights: new URL("file:///nowhere/model.safetensors"),
  tokenizer: new URL("file:///nowhere/tokenizer.json"),
}; // prettier-ignore
