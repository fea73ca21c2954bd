/** A generated package as its user meets it: files, types under `tsc --strict`, and a run in a process of its own. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitPackage } from "../../codegen/package/index.ts";
import { ERRORS } from "../../codegen/package/types-module.ts";
import { runtimeText } from "../../scripts/bundle-runtime.mjs";
import * as errors from "../../src/runtime/errors.ts";
import { requestAdapter } from "../../src/runtime/devices/webgpu-adapter.ts";
import { expectedTokens } from "../unit/runtime/toy-program.ts";
import { installToy, toyArtifact } from "./toy-package.ts";
import type { InstalledPackage } from "./toy-package.ts";

const TSC = fileURLToPath(new URL("../../node_modules/.bin/tsc", import.meta.url));
const hasAdapter = await requestAdapter().then(
  () => true,
  () => false,
);
if (!hasAdapter) console.warn("skipped: the package on WebGPU, because there is no adapter");

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installToy();
});
afterAll(() => rmSync(installed.project, { recursive: true }));

const RESOLUTIONS: readonly (readonly string[])[] = [
  ["--module", "nodenext"],
  ["--module", "esnext", "--moduleResolution", "bundler"],
];

function typeCheck(name: string, text: string, resolution = RESOLUTIONS[0]!): string {
  writeFileSync(join(installed.project, name), text);
  const options = ["--strict", "--noEmit", ...resolution, "--target", "es2022", "--skipLibCheck", "false"];
  try {
    execFileSync(TSC, [...options, name], { cwd: installed.project, encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("a generated package", () => {
  it("imports nothing from outside but itself", () => {
    for (const [path, text] of installed.files) {
      if (!path.endsWith(".js")) continue;
      const specifiers = [...text.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)"/gm)].map((match) => match[1]!);
      expect(specifiers.filter((specifier) => !specifier.startsWith("."))).toEqual([]);
    }
  });

  it("is the same bytes for the same artifact", async () => {
    expect(emitPackage(await toyArtifact())).toEqual(installed.files);
  });

  it("lets a bundler look for the files that it holds, and for no others", () => {
    const index = installed.files.get("index.js");
    expect(index).toContain('weights: new URL("./model.safetensors", import.meta.url)');
    expect(index).toContain('tokenizer: new URL(/* webpackIgnore: true */ "./tokenizer.json", import.meta.url)');
  });

  it("says in its README what a server should send, and what only its targets need", async () => {
    const artifact = await toyArtifact();
    const readmeOf = (...targets: readonly string[]): string => {
      const profiles = targets.map((target) => ({ ...artifact.profiles[1]!, name: target, target }));
      return emitPackage({ ...artifact, profiles }).get("README.md")!;
    };
    const sectionsOf = (text: string): readonly string[] =>
      [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title!);
    expect(sectionsOf(installed.files.get("README.md")!)).toEqual(["Weights on a server", "Bundlers"]);
    expect(sectionsOf(readmeOf("js", "cpu"))).toEqual(["Weights on a server", "Threads in a browser", "Bundlers"]);
    expect(sectionsOf(readmeOf("cuda"))).toEqual([]);
  });

  it("knows its weights where it was built with them, and says what that means", async () => {
    const artifact = await toyArtifact();
    const weightsDigest = { bytes: 9, sha256: ["4Nv="] };
    const files = emitPackage({ ...artifact, weightsDigest });
    expect(files.get("index.js")).toContain('\n  weightsDigest: {"bytes":9,"sha256":["4Nv="]},\n');
    expect(files.get("README.md")).toContain("SHA-256 of each stretch of its own `model.safetensors`");
    expect(installed.files.get("index.js")).not.toContain("weightsDigest");
    expect(installed.files.get("README.md")).not.toContain("SHA-256");
  });

  it("declares types, an optional peer and no side effects", () => {
    const fields = JSON.parse(installed.files.get("package.json")!) as Record<string, unknown>;
    expect(fields).toMatchObject({
      type: "module",
      sideEffects: false,
      exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
      peerDependenciesMeta: { webgpu: { optional: true } },
    });
    expect(fields).not.toHaveProperty("dependencies");
    expect(fields).not.toHaveProperty("scripts");
  });

  it.each(RESOLUTIONS)(
    "types what the README shows, and refuses what the model does not have: %s %s",
    (...resolution) => {
      const good = `import { clearCache, config, facts, load, WeightsError } from "toy-model";
import type { ByteSource, Generation, GenerateOptions, LoadOptions, Model, Profile, Progress, StopReason, Target, Tokenizer, WeightMismatch } from "toy-model";
const profile: Profile = "toy-js";
const given: LoadOptions = { target: "js", profile, weights: {} as ByteSource, signal: new AbortController().signal };
const use = (each: Model, tokenizer: Tokenizer, options: GenerateOptions, progress: Progress, mismatch: WeightMismatch): StopReason | undefined => {
  const generation: Generation = each.generate(tokenizer.encode("a"), options);
  const target: Target = each.device.target;
  void [target, progress.stage, mismatch.path, each.extend([1]), each.reset(), generation.tokens.length];
  return generation.stop;
};
void [given, use];
const dim: 4 = config.dim;
const model = await load({ target: "js", onProgress: ({ stage, fraction }) => { const n: number = fraction; void [stage, n]; } });
for await (const piece of model.generate("Once", { maxTokens: 3, temperature: 0 })) { const text: string = piece; void text; }
model.generate([1], { minP: 0.1, repetitionPenalty: 1.2, presencePenalty: 0.5, frequencyPenalty: 0.5, logitBias: { 3: -Infinity } });
const logits: Float32Array = await model.forward([1, 2]);
void [dim, facts.vocab, logits, (error: WeightsError) => error.mismatches[0]?.path, model[Symbol.asyncDispose]];
await model.close();
await load({ weights: "https://localhost/model.safetensors", cache: false, onProgress: ({ loaded = 0, total = 1 }) => loaded / total });
await clearCache(new URL("https://localhost/model.safetensors"));
await clearCache();
`;
      expect(typeCheck("good.ts", good, resolution)).toBe("");
      const bad = (call: string): string =>
        typeCheck("bad.ts", `import { load } from "toy-model"; ${call}`, resolution);
      expect(bad('await load({ target: "cuda" });')).toMatch(/"cuda"/);
      expect(bad('await load({ profile: "gpu" });')).toMatch(/"gpu"/);
      expect(bad("(await load()).generate([1], { maxToken: 3 });")).toMatch(/maxToken/);
      expect(bad("(await load()).generate([1], { logitBias: { the: 1 } });")).toMatch(/'the'/);
    },
  );

  it("has the methods of the entry points that it was built with, and every error of the runtime", async () => {
    const artifact = await toyArtifact();
    const onlyForward = artifact.profiles.map((profile) => ({
      ...profile,
      program: { ...profile.program, plans: profile.program.plans.filter(({ entry }) => entry === "forward") },
    }));
    const modelOf = (files: ReadonlyMap<string, string>): string =>
      /^export interface Model .*$/m.exec(files.get("index.d.ts")!)![0];
    expect(modelOf(installed.files)).toContain("LoadedModel<Target, Profile>, Generates, Forwards, Extends {}");
    expect(modelOf(emitPackage({ ...artifact, profiles: onlyForward }))).toContain("LoadedModel<Target, Profile>, Forwards {}"); // prettier-ignore
    expect([...ERRORS].sort()).toEqual(Object.keys(errors).sort());
  });

  it.each(["js", ...(hasAdapter ? ["webgpu"] : [])])("runs on %s in a process that ends by itself", (target) => {
    const script = `import { load } from "toy-model";
const model = await load({ target: "${target}" });
const generation = model.generate([1, 2, 3], { temperature: 0, maxTokens: 8, stopAtEos: false });
await generation.text();
console.log(JSON.stringify({ tokens: generation.tokens, device: model.device }));
await model.close();
`;
    writeFileSync(join(installed.project, "run.js"), script);
    const out = execFileSync("node", ["run.js"], { cwd: installed.project, encoding: "utf8", timeout: 20000, stdio: ["ignore", "pipe", "ignore"] }); // prettier-ignore
    const result = JSON.parse(out) as { tokens: readonly number[]; device: { target: string } };
    expect(result.tokens).toEqual(expectedTokens([1, 2, 3], 8));
    expect(result.device.target).toBe(target);
  });
});

describe("the runtime", () => {
  it("is at most 30 KB gzipped without the tokenizer library, 41 KB with it", async () => {
    const bytes = gzipSync(await runtimeText({ library: false })).length;
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThanOrEqual(30 * 1024);
    expect(gzipSync(await runtimeText()).length).toBeLessThanOrEqual(41 * 1024);
  });

  it("holds its own text as it was, and the library in short behind it, without an import", async () => {
    const own = await runtimeText({ library: false });
    const whole = await runtimeText();
    const readable = own.replace(/^import .*\n/m, "");
    expect(whole.startsWith(readable)).toBe(true);
    const lines = whole.slice(readable.length).trim().split("\n");
    expect(lines[0]).toMatch(/^\/\/ @huggingface\/tokenizers, shortened/);
    expect(lines.length).toBeLessThan(10);
    expect(whole).not.toMatch(/^import /m);
  });
});
