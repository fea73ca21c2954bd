/** Random programs through the whole compiler, executed in WebAssembly: the reference's answers within tolerance. */
import { describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { CPU_PROFILES } from "../support/cpu-profiles.ts";
import { buildRandom, problemOf, programOf } from "../fuzz/compiled.ts";

describe.each(Array.from({ length: 60 }, (_, seed) => seed))("random program %i", (seed) => {
  it.each(CPU_PROFILES)("gives the reference's answers for $name", async (info) => {
    const program = programOf(seed);
    expect(await problemOf(program, buildRandom(program, info), new CpuDevice(), seed)).toBeUndefined();
  });
});
