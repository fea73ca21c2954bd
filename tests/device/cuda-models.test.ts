/**
 * Whole programs as CUDA C++ in the simulator: random ones against the interpreter, and published checkpoints against
 * the answers of their published code, as `llmc verify` compares them.
 */
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openSubject } from "../../src/cli/verify/subject.ts";
import { verifyTarget } from "../../src/cli/verify/verify-target.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { loadOn } from "../../src/runtime/load.ts";
import type { LoadOptions, Model, PackageData } from "../../src/runtime/index.ts";
import { buildRandom, problemOf, programOf } from "../fuzz/compiled.ts";
import { CudaUnit, cudaDeviceFor } from "../support/cuda-device.ts";
import type { Sim } from "../support/cuda-sim.ts";
import { simProblem } from "../support/cuda-sim.ts";

const COLD = 600_000;
const missing = simProblem();
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(`no CUDA simulator on this machine: ${missing}`);
});

describe("random programs", () => {
  const programs = Array.from({ length: 30 }, (_, seed) => {
    const program = programOf(seed);
    return { seed, program, built: buildRandom(program, cudaSm80) };
  });
  let unit: CudaUnit | undefined;
  beforeAll(async () => {
    if (missing === undefined) unit = await CudaUnit.compile(programs.map(({ built }) => built.program));
  }, COLD);
  afterAll(() => unit?.close());

  it.each(programs)(
    "number $seed gives the reference's answers",
    { timeout: COLD },
    async ({ seed, program, built }) => {
      expect(await problemOf(program, built, unit!.device(built.program), seed)).toBeUndefined();
    },
  );
});

const EXAMPLES = path.join(import.meta.dirname, "../../examples");
const FOLDERS: readonly (readonly [name: string, model: string | undefined])[] = [
  ["gpt2", undefined],
  ["llama", undefined],
  ["llama3-rope", undefined],
  ["gemma2", path.join(EXAMPLES, "gemma2/gemma2.llm")],
  ["mixtral", path.join(EXAMPLES, "mixtral/mixtral.llm")],
  ["mamba", path.join(EXAMPLES, "mamba/mamba.llm")],
];

describe.each(FOLDERS)("%s", (name, model) => {
  it("gives the recorded answers", { timeout: COLD }, async () => {
    const subject = await openSubject(path.join(import.meta.dirname, "../fixtures/golden", name), model);
    const sims: Sim[] = [];
    const load = async (data: PackageData, options: LoadOptions): Promise<Model> => {
      const profile = data.profiles[0]!;
      const { sim, device } = await cudaDeviceFor(profile);
      sims.push(sim);
      return loadOn({ device, profile }, data, options);
    };
    const rows = await verifyTarget(subject, "cuda", {}, new AbortController().signal, load);
    for (const sim of sims) sim.close();
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(rows.map((row) => row.name)).toContain("greedy");
  });
});
