/** The memory of every example: near the lower bound, nothing over anything that is still needed, and drawn as it is. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import { memoryMaps, memorySvg, memoryText } from "../../../src/driver/memory-map.ts";
import type { MemoryMap } from "../../../src/driver/memory-map.ts";
import { cpuSimd } from "../../../src/profiles/cpu.ts";
import { webgpuGpu } from "../../../src/profiles/webgpu.ts";

const EXAMPLES: readonly (readonly [name: string, set: Readonly<Record<string, string>>])[] = [
  ["moby", {}],
  ["gpt2", { depth: "3" }],
  ["llama", { depth: "3" }],
  ["gemma2", { num_hidden_layers: "4" }],
  ["mixtral", { num_hidden_layers: "2", hidden_size: "512", intermediate_size: "1792" }],
  ["mamba", { num_hidden_layers: "3" }],
  ["rwkv", { num_hidden_layers: "3" }],
];

function mapsOf(name: string, set: Readonly<Record<string, string>>, profile: typeof cpuSimd): readonly MemoryMap[] {
  const path = `examples/${name}/${name}.llm`;
  const options = { profiles: [profile], entries: ["generate"] as const, set, storage: "f16" as const, context: 1024 };
  const { builds, diagnostics } = compile({ path, text: readFileSync(path, "utf8") }, options);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return memoryMaps(builds[0]!.program);
}

const cases = EXAMPLES.flatMap(([name, set]) => [webgpuGpu, cpuSimd].map((profile) => [name, profile.name, set, profile] as const)); // prettier-ignore

describe.each(cases)("%s for %s", (name, _profile, set, profile) => {
  it("needs at most 1.05 of the lower bound, one token and many, and shares no byte in use", () => {
    const maps = mapsOf(name, set, profile);
    expect(maps.map(({ entry }) => entry)).toEqual(expect.arrayContaining(["decode", "prefill"]));
    for (const { entry, peak, lowerBound, steps, blocks } of maps) {
      expect(`${entry} ${peak / lowerBound <= 1.05}`).toBe(`${entry} true`);
      for (let step = 0; step < steps; step++) {
        const live = blocks.filter(({ first, last }) => first <= step && step <= last);
        const sorted = live.sort((a, b) => a.offset - b.offset);
        sorted.slice(1).forEach(({ offset }, i) => {
          const before = sorted[i]!;
          expect(before.offset + before.bytes).toBeLessThanOrEqual(offset);
        });
        for (const { offset, bytes } of live) expect(offset + bytes).toBeLessThanOrEqual(peak);
      }
    }
  });
});

it("says what holds the peak, and draws every block", () => {
  const maps = mapsOf("moby", {}, cpuSimd);
  const text = memoryText(maps);
  expect(text).toMatch(/^plan @extend1: \d+ steps, peak \d+ bytes, lower bound \d+ \(1\.\d{3}\)\nfullest at step \d+: \w+ \d+/); // prettier-ignore
  const blocks = maps.flatMap((map) => map.blocks);
  expect(text.split("\n").filter((line) => /^\d+\.\.\d+ /.test(line))).toHaveLength(blocks.length);
  expect(memorySvg(maps).match(/<rect /g)).toHaveLength(blocks.length);
});
