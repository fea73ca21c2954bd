/**
 * 1, 2 and 4 threads give the same bits: a sample of every op that kernels compute and some random programs, every
 * launch split however small it is. Whole models are in `wasm-models.test.ts`.
 */
import { afterAll, describe, expect, it, vi } from "vitest";
import type { TensorType } from "../../src/ir/index.ts";
import { OPS, OP_LIST } from "../../src/ops/index.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import { ThreadPool } from "../../src/runtime/devices/cpu-threads.ts";
import { Rng } from "../../src/support/random.ts";
import { buildRandom, programOf } from "../fuzz/compiled.ts";
import { referenceOf } from "../fuzz/reference.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { isLoweredAlone } from "../support/lowered-ops.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import type { PlanArguments } from "../support/run-plan.ts";

const THREADS = [1, 2, 4];
const splits = vi.spyOn(ThreadPool.prototype, "run");
afterAll(() => splits.mockRestore());

type Result = Pick<TensorType, "dtype"> & { readonly name: string; readonly dims: readonly number[] };

/** All results on each number of threads. */
async function runs(
  built: BuiltProgram,
  entry: string,
  args: PlanArguments,
  results: readonly Result[],
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const threads of THREADS) {
    const read = await runOnDevice(new CpuDevice(threads, 0), built, entry, args);
    found.push(results.map(({ name, dtype, dims }) => read.read(name, dtype, dims).data));
  }
  return found;
}

function expectSame([one, two, four]: readonly unknown[]): void {
  expect(two).toEqual(one);
  expect(four).toEqual(one);
}

describe("a sample of each op", () => {
  for (const def of OP_LIST.filter(isLoweredAlone))
    it(def.name, async () => {
      const samples = def.samples(new Rng(7)).filter(({ special }) => special !== true);
      // The largest has most workgroups.
      const sizeOf = ({ operands }: (typeof samples)[number]): number =>
        operands.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0);
      const sample = samples.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
      const opCase = caseOf(def, sample, OPS);
      const built = buildProgram(opCase.module, cpuSimd, { capacities: opCase.symbols });
      const results = evaluateCase(opCase, OPS, "exact").map(({ dtype, dims }, i) => ({ name: `y${i}`, dtype, dims }));
      expectSame(await runs(built, "op", { sizes: opCase.symbols, inputs: opCase.args }, results));
    });

  it("was split nearly always", () => {
    const ops = OP_LIST.filter(isLoweredAlone).length;
    // Two splits for an op, on two and on four threads; what has one workgroup is not split.
    expect(splits.mock.calls.length).toBeGreaterThan(ops);
  });
});

describe.each([3, 14, 15, 92])("random program %i", (seed) => {
  it("is the same on each number of threads", async () => {
    splits.mockClear();
    const program = programOf(seed);
    const args = { sizes: program.symbols, inputs: program.args, weights: (path: string) => program.params.get(path)! };
    const results = referenceOf(program, OPS).map(({ name, exact: { dtype, dims } }) => ({ name, dtype, dims }));
    expectSame(await runs(buildRandom(program, cpuSimd), "forward", args, results));
    expect(splits).toHaveBeenCalled();
  });
});
