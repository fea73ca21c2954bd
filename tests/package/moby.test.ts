/**
 * The package of a real model in a user's project: types, files, and runs in processes of their own, whose tokens equal
 * those that PyTorch recorded.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { installMoby, mobyPrompts, typeCheck } from "../support/moby-package.ts";
import type { MobyProject } from "../support/moby-package.ts";

const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
const NO_ADAPTER = "no WebGPU adapter on this machine";

let project: MobyProject;
beforeAll(() => {
  project = installMoby();
});
afterAll(() => project.remove());

const CONSUMER = `import { config, facts, load, WeightsError, UnsupportedAdapterError } from "moby";
import type { GenerateOptions, Generation, Model, WeightMismatch } from "moby";
const dim: 128 = config.dim;
const vocab: 1024 = facts.vocab;
async function main(signal: AbortSignal): Promise<readonly number[]> {
  await using model: Model = await load({ target: "webgpu", signal, onProgress: ({ fraction }) => fraction.toFixed(2) });
  const options: GenerateOptions = { maxTokens: 3, temperature: 0, signal };
  const generation: Generation = model.generate("Once", options);
  for await (const piece of generation) piece.toUpperCase();
  const logits: Float32Array = await model.extend([1, 2]);
  return [...generation.tokens, logits.length, dim, vocab];
}
main(new AbortController().signal).catch((error: unknown) => {
  if (error instanceof WeightsError) error.mismatches.forEach(({ path }: WeightMismatch) => path.trim());
  if (error instanceof UnsupportedAdapterError) error.message.trim();
});
`;

describe("the types of the package", () => {
  it.each(["nodenext", "bundler"] as const)("satisfy a strict consumer with %s resolution", (module) => {
    expect(typeCheck(project.folder, `good-${module}.ts`, CONSUMER, module)).toBe("");
  });

  it("refuse a target, an option and a config value that the model does not have", () => {
    const wrong = `import { config, load } from "moby";
const model = await load({ target: "cuda" });
model.generate("x", { maxToken: 3 });
config.experts;
model.forward;
`;
    const complaints = typeCheck(project.folder, "bad.ts", wrong, "nodenext").match(/^bad\.ts\(\d+/gm);
    expect(complaints).toEqual(["bad.ts(2", "bad.ts(3", "bad.ts(4", "bad.ts(5"]);
  });
});

describe("the files of the package", () => {
  const filesOf = (folder: string): readonly string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => statSync(join(folder, file)).isFile());

  it("hold the weights, the tokenizer and nothing that is not listed", () => {
    const files = filesOf(project.package);
    expect(files).toEqual(expect.arrayContaining(["model.safetensors", "tokenizer.json", "README.md", "NOTICES"]));
    expect(files.filter((file) => file.startsWith(".") || file.endsWith(".tgz"))).toEqual([]);
  });

  it("ship a runtime of at most 41 KB gzipped, the tokenizer library included, and 6 KB for files at URLs", () => {
    const text = filesOf(project.package).filter((file) => file.endsWith(".js") && file !== "http.js");
    const sizeOf = (files: readonly string[]): number =>
      gzipSync(files.map((file) => readFileSync(join(project.package, file), "utf8")).join("")).length;
    const [runtime, all] = [sizeOf(["runtime.js"]), sizeOf(text)];
    const inBytes = text.reduce((sum, file) => sum + statSync(join(project.package, file)).size, 0);
    console.log(`package text: ${inBytes} bytes, ${all} gzipped; runtime.js ${runtime} gzipped`);
    expect(runtime).toBeLessThanOrEqual(41 * 1024);
    // Six profiles, of which a page loads one.
    expect(all).toBeLessThanOrEqual(136 * 1024);
    expect(sizeOf(["http.js"])).toBeLessThanOrEqual(6 * 1024);
  });
});

describe.each(["js", "webgpu"])("the package on %s", (target) => {
  const load = `import { load } from "moby";\nconst model = await load({ target: "${target}" });\n`;

  it("gives the tokens that PyTorch gave, and the process ends by itself", ({ skip }) => {
    skip(target === "webgpu" && !hasAdapter, NO_ADAPTER);
    // Halves are slow to read in plain JavaScript.
    const maxTokens = target === "js" ? 24 : 100;
    const prompts = mobyPrompts().map((recorded) => ({ ...recorded, greedy: recorded.greedy.slice(0, maxTokens) }));
    const out = project.run(
      `tokens-${target}.js`,
      `${load}const results = [];
for (const prompt of ${JSON.stringify(prompts.map(({ prompt }) => prompt))}) {
  const generation = model.generate(prompt, { temperature: 0, maxTokens: ${maxTokens} });
  const text = await generation.text();
  results.push({ prompt, tokens: generation.promptTokens, greedy: generation.tokens, isText: text === model.tokenizer.decode(generation.tokens) });
}
await model.close();
console.log(JSON.stringify({ results, target: model.device.target }));
`,
    );
    expect(JSON.parse(out)).toEqual({ results: prompts.map((prompt) => ({ ...prompt, isText: true })), target });
  });

  it("stops at an AbortSignal with its reason, and the model goes on as if nothing had been", ({ skip }) => {
    skip(target === "webgpu" && !hasAdapter, NO_ADAPTER);
    const out = project.run(
      `abort-${target}.js`,
      `${load}const greedy = { temperature: 0, maxTokens: 12 };
const first = model.generate("Call me Ishmael.", greedy);
await first.text();
const controller = new AbortController();
const cut = model.generate("The whale", { ...greedy, maxTokens: 400, signal: controller.signal });
let pieces = 0;
let error;
try {
  for await (const piece of cut) if (++pieces === 5) controller.abort(new Error("enough"));
} catch (caught) {
  error = caught.message;
}
const again = model.generate("Call me Ishmael.", greedy);
await again.text();
await model[Symbol.asyncDispose]();
const closed = await model.extend([1]).catch((caught) => caught.name);
console.log(JSON.stringify({ error, isCut: cut.tokens.length < 20, stop: cut.stop ?? null, isSame: String(first.tokens) === String(again.tokens), closed }));
`,
    );
    expect(JSON.parse(out)).toEqual({ error: "enough", isCut: true, stop: null, isSame: true, closed: "BusyError" });
  });
});

describe("what can go wrong in the package", () => {
  it("names every tensor that is missing, too much or of a wrong shape, in one error", () => {
    const out = project.run(
      "weights.js",
      `import { readFileSync } from "node:fs";
import { load, WeightsError } from "moby";
const file = readFileSync(new URL("./node_modules/moby/model.safetensors", import.meta.url));
const length = Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.subarray(8, 8 + length).toString());
header["a.stranger"] = header["model.norm.weight"];
delete header["model.norm.weight"];
header["model.layers.1.mlp.up_proj.weight"].shape.reverse();
const text = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
const size = Buffer.alloc(8);
size.writeBigUInt64LE(BigInt(text.length));
const weights = new Uint8Array(Buffer.concat([size, text, file.subarray(8 + length)]));
const error = await load({ target: "js", weights }).catch((caught) => caught);
const absent = await load({ target: "js", weights: "./nowhere.safetensors" }).catch((caught) => caught);
console.log(JSON.stringify({ isTyped: error instanceof WeightsError, mismatches: error.mismatches, absent: [absent.name, absent.message] }));
`,
    );
    expect(JSON.parse(out)).toEqual({
      isTyped: true,
      mismatches: [
        { path: "a.stranger", problem: "extra", found: "F16[128]" },
        { path: "model.layers.1.mlp.up_proj.weight", problem: "shape", expected: "[352, 128]", found: "[128, 352]" },
        { path: "model.norm.weight", problem: "missing", expected: "[128]" },
      ],
      absent: ["WeightsError", "there are no weights at ./nowhere.safetensors"],
    });
  });

  it("says what to install where no target fits", () => {
    // A driver list that names no driver is a machine without a GPU and without Mesa.
    const out = project.run(
      "adapter.js",
      `process.env.VK_DRIVER_FILES = process.env.VK_ICD_FILENAMES = "/nonexistent";
const { load, UnsupportedAdapterError } = await import("moby");
const error = await load({ target: "webgpu" }).catch((caught) => caught);
const model = await load();
const other = await load({ profile: "cuda-h100" }).catch((caught) => caught);
console.log(JSON.stringify({ isTyped: error instanceof UnsupportedAdapterError, message: error.message, target: model.device.target, other: other.message }));
await model.close();
`,
    );
    const result = JSON.parse(out) as Record<string, string>;
    expect(result).toMatchObject({ isTyped: true, target: "js" });
    expect(result["message"]).toMatch(/no WebGPU adapter was found; install a Vulkan driver/);
    expect(result["other"]).toMatch(/has no profile for the request; it has webgpu-cpu \(webgpu\)/);
  });
});
