/**
 * 100 random programs through the whole compiler: JavaScript gives the reference's answers, Dawn's null backend accepts
 * every WGSL, and passes that are switched off change nothing. `tests/differential` runs some of them on the adapter.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { JsDevice } from "../../src/runtime/devices/js.ts";
import { openAdapter, validateWgsl } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";
import { buildRandom, problemOf, programOf } from "./compiled.ts";

let dawn: OpenAdapter;
beforeAll(async () => {
  dawn = (await openAdapter("null"))!;
});
afterAll(() => dawn.close());

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);
const device = new JsDevice();
const UNFUSED = SEEDS.slice(0, 20);
const OFF = [["fuse"], ["canonicalize"], ["simplify-index"], ["memory-plan"], ["fuse", "canonicalize", "simplify-index", "memory-plan"]]; // prettier-ignore

describe.each(SEEDS)("random program %i", (seed) => {
  const program = programOf(seed);

  it("gives the reference's answers in JavaScript", async () => {
    expect(await problemOf(program, buildRandom(program, js), device, seed)).toBeUndefined();
  });

  it("has WGSL that Dawn accepts", async () => {
    const texts = new Set([webgpuCpu, webgpuBase].flatMap((info) => [...buildRandom(program, info).code.values()]));
    for (const text of texts) expect(await validateWgsl(dawn.device, text), text).toEqual([]);
  });

  if (UNFUSED.includes(seed))
    it.each(OFF)("means the same without %s", async (...off) => {
      expect(await problemOf(program, buildRandom(program, js, off), device, seed)).toBeUndefined();
    });
});
