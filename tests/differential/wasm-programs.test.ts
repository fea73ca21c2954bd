/** Random programs through the whole compiler, executed in WebAssembly: the reference's answers within tolerance. */
import { describe, expect, it } from "vitest";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { buildRandom, problemOf, programOf } from "../fuzz/compiled.ts";

describe.each(Array.from({ length: 60 }, (_, seed) => seed))("random program %i", (seed) => {
  it("gives the reference's answers", async () => {
    const program = programOf(seed);
    expect(await problemOf(program, buildRandom(program, cpuSimd), new CpuDevice(), seed)).toBeUndefined();
  });
});
