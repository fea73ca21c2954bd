/** What a launch is predicted to take, launches in parts of their grid, and steps in submits. */
import { describe, expect, it } from "vitest";
import { MOST_PARTS, cutGrids, cutProgram } from "../../../../passes/plan/cut-grids.ts";
import { costOf, predictSeconds } from "../../../../passes/plan/predict-launch.ts";
import type { LaunchCost } from "../../../../passes/plan/predict-launch.ts";
import { secondsOf, sliceSubmits, slicesOf } from "../../../../passes/plan/slice-submits.ts";
import { printKernel } from "../../../../src/kernel/index.ts";
import { KernelBuilder } from "../../../../src/kernel/builder.ts";
import type { KValue, Kernel } from "../../../../src/kernel/ir.ts";
import { parseKernels } from "../../../../src/kernel/parse.ts";
import type { Limits, Rates, TargetInfo } from "../../../../src/kernel/target-info.ts";
import { verifyKernel } from "../../../../src/kernel/verify.ts";
import { parseProgram, printPlan, printProgram, verifyProgram } from "../../../../src/plan/index.ts";
import type { Plan, PlanBuffer, Program } from "../../../../src/plan/ir.ts";
import { js } from "../../../../src/profiles/js.ts";
import { Dim } from "../../../../src/support/dim.ts";
import { runPlan } from "../../../support/run-plan.ts";
import { tensorOf } from "../../../support/random-tensor.ts";
import { launch, whole } from "../../plan/plan-kernels.ts";

const T = Dim.symbol("T");
const C = 12;
const MOST = 40;
const RATES: Rates = {
  bytesPerSecond: 1e3,
  operationsPerSecond: 1e9,
  workgroupOperationsPerSecond: 1e9,
  launchSeconds: 0.5,
  mostSeconds: 10,
};

/** `y[t, c] = x[t, c] + t`, a workgroup a row, C invocations. */
function rows(axis: "x" | "y" | "z"): Kernel {
  const b = new KernelBuilder("rows");
  const x = b.buffer("x", "read", "f32", T.mul(C));
  const y = b.buffer("y", "write", "f32", T.mul(C));
  const row = b.builtin(`workgroup_${axis}`);
  const at = b.add(b.mul(row, C), b.builtin("local_x"));
  b.store(y, at, b.add(b.load(x, at), b.cast(row, { scalar: "f32", lanes: 1 })));
  const along = [{ size: T, per: 1 }];
  const grid = ["x", "y", "z"].map((one) => (one === axis ? along : []));
  return b.finish({ workgroup: [C, 1, 1], grid: [grid[0]!, grid[1]!, grid[2]!] });
}

/** Sixteen rows a workgroup, of which those beyond T do nothing. */
function guardedRows(): Kernel {
  const b = new KernelBuilder("guarded");
  const y = b.buffer("y", "write", "f32", T);
  const row = b.add(b.mul(b.builtin("workgroup_x"), 16), b.builtin("local_x"));
  b.ifThen(b.lt(row, b.dim(T)), () => {
    b.store(y, row, b.cast(row, { scalar: "f32", lanes: 1 }));
    return [];
  });
  return b.finish({ workgroup: [16, 1, 1], grid: [[{ size: T, per: 16 }], [], []] });
}

function programOf(kernel: Kernel, copies = 1): Program {
  const buffer = (name: string, kind: PlanBuffer["kind"]): PlanBuffer => ({ name, kind, bytes: MOST * C * 4 });
  const [x, y] = [buffer("x", "input"), buffer("y", "output")];
  const step = { ...launch(kernel.name, whole(x), whole(y)), grid: kernel.grid };
  const plan: Plan = {
    entry: "forward",
    bucket: { T: MOST },
    buffers: [x, y],
    steps: Array.from({ length: copies }, () => step),
    inputs: { x: whole(x) },
    outputs: { y: whole(y) },
    memory: { peak: 0, lowerBound: 0 },
  };
  return { profile: "test", kernels: [kernel], plans: [plan] };
}

function infoWith(rates: Partial<Rates> | undefined, limits: Partial<Limits> = {}): TargetInfo {
  const { rates: _, ...rest } = js;
  return { ...rest, limits: { ...js.limits, ...limits }, ...(rates && { rates: { ...RATES, ...rates } }) };
}

const contextOf = (info: TargetInfo) => ({ ops: new Map(), info, capacities: { T: MOST } });

describe("the cost of a workgroup", () => {
  it("counts what stands behind an edge for the invocations that are inside", () => {
    const [one, all] = [1, 16].map((size) => costOf(guardedRows(), { T: size }, [], [1, 1, 1]).operations);
    // Of an invocation: the place and the comparison; of one inside also the conversion and the store.
    expect([one, all]).toEqual([16 * 3 + 2, 16 * 3 + 16 * 2]);
  });

  it("counts what loops do, and each invocation", () => {
    const b = new KernelBuilder("sum");
    const x = b.buffer("x", "read", "f32", 400, 4);
    const y = b.buffer("y", "write", "f32", 100);
    const zero = b.splat(b.f32(0), 4);
    const [sum] = b.forLoop({ to: 25, carried: [zero] }, (i, [all]) => [b.fma(b.load(x, i), b.load(x, i), all!)]);
    b.store(y, b.builtin("local_x"), b.extract(sum!, 0));
    const kernel = b.finish({ workgroup: [8, 1, 1], grid: [[], [], []] });
    const { operations, bytes } = costOf(kernel, {}, [], [1, 1, 1]);
    // 25 times two loads and one fma of vectors, and a store.
    expect(operations).toBe(8 * (25 * (4 + 4 + 8) + 1));
    expect([...bytes].map(([{ name }, each]) => [name, each])).toEqual([["x", 8 * 25 * 2 * 16], ["y", 8 * 4]]); // prettier-ignore
  });

  it("counts of loops whose conditions exclude each other the one that costs most", () => {
    const cost = (conditions: (b: KernelBuilder, first: KValue, second: KValue) => readonly [KValue, KValue]) => {
      const b = new KernelBuilder("either");
      const [x, y] = [b.buffer("x", "read", "f32", 400), b.buffer("y", "read_write", "f32", 100, 4)];
      const [first, second] = [0, 1].map((i) => b.eq(b.load(b.buffer(`n${i}`, "read", "i32", 1), 0), 0));
      const [one, other] = conditions(b, first!, second!);
      b.forLoop({ to: b.select(one, 10, 0) }, (i) => (b.load(x, i), []));
      b.forLoop({ to: b.select(other, 20, 0) }, (i) => (b.load(y, i), []));
      return costOf(b.finish({ grid: [[], [], []] }), {}, [], [1, 1, 1]);
    };
    const both = cost((_, first, second) => [first, second]);
    const outside = 8;
    expect(both.bytesTogether).toBe(outside + 10 * 4 + 20 * 16);
    const either = cost((b, first, second) => [first, b.and(b.not(first), second)]);
    expect(either.bytesTogether).toBe(outside + 20 * 16);
    expect(both.operations - either.operations).toBe(10 - 2);
    const together = cost((b, first, second) => [b.and(first, second), b.and(second, first)]);
    expect(together.bytesTogether).toBe(both.bytesTogether);
    // Each buffer by itself is read by whoever has steps.
    const each = ({ bytes }: LaunchCost): readonly number[] => [...bytes].filter(([{ name }]) => name.length === 1).map(([, count]) => count); // prettier-ignore
    expect(each(either)).toEqual([10 * 4, 20 * 16]);
  });

  it("moves no more than its workgroups do together", () => {
    const b = new KernelBuilder("either");
    const buffers = ["p", "q"].map((name) => b.buffer(name, "read", "f32", 100));
    const isFirst = b.eq(b.builtin("workgroup_x"), 0);
    for (const [which, buffer] of buffers.entries())
      b.forLoop({ to: b.select(which === 0 ? isFirst : b.not(isFirst), 100, 0) }, (i) => (b.load(buffer, i), []));
    const kernel = b.finish({ grid: [[], [], []] });
    const range = whole({ name: "p", kind: "input", bytes: 400 });
    const cost = costOf(kernel, {}, [], [3, 1, 1]);
    const rates = { ...RATES, launchSeconds: 0, bytesPerSecond: 1, operationsPerSecond: 1e9, workgroupOperationsPerSecond: 1e9 }; // prettier-ignore
    const seconds = [1, 2, 3].map((groups) => predictSeconds(launch("either", range, range), kernel, groups, cost, rates)); // prettier-ignore
    expect(seconds).toEqual([400, 800, 800]);
  });

  it("knows bounds by ranges, and takes the largest size for others", () => {
    const count = (make: (b: KernelBuilder) => Parameters<KernelBuilder["forLoop"]>[0]): number => {
      const b = new KernelBuilder("loop");
      const y = b.buffer("y", "read_write", "i32", 100);
      b.forLoop(make(b), () => b.store(y, 0, b.i32(0)));
      return costOf(b.finish({ grid: [[], [], []] }), { T: 30, S: 70 }, [], [5, 1, 1]).operations;
    };
    const loaded = (b: KernelBuilder) => b.load(b.buffer("n", "read", "i32", 1), 0);
    expect(count((b) => ({ to: b.dim(T) }))).toBe(30);
    expect(count((b) => ({ to: b.dim(T), step: 4 }))).toBe(8);
    expect(count((b) => ({ from: b.dim(T), to: b.dim(Dim.symbol("S")) }))).toBe(40);
    // A multiplication or an addition, or a load and a minimum, come before the loop.
    expect(count((b) => ({ to: b.mul(b.builtin("workgroup_x"), 3) }))).toBe(1 + 12);
    expect(count((b) => ({ to: b.min(loaded(b), 9) }))).toBe(2 + 9);
    expect(count((b) => ({ to: loaded(b) }))).toBe(1 + 70);
  });

  it("is its bytes or its operations, whichever takes longer, or those of one workgroup alone", () => {
    const kernel = rows("x");
    const [step] = programOf(kernel).plans[0]!.steps;
    const cost = costOf(kernel, { T: MOST }, [], [MOST, 1, 1]);
    const predicted = (rates: Partial<Rates>, groups = MOST): number =>
      predictSeconds(step!, kernel, groups, cost, { ...RATES, ...rates });
    expect(predicted({})).toBeCloseTo(0.5 + (2 * MOST * C * 4) / 1e3, 6);
    expect(predicted({}, 1)).toBeCloseTo(0.5 + (2 * C * 4) / 1e3, 6);
    expect(predicted({ bytesPerSecond: 1e9, operationsPerSecond: 100 })).toBeCloseTo(0.5 + (cost.operations * MOST) / 100, 4); // prettier-ignore
    expect(predicted({ bytesPerSecond: 1e9, workgroupOperationsPerSecond: 10 })).toBeCloseTo(0.5 + cost.operations / 10, 4); // prettier-ignore
    expect(predicted({}, 0)).toBe(0.5);
  });
});

describe.each(["x", "y", "z"] as const)("a grid along %s", (axis) => {
  const program = programOf(rows(axis));
  const answers = (built: Program, tokens: number, executor: "js" | "interpreter"): readonly number[] => {
    const x = tensorOf("f32", [tokens, C], Array.from({ length: tokens * C }, (_, i) => i % 7)); // prettier-ignore
    return [...runPlan(built, "forward", { sizes: { T: tokens }, inputs: { x } }, executor).read("y", "f32", [MOST, C]).data]; // prettier-ignore
  };

  it.each([
    ["the limit of workgroups", infoWith(undefined, { maxWorkgroupsPerDimension: 9 }), 5, 8],
    ["the time of a submit", infoWith({ mostSeconds: 1.5 }), 4, 10],
  ])("is cut by %s, with the same answers", (_name, info, parts, count) => {
    const cut = cutProgram(program, contextOf(info));
    const [plan] = cut.plans;
    expect(plan!.steps.map(({ part }) => part)).toEqual(
      Array.from({ length: parts }, (_, i) => ({ axis: "xyz".indexOf(axis), from: i * count, count })),
    );
    expect(cut.kernels.flatMap(verifyKernel)).toEqual([]);
    expect(verifyProgram(cut, info.limits)).toEqual([]);
    const text = printProgram(cut, printKernel);
    expect(printProgram(parseProgram(text, parseKernels), printKernel)).toBe(text);
    for (const tokens of [1, count, count + 1, MOST])
      for (const executor of ["js", "interpreter"] as const)
        expect(answers(cut, tokens, executor)).toEqual(answers(program, tokens, executor));
  });

  it("is left whole where it fits", () => {
    expect(cutProgram(program, contextOf(infoWith({}, { maxWorkgroupsPerDimension: MOST })))).toEqual(program);
  });
});

describe("cut-grids", () => {
  it("refuses more parts than a mistake would have, and says so where it is off", () => {
    const kernel = rows("x");
    const info = infoWith(undefined, { maxWorkgroupsPerDimension: 1 });
    const plan = { ...programOf(kernel).plans[0]!, bucket: { T: MOST_PARTS + 1 } };
    const wide = { ...programOf(kernel), plans: [plan] };
    expect(cutGrids.run(wide, contextOf(info)).diagnostics).toMatchObject([{ code: "LLM0402" }]);
    expect(cutGrids.run(programOf(kernel), contextOf(info)).diagnostics).toEqual([]);
    expect(cutGrids.trivial!(programOf(kernel), contextOf(info)).diagnostics).toMatchObject([{ code: "LLM0402" }]);
  });

  it("leaves a kernel whole that knows how large its grid is", () => {
    const b = new KernelBuilder("rows");
    const [x, y] = [b.buffer("x", "read", "f32", T), b.buffer("y", "write", "f32", T)];
    b.store(y, b.builtin("workgroup_x"), b.load(x, b.builtin("grid_x")));
    const kernel = b.finish({ workgroup: [1, 1, 1], grid: [[{ size: T, per: 1 }], [], []] });
    const { ir, diagnostics } = cutGrids.run(programOf(kernel), contextOf(infoWith({ mostSeconds: 0.6, bytesPerSecond: 10 }))); // prettier-ignore
    expect([ir.plans[0]!.steps.length, diagnostics]).toEqual([1, []]);
  });
});

describe("slice-submits", () => {
  it("puts as many steps into a submit as fit", () => {
    expect(slicesOf([], 10)).toEqual([]);
    expect(slicesOf([4, 6, 1], 10)).toEqual([{ end: 2, seconds: 10 }, { end: 3, seconds: 1 }]); // prettier-ignore
    expect(slicesOf([4, 7, 1], 10)).toEqual([{ end: 1, seconds: 4 }, { end: 3, seconds: 8 }]); // prettier-ignore
    // One that is too long by itself is alone, and known to be.
    expect(slicesOf([1, 11, 1], 10)).toEqual([{ end: 1, seconds: 1 }, { end: 2, seconds: 11 }, { end: 3, seconds: 1 }]); // prettier-ignore
  });

  it("slices a plan by what its steps take, and the text says so", () => {
    const kernel = rows("x");
    const program = programOf(kernel, 5);
    const info = infoWith({ mostSeconds: 10 });
    const { ir } = sliceSubmits.run(program, contextOf(info));
    const each = 0.5 + (2 * MOST * C * 4) / 1e3;
    expect(secondsOf(program.plans[0]!, new Map([["rows", kernel]]), contextOf(info), info.rates!)).toEqual(Array(5).fill(each)); // prettier-ignore
    expect(ir.plans[0]!.submits).toEqual([{ end: 2, seconds: 2 * each }, { end: 4, seconds: 2 * each }, { end: 5, seconds: each }]); // prettier-ignore
    const lines = printPlan(ir.plans[0]!).split("\n").filter((line) => /^ *(launch|submit)/.test(line)); // prettier-ignore
    expect(lines.map((line) => line.trim().split(" ")[0])).toEqual(["launch", "launch", "submit", "launch", "launch", "submit", "launch", "submit"]); // prettier-ignore
    expect(sliceSubmits.run(program, contextOf(infoWith(undefined))).ir).toBe(program);
  });
});
