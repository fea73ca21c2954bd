/** `--passes=-x,-y`: any subset of the passes that may be absent gives the same greedy tokens on examples/moby. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { packageData } from "../../src/driver/package-data.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { js } from "../../src/profiles/js.ts";
import { loadModel } from "../../src/runtime/load.ts";
import { mobyPrompts } from "../support/moby-package.ts";

const PASSES = ["canonicalize", "decompose", "fuse", "simplify-index", "memory-plan"];
/** With the passes that only this profile has something to do for. */
const PROFILES: readonly (readonly [string, TargetInfo, readonly string[]])[] = [
  ["js", js, PASSES],
  ["cpu-simd", cpuSimd, [...PASSES, "pack-weights"]],
  ["cpu-simd, short chunks", withShortChunks(cpuSimd), ["split-attention", "decompose", "fuse"]],
];
function withShortChunks(info: TargetInfo): TargetInfo {
  return { ...info, tiles: { ...info.tiles, keySplit: { mostQueries: 4096, least: 4, keys: 3 } } };
}

const TOKENS = 5;
/** A prompt of more than one chunk. */
const CHUNK = 4;

const folder = path.join(import.meta.dirname, "../../examples/moby");
const text = readFileSync(path.join(folder, "moby.llm"), "utf8");
const weights = new Uint8Array(readFileSync(path.join(folder, "model.safetensors")));
const [prompt] = mobyPrompts();

async function greedyTokens(profile: TargetInfo, off: readonly string[]): Promise<readonly number[]> {
  const options = { profiles: [profile], entries: ["generate"] as const, chunk: CHUNK, context: 32, off };
  const compilation = compile({ path: "moby.llm", text }, options);
  expect(compilation.diagnostics).toEqual([]);
  const model = await loadModel(packageData(artifactOf(compilation, "moby", "0.0.0")), {
    target: profile.target,
    weights,
    tokenizer: null,
  });
  try {
    const generation = model.generate(prompt!.tokens, { maxTokens: TOKENS, temperature: 0, stopAtEos: false });
    await generation.text();
    return generation.tokens;
  } finally {
    await model.close();
  }
}

describe.each(PROFILES)("greedy tokens of moby, %s", (_name, profile, passes) => {
  const subsets = passes.reduce<readonly (readonly string[])[]>(
    (sets, pass) => [...sets, ...sets.map((set) => [...set, pass])],
    [[]],
  );
  test.each(subsets.map((off) => [off.map((pass) => `-${pass}`).join(",") || "all passes", off] as const))(
    "%s",
    async (_label, off) => {
      expect(await greedyTokens(profile, off)).toEqual(prompt!.greedy.slice(0, TOKENS));
    },
  );
});
