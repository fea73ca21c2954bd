/** The plan's verifier: each rule with the case that breaks it and the one beside it that does not. */
import { describe, expect, it } from "vitest";
import type { PlanBuffer, Program, Range, Step } from "../../../src/plan/ir.ts";
import { verifyProgram } from "../../../src/plan/verify.ts";
import { PROFILES } from "../../../src/profiles/index.ts";
import { chainProgram, kernel, launch, whole } from "./plan-kernels.ts";

const { limits } = PROFILES.find((profile) => profile.name === "webgpu-base")!;
const valid = chainProgram([1024, 1024], kernel("copy", 1, 1));
const plan = valid.plans[0]!;

function withSteps(steps: readonly Step[], buffers: readonly PlanBuffer[] = plan.buffers): readonly string[] {
  return verifyProgram({ ...valid, plans: [{ ...plan, buffers, steps }] }, limits);
}

function withFirstBinding(range: Range): readonly string[] {
  const [first, ...rest] = plan.steps;
  return withSteps([{ ...first!, bindings: [range, first!.bindings[1]!] }, ...rest]);
}

describe("verifyProgram", () => {
  it("accepts a valid program", () => expect(verifyProgram(valid, limits)).toEqual([]));

  it("wants kernels and buffers to exist", () => {
    expect(withSteps([{ ...plan.steps[0]!, kernel: "gone" }])[0]).toMatch(/no such kernel/);
    expect(withFirstBinding({ buffer: "gone", offset: 0, bytes: 4 })[0]).toMatch(/unknown buffer "gone"/);
  });

  it("wants ranges inside their buffers, at aligned offsets", () => {
    expect(withFirstBinding({ buffer: "in", offset: 256, bytes: 768 })).toEqual([]);
    expect(withFirstBinding({ buffer: "in", offset: 256, bytes: 769 })[0]).toMatch(/outside "in" of 1024/);
    expect(withFirstBinding({ buffer: "in", offset: 128, bytes: 256 })[0]).toMatch(/not a multiple of 256/);
  });

  it("wants one binding for each buffer of the kernel", () => {
    expect(withSteps([launch("copy", whole(plan.buffers[0]!))])[0]).toMatch(/1 bindings for 2 buffers/);
  });

  it("wants temporaries written before they are read", () => {
    expect(withSteps([...plan.steps].slice(1))[0]).toMatch(/reads "t0" before anything wrote it/);
  });

  it("refuses overlapping bindings of one buffer, and read beside read_write", () => {
    const arena: PlanBuffer = { name: "arena", kind: "arena", bytes: 1024 };
    const range = (offset: number): Range => ({ buffer: "arena", offset, bytes: 512 });
    const two = kernel("two", 0, 2);
    const check = (program: Partial<Program>, steps: readonly Step[]): readonly string[] =>
      verifyProgram({ ...valid, ...program, plans: [{ ...plan, buffers: [...plan.buffers, arena], steps }] }, limits);
    expect(check({ kernels: [two] }, [launch("two", range(0), range(512))])).toEqual([]);
    expect(check({ kernels: [two] }, [launch("two", range(0), range(256))])[0]).toMatch(/overlaps binding 0/);
    expect(check({}, [launch("copy", range(0), range(512))])[0]).toMatch(/bound read and read_write/);
  });

  it("refuses writing weights, huge grids and unbounded ones", () => {
    const weight: PlanBuffer = { name: "w", kind: "weight", bytes: 1024 };
    expect(withSteps([launch("copy", whole(plan.buffers[0]!), whole(weight))], [...plan.buffers, weight])[0]).toMatch(/writes "w", which is a weight/); // prettier-ignore
    const steps = plan.steps;
    const huge = { ...plan, bucket: { T: 4 * 65536 }, steps };
    expect(verifyProgram({ ...valid, plans: [huge] }, limits)[0]).toMatch(
      /65536 workgroups along x, the limit is 65535/,
    );
    expect(verifyProgram({ ...valid, plans: [{ ...huge, bucket: { T: 4 * 65535 } }] }, limits)).toEqual([]);
    expect(verifyProgram({ ...valid, plans: [{ ...plan, bucket: {} }] }, limits)[0]).toMatch(/depends on T/);
  });

  it("wants one kind for a buffer that several plans share", () => {
    const other = { ...plan, entry: "extend", buffers: plan.buffers.map((b) => (b.name === "in" ? { ...b, kind: "state" as const } : b)) }; // prettier-ignore
    expect(verifyProgram({ ...valid, plans: [plan, other] }, limits)[0]).toMatch(/"in" is state here and input/);
  });
});
