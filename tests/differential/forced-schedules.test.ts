/**
 * Random programs with every schedule forced in turn (`support/schedule-variants.ts`), executed in WebAssembly, on the
 * adapter and in the CUDA simulator: the reference's answers within tolerance. A short run gives each program one
 * variant; `npm run test:long` gives each of 300 programs every variant.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { buildRandom, problemOf, programOf, schedulesOf } from "../fuzz/compiled.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { CPU_VARIANTS, CUDA_VARIANTS, WEBGPU_VARIANTS } from "../support/schedule-variants.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const IS_LONG = process.env["LLMC_LONG"] !== undefined;
const LONG_PROGRAMS = 300;
/** Milliseconds for one program, and for g++ and its programs. */
const SLOW = 300_000;
const COLD = 900_000;
/** Programs of one unit of the simulator. */
const UNIT = 30;

interface Job {
  readonly seed: number;
  readonly info: TargetInfo;
}

/** Each of `few` programs with one variant; in a long run each of 300 with all. Seeds 0 to 59 have tests of their own. */
function jobs(variants: readonly TargetInfo[], few: number): readonly Job[] {
  const seeds = Array.from({ length: IS_LONG ? LONG_PROGRAMS : few }, (_, i) => 100 + i);
  return seeds.flatMap((seed, i) => variants.filter((_, v) => IS_LONG || v === i % variants.length).map((info) => ({ seed, info }))); // prettier-ignore
}

/** As `schedulesOf` tells them. A cache write, a scan and a product in registers are never one piece for several. */
const SCHEDULES = [
  "argsort", "argsort, lanes", "attention", "attention, lanes", "cache_write, lanes", "cumsum", "cumsum, lanes",
  "elementwise, lanes", "matmul.registers", "matmul.workgroup", "matvec", "matvec, lanes", "row_reduce", "row_reduce, lanes", "sample",
  "sample, lanes", "scan, lanes", "transpose",
]; // prettier-ignore

describe("the variants", () => {
  it("force every schedule there is", () => {
    const met = new Set<string>();
    // The first program of some kind may come late, and most of the time goes into making programs.
    for (let seed = 0; seed < 600 && met.size < SCHEDULES.length; seed++) {
      const info = WEBGPU_VARIANTS[seed % WEBGPU_VARIANTS.length]!;
      for (const name of schedulesOf(programOf(seed), info)) met.add(name);
    }
    expect([...met].sort()).toEqual(SCHEDULES);
  });
});

describe("in WebAssembly", () => {
  it.each(jobs(CPU_VARIANTS, 30))("program $seed for $info.name", { timeout: SLOW }, async ({ seed, info }) => {
    const program = programOf(seed);
    expect(await problemOf(program, buildRandom(program, info), new CpuDevice(), seed)).toBeUndefined();
  });
});

describe("on the adapter", () => {
  let adapter: OpenAdapter | undefined;
  beforeAll(async () => void (adapter = await openAdapter()));
  afterAll(() => adapter?.close());

  it.for(jobs(WEBGPU_VARIANTS, 18))(
    "program $seed for $info.name",
    { timeout: SLOW },
    async ({ seed, info }, { skip }) => {
      if (adapter === undefined) return skip("no WebGPU adapter on this machine");
      if (info.hasSubgroups && !adapter.device.features.has("subgroups")) return skip("no subgroups on this adapter");
      const program = programOf(seed);
      const device = WebGpuDevice.inject(adapter.device);
      expect(await problemOf(program, buildRandom(program, info), device, seed)).toBeUndefined();
    },
  );
});

const cudaJobs = jobs(CUDA_VARIANTS, 12);
const units = Array.from({ length: Math.ceil(cudaJobs.length / UNIT) }, (_, i) => i);
describe.each(units)("in the CUDA simulator, unit %i", (which) => {
  const programs = cudaJobs.slice(which * UNIT, (which + 1) * UNIT).map(({ seed, info }) => {
    const program = programOf(seed);
    return { seed, info, program, built: buildRandom(program, info) };
  });
  let unit: CudaUnit | undefined;
  beforeAll(async () => {
    if (simProblem() === undefined) unit = await CudaUnit.compile(programs.map(({ built }) => built.program));
  }, COLD);
  afterAll(() => unit?.close());

  it.for(programs)("program $seed for $info.name", { timeout: COLD }, async ({ seed, program, built }, { skip }) => {
    if (unit === undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
    expect(await problemOf(program, built, unit.device(built.program), seed)).toBeUndefined();
  });
});
