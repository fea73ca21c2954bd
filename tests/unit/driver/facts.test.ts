/** What profiles share: only results that read nothing in which they differ. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/driver/compile.ts";
import { agrees, noting } from "../../../src/driver/facts.ts";
import { printProgram } from "../../../src/plan/index.ts";
import { printKernel } from "../../../src/kernel/index.ts";
import { PROFILES } from "../../../src/profiles/index.ts";
import { resolveSource } from "../../../src/cli/sources.ts";

describe("facts", () => {
  const given = { name: "a", limits: { bytes: 4, threads: 8 }, storage: ["f32", "f16"], tiles: { rows: 2 } };

  it("are those that were read, in objects and lists too", () => {
    const { noted, facts } = noting(given);
    expect(facts.size).toBe(0);
    expect(noted.limits.bytes + noted.limits.bytes).toBe(8);
    expect(noted.storage.includes("f32")).toBe(true);
    expect(agrees(given, facts)).toBe(true);
    expect(agrees({ ...given, name: "b", tiles: {}, limits: { bytes: 4, threads: 9 } }, facts)).toBe(true);
    expect(agrees({ ...given, limits: { bytes: 5, threads: 8 } }, facts)).toBe(false);
    // Whoever looks for f32 reads the length, and the first element.
    expect(agrees({ ...given, storage: ["f16", "f32"] }, facts)).toBe(false);
    expect(agrees({ ...given, storage: ["f32", "bf16"] }, facts)).toBe(true);
    expect(agrees({ ...given, storage: ["f32"] }, facts)).toBe(false);
  });

  it("are also what is not there, and which names there are", () => {
    const { noted, facts } = noting<{ tiles: { rows?: number; weight?: { columns: number } } }>({ tiles: { rows: 2 } });
    expect(noted.tiles.weight).toBeUndefined();
    expect(agrees({ tiles: {} }, facts)).toBe(true);
    expect(agrees({ tiles: { weight: { columns: 4 } } }, facts)).toBe(false);
    expect(agrees({}, facts)).toBe(false);
    expect({ ...noted.tiles }).toEqual({ rows: 2 });
    expect(agrees({ tiles: { rows: 2 } }, facts)).toBe(true);
    expect(agrees({ tiles: { rows: 2, other: 1 } }, facts)).toBe(false);
    expect("weight" in noted.tiles).toBe(false);
  });
});

describe("profiles that are compiled together", () => {
  const { file } = resolveSource("examples/moby");
  const built = (profiles: typeof PROFILES, texts = false): readonly string[] =>
    compile(file, { profiles, entries: ["generate"], texts }).builds.flatMap(({ program, code, records }) => [
      printProgram(program, printKernel),
      ...code.values(),
      ...records.map(({ pass, after }) => `${pass} ${after ?? ""}`),
    ]);

  it("are what each is alone", () => {
    expect(built(PROFILES)).toEqual(PROFILES.flatMap((profile) => built([profile])));
  });

  it("run the tensor passes once where they differ in no fact of them", () => {
    let now = 0;
    const { builds } = compile(file, { profiles: PROFILES, entries: ["generate"], clock: () => now++ });
    const working = builds.filter(({ records }) =>
      records.some(({ pass, seconds }) => pass === "fuse" && seconds !== 0),
    );
    expect(builds).toHaveLength(PROFILES.length);
    expect(working.map(({ profile }) => profile.name)).toEqual(
      PROFILES.map(({ name }) => name).filter((name) => name !== "webgpu-gpu" && name !== "cpu-simd"),
    );
  });
});
