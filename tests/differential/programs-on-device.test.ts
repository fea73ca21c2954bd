/** Random programs through the whole compiler, executed on the adapter: the reference's answers within tolerance. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { buildRandom, problemOf, programOf } from "../fuzz/compiled.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

let adapter: OpenAdapter | undefined;
let device: WebGpuDevice | undefined;
beforeAll(async () => {
  adapter = await openAdapter();
  device = adapter === undefined ? undefined : WebGpuDevice.inject(adapter.device);
  if (adapter === undefined) console.log("skipped: random programs on WebGPU, because there is no adapter");
});
afterAll(() => adapter?.close());

describe.each(Array.from({ length: 30 }, (_, seed) => seed))("random program %i", (seed) => {
  const info = seed % 2 === 0 ? webgpuCpu : webgpuBase;
  it(`gives the reference's answers for ${info.name}`, { timeout: 180_000 }, async ({ skip }) => {
    if (device === undefined) return skip("no WebGPU adapter on this machine");
    const program = programOf(seed);
    expect(await problemOf(program, buildRandom(program, info), device, seed)).toBeUndefined();
  });
});
