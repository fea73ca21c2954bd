/** merge-bindings: one binding for what a kernel has in the arena, with the same answers, and only where it is needed. */
import { describe, expect, it } from "vitest";
import { ARENA, planMemory } from "../../../../passes/plan/memory-plan.ts";
import { mergeArena, mergeBindings } from "../../../../passes/plan/merge-bindings.ts";
import { printKernel } from "../../../../src/kernel/index.ts";
import { KernelBuilder } from "../../../../src/kernel/builder.ts";
import type { Buffer, Kernel } from "../../../../src/kernel/ir.ts";
import { F32, I32 } from "../../../../src/kernel/ir.ts";
import { parseKernels } from "../../../../src/kernel/parse.ts";
import { verifyKernel } from "../../../../src/kernel/verify.ts";
import { parseProgram, printProgram, verifyProgram } from "../../../../src/plan/index.ts";
import type { PlanBuffer, Program } from "../../../../src/plan/ir.ts";
import { webgpuBase } from "../../../../src/profiles/webgpu.ts";
import { runPlan } from "../../../support/run-plan.ts";
import { tensorOf } from "../../../support/random-tensor.ts";
import { launch, temporary, whole } from "../../plan/plan-kernels.ts";

const COUNT = 8;
const MORE = 5;
const ONE = [[], [], []] as const;
const limitsOf = (maxStorageBuffers: number) => ({ ...webgpuBase.limits, maxStorageBuffers });

interface Kind {
  readonly element: "f32" | "i32";
  readonly lanes: 1 | 4;
}

/** `y = 2 x` in eight elements. */
function double(name: string, { element, lanes }: Kind): Kernel {
  const b = new KernelBuilder(name);
  const x = b.buffer("x", "read", element, COUNT / lanes, lanes);
  const y = b.buffer("y", "write", element, COUNT / lanes, lanes);
  b.forLoop({ to: COUNT / lanes }, (i) => b.store(y, i, b.add(b.load(x, i), b.load(x, i))));
  return b.finish({ workgroup: [1, 1, 1], grid: ONE });
}

/** `z = a + b + c + more`, where each of them lies in memory in its own way and the host says `more`. */
function sum(kinds: readonly Kind[], out: Kind): Kernel {
  const b = new KernelBuilder("sum");
  const ins = kinds.map(({ element, lanes }, k) => b.buffer(`in${k}`, "read", element, COUNT / lanes, lanes));
  const more = b.scalar("more", "launch", F32);
  const z = b.buffer("z", "write", out.element, COUNT / out.lanes, out.lanes);
  const at = (buffer: Buffer, i: number) => {
    const loaded = b.load(buffer, Math.floor(i / buffer.lanes));
    const one = buffer.lanes === 1 ? loaded : b.extract(loaded, i % buffer.lanes);
    return buffer.element === "i32" ? b.cast(one, F32) : one;
  };
  const sums = Array.from({ length: COUNT }, (_, i) => {
    const all = ins.map((buffer) => at(buffer, i)).reduce((x, y) => b.add(x, y), more);
    return out.element === "i32" ? b.cast(all, I32) : all;
  });
  for (let i = 0; i < COUNT; i += out.lanes)
    b.store(z, i / out.lanes, out.lanes === 1 ? sums[i]! : b.vector(sums.slice(i, i + 4)));
  return b.finish({ workgroup: [1, 1, 1], grid: ONE });
}

/** Doubles each input into a temporary, and sums the temporaries into another, which it doubles into the result. */
function programOf(kinds: readonly Kind[], out: Kind): Program {
  const buffer = (name: string, kind: PlanBuffer["kind"]): PlanBuffer => ({ name, kind, bytes: COUNT * 4 });
  const inputs = kinds.map((_, k) => buffer(`x${k}`, "input"));
  const doubled = kinds.map((_, k) => temporary(`t${k}`, COUNT * 4));
  const [total, result] = [temporary("total", COUNT * 4), buffer("y", "output")];
  const steps = [
    ...kinds.map((_, k) => launch(`double${k}`, whole(inputs[k]!), whole(doubled[k]!))),
    { ...launch("sum", ...doubled.map(whole), whole(total)), scalars: [MORE] },
    launch("last", whole(total), whole(result)),
  ];
  const plan = {
    entry: "forward",
    bucket: {},
    buffers: [...inputs, ...doubled, total, result],
    steps: steps.map((step) => ({ ...step, grid: ONE })),
    inputs: Object.fromEntries(inputs.map((input) => [input.name, whole(input)])),
    outputs: { y: whole(result) },
    memory: { peak: 0, lowerBound: 0 },
  };
  const kernels = [...kinds.map((kind, k) => double(`double${k}`, kind)), sum(kinds, out), double("last", out)];
  return { profile: "webgpu-base", kernels, plans: [plan] };
}

const F1: Kind = { element: "f32", lanes: 1 };
const F4: Kind = { element: "f32", lanes: 4 };
const I1: Kind = { element: "i32", lanes: 1 };
const I4: Kind = { element: "i32", lanes: 4 };

describe.each([
  ["single numbers", [F1, F1, F1], F1, "f32[200]"],
  ["vectors", [F4, F4, F4], F4, "f32x4[50]"],
  ["vectors and single numbers", [F4, F1, F4], F4, "f32[200]"],
  ["numbers of two types", [F1, I1, I1], I1, "u32[200]"],
  ["all of these", [F4, I4, F1, I1], F4, "u32[264]"],
] as const)("a kernel of %s", (_name, kinds, out, type) => {
  const planned = planMemory(programOf(kinds, out), 256);
  const merged = mergeArena(planned, limitsOf(kinds.length));
  const answers = (program: Program, executor: "js" | "interpreter"): readonly number[] => {
    const inputs = Object.fromEntries(
      kinds.map(({ element }, k) => [
        `x${k}`,
        tensorOf(
          element,
          [COUNT],
          Array.from({ length: COUNT }, (_, i) => i * 3 ** k - 7 * k),
        ),
      ]),
    );
    return [...runPlan(program, "forward", { inputs }, executor).read("y", out.element, [COUNT]).data];
  };

  it("gives the same answers with one binding", () => {
    const kernel = merged.kernels.find(({ name }) => name.endsWith("_merged"))!;
    expect(printKernel(kernel)).toContain(`%${ARENA}: read_write ${type}`);
    expect(kernel.buffers).toHaveLength(1);
    expect(merged.kernels.flatMap(verifyKernel)).toEqual([]);
    expect(verifyProgram(merged, limitsOf(kinds.length))).toEqual([]);
    const expected = answers(planned, "interpreter");
    expect(expected).toEqual(
      Array.from({ length: COUNT }, (_, i) =>
        kinds.reduce((all, _kind, k) => all + 4 * (i * 3 ** k - 7 * k), 2 * MORE),
      ),
    );
    expect(answers(merged, "interpreter")).toEqual(expected);
    expect(answers(merged, "js")).toEqual(expected);
  });

  it("reads back from its text", () => {
    const text = printProgram(merged, printKernel);
    expect(printProgram(parseProgram(text, parseKernels), printKernel)).toBe(text);
  });

  it("is left alone where the stage has enough bindings", () => {
    expect(mergeArena(planned, limitsOf(kinds.length + 1)).kernels).toEqual(planned.kernels);
  });
});

describe("merge-bindings", () => {
  const planned = planMemory(programOf([F1, F1, F1], F1), 256);
  const run = (maxStorageBuffers: number, more = {}) => {
    const limits = { ...limitsOf(maxStorageBuffers), ...more };
    return mergeBindings.run(planned, { ops: new Map(), info: { ...webgpuBase, limits }, capacities: {} });
  };

  it("refuses what one binding cannot hold, and what lies outside of the arena", () => {
    expect(run(3).diagnostics).toEqual([]);
    expect(run(3, { maxBindingBytes: 799 }).diagnostics).toMatchObject([{ code: "LLM0403" }]);
    // `double` reads an input and writes to the arena.
    expect(run(1).diagnostics[0]!.message).toContain("binds 2 buffers, the limit is 1");
  });

  it("says in its trivial mode what it would have merged", () => {
    const context = { ops: new Map(), info: { ...webgpuBase, limits: limitsOf(3) }, capacities: {} };
    expect(mergeBindings.trivial!(planned, context)).toMatchObject({ ir: planned, diagnostics: [{ code: "LLM0403" }] });
  });
});
