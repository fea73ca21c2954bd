/** memory-plan: in place where the kernel and the lifetimes allow it, one arena for all plans, and a legal result. */
import { describe, expect, it } from "vitest";
import { ARENA, memoryPlan, planMemory } from "../../../../passes/plan/memory-plan.ts";
import { PROFILES } from "../../../../src/profiles/index.ts";
import type { Plan, Program } from "../../../../src/plan/ir.ts";
import { usageOf } from "../../../../src/plan/usage.ts";
import { verifyProgram } from "../../../../src/plan/verify.ts";
import { chainProgram, kernel, launch, temporary, whole } from "../../plan/plan-kernels.ts";

const info = PROFILES.find((profile) => profile.name === "webgpu-base")!;
const context = { ops: new Map(), info, capacities: { B: 1, T: 16 } };

function arenaBytes(program: Program): readonly number[] {
  return program.plans.map((plan) => plan.buffers.find((buffer) => buffer.kind === "arena")?.bytes ?? 0);
}

describe("memory-plan", () => {
  it("needs the bytes of two neighbours for a chain that is not in place", () => {
    const planned = planMemory(chainProgram([1000, 500, 1000, 500], kernel("copy", 1, 1)), 256);
    expect(planned.plans[0]!.memory).toEqual({ peak: 1536, lowerBound: 1536 });
    expect(verifyProgram(planned, info.limits)).toEqual([]);
  });

  it("makes a chain of in-place kernels one buffer, with one variant of the kernel", () => {
    const planned = planMemory(chainProgram([1000, 1000, 1000], kernel("copy", 1, 1, true)), 256);
    expect(planned.plans[0]!.memory.peak).toBe(1024);
    const variants = planned.kernels.filter((k) => k.name.includes("in_place"));
    expect(variants).toHaveLength(1);
    expect(variants[0]!.buffers.map((buffer) => buffer.access)).toEqual(["read_write"]);
    expect(usageOf(variants[0]!)).toEqual([{ reads: true, writes: true }]);
    expect(verifyProgram(planned, info.limits)).toEqual([]);
  });

  it("keeps one form of a kernel where the second would save nothing", () => {
    const copy = kernel("copy", 1, 1, true);
    const [small, large] = [chainProgram([256, 256], copy), chainProgram([1024], copy)];
    const planned = planMemory({ ...small, plans: [small.plans[0]!, { ...large.plans[0]!, entry: "extend" }] }, 256);
    // Alone, the small plan would go in place (see above); the arena is as large as that of the other plan.
    expect(planned.kernels.map(({ name }) => name)).toEqual(["copy", "copy_arena"]);
    expect(planned.plans.map((plan) => plan.memory.peak)).toEqual([512, 1024]);
    expect(verifyProgram(planned, info.limits)).toEqual([]);
  });

  it("does not merge where the sizes differ, nor where the input is read later", () => {
    const different = planMemory(chainProgram([1000, 500], kernel("copy", 1, 1, true)), 256);
    expect(different.kernels.some((k) => k.name.includes("in_place"))).toBe(false);

    const [a, b, c] = [temporary("a", 1000), temporary("b", 1000), temporary("c", 1000)];
    const plan: Plan = {
      entry: "forward",
      bucket: { T: 16 },
      buffers: [a, b, c],
      steps: [
        launch("fill", whole(a)),
        launch("copy", whole(a), whole(b)),
        launch("add", whole(a), whole(b), whole(c)),
      ],
      inputs: {},
      outputs: {},
      memory: { peak: 0, lowerBound: 0 },
    };
    const kernels = [kernel("fill", 0, 1), kernel("copy", 1, 1, true), kernel("add", 2, 1, true)];
    const planned = planMemory({ profile: "test", kernels, plans: [plan] }, 256);
    // `a` is read after `copy`, so only `add` may write over it.
    expect(planned.plans[0]!.steps.map((step) => step.kernel)).toEqual(["fill", "copy_arena", "add_in_place_arena"]);
    expect(planned.plans[0]!.memory.peak).toBe(2048);
    expect(verifyProgram(planned, info.limits)).toEqual([]);
  });

  it("binds the arena read_write, and leaves the host's buffers out of it", () => {
    const planned = planMemory(chainProgram([1000, 500], kernel("copy", 1, 1)), 256);
    const byName = new Map(planned.kernels.map((k) => [k.name, k]));
    const plan = planned.plans[0]!;
    expect(plan.outputs["y"]!.buffer).toBe("out");
    for (const step of plan.steps)
      step.bindings.forEach((range, i) => {
        if (range.buffer === ARENA) expect(byName.get(step.kernel)!.buffers[i]!.access).toBe("read_write");
        expect(range.offset % 256).toBe(0);
      });
  });

  it("shares one arena between plans, as large as the largest", () => {
    const copy = kernel("copy", 1, 1);
    const [small, large] = [chainProgram([256, 256], copy), chainProgram([4096, 4096], copy)];
    const plans = [small.plans[0]!, { ...large.plans[0]!, entry: "extend" }];
    expect(arenaBytes(planMemory({ ...small, plans }, 256))).toEqual([8192, 8192]);
  });

  it("refuses an arena larger than a buffer of the profile, and takes one of that size", () => {
    const limits = { ...info.limits, maxBufferBytes: 8192 };
    const run = (bytes: number) =>
      memoryPlan.run(chainProgram([bytes, bytes], kernel("copy", 1, 1)), { ...context, info: { ...info, limits } });
    expect(run(4096).diagnostics).toEqual([]);
    expect(run(4097).diagnostics[0]).toMatchObject({ code: "LLM0401", severity: "error" });
    expect(run(4097).diagnostics[0]!.message).toMatch(
      /`forward` need 8704 bytes in one buffer, `webgpu-base` has 8192/,
    );
  });

  it("leaves every temporary alone in its trivial mode, and says what that costs", () => {
    const program = chainProgram([1000, 500, 1000], kernel("copy", 1, 1));
    const { ir } = memoryPlan.trivial!(program, context);
    expect(ir.plans[0]!.buffers).toEqual(program.plans[0]!.buffers);
    expect(ir.plans[0]!.memory).toEqual({ peak: 1024 + 512 + 1024, lowerBound: 1536 });
    expect(verifyProgram(ir, info.limits)).toEqual([]);
  });
});
