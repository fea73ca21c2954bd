/**
 * Transpositions through workgroup memory, at the sizes where squares end: the interpreter of the tensor IR = kernel
 * interpreter = JavaScript = WebGPU = the CUDA simulator.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attrs } from "../../src/ir/index.ts";
import { tensorType } from "../../src/ir/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";
import { buildProgram } from "../support/build-program.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import type { SimTraffic } from "../support/cuda-sim.ts";
import { T, f32 } from "../support/group-case.ts";
import type { Body } from "../support/group-case.ts";
import { differenceOf, sizedCase } from "../support/sized-case.ts";
import type { SizedCase } from "../support/sized-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { runPlan } from "../support/run-plan.ts";
import { openAdapter } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

const SMALL: Attrs = { schedule: "transpose", tile: 8, lines: 2 };
const OWN: Attrs = { schedule: "transpose", tile: 32, lines: 8 };

const turn = (...perm: readonly number[]): Body => (b, [x]) => [b.emit("transpose", [x!], { perm: [...perm] })]; // prettier-ignore

/** A cast in front, and behind it two results that read something in the new order. */
const between: Body = (b, [x, y]) => {
  const turned = b.emit("transpose", [b.emit("cast", [x!], { dtype: "f32" })], { perm: [1, 0] });
  const sum = b.emit("add", [turned, y!]);
  return [sum, b.emit("neg", [b.emit("mul", [turned, sum])])];
};

const CASES: readonly SizedCase[] = [
  ...[1, 7, 8, 9, 16, 17].flatMap((n) =>
    [1, 8, 15].map((m) => sizedCase(`${m} x ${n}`, { args: [f32(m, n)], attrs: SMALL, body: turn(1, 0) })),
  ),
  ...[31, 32, 33].map((n) => sizedCase(`${n} x 40`, { args: [f32(n, 40)], attrs: OWN, body: turn(1, 0) })),
  sizedCase("inner axes of many", { args: [f32(3, 2, 9, 10)], attrs: SMALL, body: turn(0, 1, 3, 2) }),
  sizedCase("the first axis to the end", { args: [f32(9, 3, 10)], attrs: SMALL, body: turn(1, 2, 0) }),
  sizedCase("the last axis to the front", { args: [f32(9, 3, 10)], attrs: SMALL, body: turn(2, 0, 1) }),
  sizedCase("the outer axes exchanged", { args: [f32(9, 3, 10)], attrs: SMALL, body: turn(2, 1, 0) }),
  sizedCase("a size known at the call", { args: [f32(T, 12)], attrs: SMALL, sizes: { T: 11 }, body: turn(1, 0) }),
  sizedCase("integers", { args: [tensorType("i32", [12, 9])], attrs: SMALL, body: turn(1, 0) }),
  sizedCase("halves, and what is computed behind", { args: [tensorType("bf16", [12, 9]), f32(9, 12)], attrs: SMALL, body: between }), // prettier-ignore
];

const capacitiesOf = ({ sizes }: SizedCase): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, size + 3]));

/** Milliseconds for compiling kernels on a loaded machine. */
const COLD = 300_000;

describe.each(["interpreter", "js"] as const)("in the executor %s", (executor) => {
  it.each(CASES)("$name", (found) => {
    const { program } = buildProgram(found.module, webgpuBase, { capacities: capacitiesOf(found) });
    expect(program.kernels[0]!.locals).toHaveLength(1);
    expect(differenceOf(found, runPlan(program, "f", found, executor))).toBeUndefined();
  });
});

describe("on a device", () => {
  let adapter: OpenAdapter | undefined;
  beforeAll(async () => {
    adapter = await openAdapter();
  }, COLD);
  afterAll(() => adapter?.close());

  it("WebGPU gives the reference's answers", { timeout: COLD }, async ({ skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    const device = WebGpuDevice.inject(adapter.device);
    for (const found of CASES.filter((_, i) => i % 4 === 1 || i > 18)) {
      const program = buildProgram(found.module, webgpuBase, { capacities: capacitiesOf(found) });
      expect(differenceOf(found, await runOnDevice(device, program, "f", found))).toBeUndefined();
    }
  });

  it(
    "the CUDA simulator gives the reference's answers and sees neither race nor conflict",
    { timeout: COLD },
    async ({ skip }) => {
      if (simProblem() !== undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
      const built = CASES.map((found) => [found, buildProgram(found.module, cudaSm80, { capacities: capacitiesOf(found) })] as const); // prettier-ignore
      const unit = await CudaUnit.compile(built.map(([, { program }]) => program));
      try {
        for (const [found, program] of built) {
          const seen: SimTraffic[] = [];
          const device = unit.device(program.program, (_, traffic) => seen.push(traffic));
          expect(differenceOf(found, await runOnDevice(device, program, "f", found))).toBeUndefined();
          if (found.name !== "32 x 40") continue;
          expect(seen[0]?.worstBankWays).toBe(1);
          expect(seen[0]?.readSectors).toBe(seen[0]?.leastReadSectors);
          expect(seen[0]?.writtenSectors).toBe(seen[0]?.leastWrittenSectors);
        }
      } finally {
        unit.close();
      }
    },
  );
});
