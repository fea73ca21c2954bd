/**
 * Every sample of every op that kernels compute, as CUDA C++ in the simulator, within the op's own tolerance; all of
 * them are one unit, compiled once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { opTolerance } from "../support/tolerance.ts";

/** C gives 1 for powers of 1 that IEEE 754 calls undefined, with NaN and infinities. */
const isElsewhere = (name: string, special: boolean | undefined): boolean => name === "pow" && special === true;

/** Milliseconds for g++ and for the first launches. */
const COLD = 300_000;

const CASES = OP_LIST.filter(isLoweredAlone).flatMap((def) =>
  def.samples(new Rng(7)).flatMap((sample) => {
    if (isElsewhere(def.name, sample.special)) return [];
    const opCase = caseOf(def, sample, OPS);
    // Capacities larger than the call, so that a size taken for a capacity is seen.
    const capacities = Object.fromEntries(Object.entries(opCase.symbols).map(([name, size]) => [name, size + 3]));
    return [{ name: def.name, sample, opCase, built: buildProgram(opCase.module, cudaSm80, { capacities }) }];
  }),
);

let unit: CudaUnit | undefined;
beforeAll(async () => {
  if (simProblem() === undefined) unit = await CudaUnit.compile(CASES.map(({ built }) => built.program));
}, COLD);
afterAll(() => unit?.close());
beforeEach(({ skip }) => {
  if (unit === undefined) skip(`no CUDA simulator on this machine: ${simProblem()}`);
});

describe.each([...new Set(CASES.map(({ name }) => name))])("%s in CUDA", (name) => {
  it("gives the reference's answers", { timeout: COLD }, async () => {
    for (const { sample, opCase, built } of CASES.filter((found) => found.name === name)) {
      const device = unit!.device(built.program);
      const results = await runOnDevice(device, built, "op", { sizes: opCase.symbols, inputs: opCase.args });
      const tolerances = opTolerance(opCase, sample, OPS);
      evaluateCase(opCase, OPS, "exact").forEach((tensor, i) => {
        const actual = results.read(`y${i}`, tensor.dtype, tensor.dims);
        const what = `${name} (${sample.label})`;
        expect(compareTensors(actual, tensor, tolerances[i] ?? 0, { what, seed: 7 })).toBeUndefined();
      });
    }
  });
});
