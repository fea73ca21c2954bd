/**
 * Products through workgroup memory, at the sizes where tiles, blocks and vectors end: the interpreter of the tensor IR =
 * kernel interpreter = JavaScript = WebGPU = the CUDA simulator, which also sees every race and every access beyond a
 * buffer.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { emitCudaUnit } from "../../codegen/cuda/emit.ts";
import { tensorType } from "../../src/ir/index.ts";
import type { Attrs } from "../../src/ir/index.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { WebGpuDevice } from "../../src/runtime/devices/webgpu.ts";

import { Dim } from "../../src/support/dim.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import type { SimTraffic } from "../support/cuda-sim.ts";
import { T, f32 } from "../support/group-case.ts";
import type { Body } from "../support/group-case.ts";
import { differenceOf, sizedCase } from "../support/sized-case.ts";
import type { SizedCase, SizedOptions, Weight } from "../support/sized-case.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { runPlan } from "../support/run-plan.ts";
import { useCudaTools } from "../support/use-cuda.ts";
import { openAdapter, validateWgsl } from "../support/webgpu.ts";
import type { OpenAdapter } from "../support/webgpu.ts";

/** A tile of 8 x 16, eight terms at a time. */
const SMALL: Attrs = { schedule: "matmul.workgroup", tile_rows: 4, tile_columns: 4, workgroup_rows: 2, workgroup_columns: 4, terms: 8 }; // prettier-ignore
/** The profiles' own tile of 64 x 64, sixteen terms at a time. */
const OWN: Attrs = { ...SMALL, tile_rows: 8, workgroup_rows: 8, workgroup_columns: 16, terms: 16 };
/** What is left of it for small products: 32 x 64, and 32 x 32. */
const HALF: Attrs = { ...OWN, tile_rows: 4 };
const QUARTER: Attrs = { ...HALF, workgroup_columns: 8 };
/** Two pieces of rows and of columns an invocation; panels of 3 and 6 vectors, which have few neighbours to be swizzled with. */
const ODD: Attrs = { ...SMALL, tile_rows: 4, tile_columns: 8, workgroup_rows: 3, workgroup_columns: 3, terms: 12 };

const product =
  (options: { transposeA?: boolean; transposeB?: boolean } = {}): Body =>
  (b, [x, w]) => {
    const right = w!.type.dtype === "f32" ? w! : b.emit("cast", [w!], { dtype: "f32" });
    const { transposeA = false, transposeB = false } = options;
    return [b.emit("matmul", [x!, right], { transpose_a: transposeA, transpose_b: transposeB })];
  };

function plain(name: string, attrs: Attrs, [m, k, n]: readonly [number, number, number]): readonly SizedCase[] {
  const size = `${name} ${m} x ${k} x ${n}`;
  const weight: Weight = { dtype: "f16", dims: [n, k] };
  // prettier-ignore
  return [
    sizedCase(`${size}, columns side by side`, { args: [f32(m, k), f32(k, n)], attrs, body: product() }),
    sizedCase(`${size}, terms side by side`, { args: [f32(T, k)], weights: [weight], attrs, sizes: { T: m }, body: product({ transposeB: true }) }),
  ];
}

const EDGES = [1, 7, 8, 9, 12, 16, 17].flatMap((k, i) =>
  [1, 15, 16, 20, 33].flatMap((n, j) => plain("small", SMALL, [[1, 7, 8, 9, 17][(i + j) % 5]!, k, n])),
);

const layouts: readonly (readonly [string, Weight, boolean])[] = [
  ["bf16 [N, K]", { dtype: "bf16", dims: [20, 12] }, true],
  ["bf16 [K, N]", { dtype: "bf16", dims: [12, 20] }, false],
  ["packed [N, K]", { dtype: "f32", dims: [20, 12], layout: { tile: [4, 4], order: [0, 1] } }, true],
  ["packed [K, N]", { dtype: "f16", dims: [12, 20], layout: { tile: [4, 4], order: [1, 0] } }, false],
];

/** Operands that are f16 as they lie in memory, and on their way through the workgroup's. */
const halves: Body = (b, operands) => {
  const [x, w] = operands.map((of) => b.emit("cast", [of], { dtype: "f32" }));
  return [b.emit("matmul", [x!, w!], { transpose_b: true })];
};
const inHalves = (attrs: Attrs, [m, k, n]: readonly [number, number, number]): SizedCase =>
  sizedCase(`operands in f16, ${m} x ${k} x ${n}`, {
    args: [tensorType("f16", [Dim.of(T), Dim.of(k)])],
    weights: [{ dtype: "f16", dims: [n, k] }],
    attrs: { ...attrs, panel: "f16" },
    sizes: { T: m },
    body: halves,
  });

const gated: (count: number) => Body =
  (count) =>
  (b, [x, r, ...weights]) => {
    const products = weights.slice(0, count).map((w) => b.emit("matmul", [x!, w], { transpose_b: true }));
    const joined = products.reduce((all, one) => b.emit("mul", [b.emit("tanh", [all]), one]));
    return [b.emit("add", [joined, r!]), joined];
  };
const severalOf = (count: number, attrs: Attrs, [m, k, n]: readonly [number, number, number]): SizedOptions => ({
  args: [f32(m, k), f32(m, n), ...Array.from({ length: count }, () => f32(n, k))],
  attrs,
  body: gated(count),
});

const withHeads: Body = (b, [x, w]) => {
  const merged = b.emit("reshape", [b.emit("transpose", [x!], { perm: [0, 2, 1, 3] })], { shape: [2, T, 12] });
  return [b.emit("matmul", [merged, b.emit("transpose", [w!], { perm: [1, 0] })])];
};

const batched = (m: number, k: number, n: number): SizedCase =>
  sizedCase(`a matrix for each head, ${m} x ${k} x ${n}`, {
    ...{ args: [f32(2, 3, m, k), f32(2, 1, k, n)], attrs: SMALL },
    body: product(),
  });

/** Scores of all queries against all keys: what is summed over is known at the call only. */
const dynamicTerms: SizedOptions = {
  args: [f32(2, T, T), f32(2, T, 8)],
  ...{ attrs: SMALL, sizes: { T: 11 }, body: product() },
};

const CASES: readonly SizedCase[] = [
  ...EDGES,
  ...[[63, 15, 64], [64, 16, 63], [65, 17, 68], [64, 32, 128]].flatMap((size) => plain("own", OWN, size as unknown as [number, number, number])), // prettier-ignore
  ...[[12, 12, 24], [11, 13, 23], [25, 24, 28]].flatMap((size) => plain("odd", ODD, size as unknown as [number, number, number])), // prettier-ignore
  ...[[31, 15, 63], [33, 20, 65], [32, 32, 128]].flatMap((size) => plain("half", HALF, size as unknown as [number, number, number])), // prettier-ignore
  ...[[31, 20, 33], [33, 17, 31], [64, 16, 64]].flatMap((size) => plain("quarter", QUARTER, size as unknown as [number, number, number])), // prettier-ignore
  ...layouts.map(([name, weight, transposeB]) =>
    sizedCase(name, { args: [f32(9, 12)], weights: [weight], attrs: SMALL, body: product({ transposeB }) }),
  ),
  sizedCase("rows side by side", { args: [f32(12, 20), f32(12, 20)], attrs: SMALL, body: product({ transposeA: true }) }), // prettier-ignore
  sizedCase("rows side by side, no fours", { args: [f32(12, 19), f32(12, 20)], attrs: SMALL, body: product({ transposeA: true }) }), // prettier-ignore
  ...[[9, 12, 20], [8, 7, 16], [17, 19, 33]].map((size) => inHalves(SMALL, size as unknown as [number, number, number])), // prettier-ignore
  inHalves(OWN, [65, 20, 68]),
  inHalves(OWN, [64, 32, 128]),
  inHalves(ODD, [13, 20, 40]),
  sizedCase("gate and up", severalOf(2, SMALL, [9, 20, 36])),
  sizedCase("gate and up of odd sizes", severalOf(2, SMALL, [9, 7, 19])),
  sizedCase("gate and up in tiles of two pieces", severalOf(2, { ...ODD, tile_columns: 16 }, [13, 20, 40])),
  sizedCase("three products", severalOf(3, OWN, [65, 20, 68])),
  sizedCase("heads merged in front, a weight transposed by a move", { args: [f32(2, 3, T, 4), f32(20, 12)], attrs: SMALL, sizes: { T: 5 }, body: withHeads }), // prettier-ignore
  ...[batched(9, 8, 17), batched(1, 1, 1), batched(8, 12, 16)],
  sizedCase("terms known at the call", dynamicTerms),
  sizedCase("terms known at the call, fours", { ...dynamicTerms, sizes: { T: 16 } }),
];

/** Milliseconds for compiling all kernels on a loaded machine, without a shader cache. */
const COLD = 600_000;

const isInHalves = ({ name }: SizedCase): boolean => name.startsWith("operands in f16");
/** The profile, with f16 where the case has it. */
const infoFor = (found: SizedCase, info: TargetInfo): TargetInfo =>
  isInHalves(found) ? { ...info, hasF16: true, storage: [...info.storage, "f16"] } : info;
const built = (found: SizedCase, info: TargetInfo): BuiltProgram =>
  buildProgram(found.module, infoFor(found, info), { capacities: capacitiesOf(found) });
const builtFor = (info: TargetInfo, cases = CASES): ReadonlyMap<SizedCase, BuiltProgram> =>
  new Map(cases.map((found) => [found, built(found, info)]));
/** Larger than the call, so that a size taken for a capacity is seen. */
const capacitiesOf = ({ sizes }: SizedCase): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, size + 3]));

describe.each(["interpreter", "js"] as const)("in the executor %s", (executor) => {
  // JavaScript has no f16.
  const cases = executor === "js" ? CASES.filter((found) => !isInHalves(found)) : CASES;
  const programs = builtFor(executor === "js" ? js : webgpuBase, cases);
  it.each(cases)("$name", (found) => {
    expect(differenceOf(found, runPlan(programs.get(found)!.program, "f", found, executor))).toBeUndefined();
  });
});

describe("on a device", () => {
  let adapter: OpenAdapter | undefined;
  let device: WebGpuDevice | undefined;
  let unit: CudaUnit | undefined;
  const forCuda = builtFor(cudaSm80);
  beforeAll(async () => {
    adapter = await openAdapter();
    device = adapter === undefined ? undefined : WebGpuDevice.inject(adapter.device);
    if (simProblem() === undefined) unit = await CudaUnit.compile([...forCuda.values()].map(({ program }) => program));
  }, COLD);
  afterAll(() => {
    adapter?.close();
    unit?.close();
  });

  it("WebGPU takes all of them", { timeout: COLD }, async ({ skip }) => {
    if (adapter === undefined) return skip("no WebGPU adapter on this machine");
    for (const [, { code }] of builtFor(webgpuBase))
      for (const text of code.values()) expect(await validateWgsl(adapter.device, text)).toEqual([]);
  });

  // Mesa takes seconds to compile one.
  const some = CASES.filter((found, i) => i % 11 === 3 || isInHalves(found));

  it.for(some)("WebGPU: $name", { timeout: COLD }, async (found, { skip }) => {
    if (device === undefined) return skip("no WebGPU adapter on this machine");
    const program = built(found, webgpuBase);
    expect(differenceOf(found, await runOnDevice(device, program, "f", found))).toBeUndefined();
  });

  it("the CUDA simulator gives the reference's answers and sees no race", { timeout: COLD }, async ({ skip }) => {
    if (unit === undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
    const failures: string[] = [];
    for (const [found, program] of forCuda) {
      const difference = differenceOf(found, await runOnDevice(unit.device(program.program), program, "f", found));
      if (difference !== undefined) failures.push(difference);
    }
    expect(failures).toEqual([]);
  });

  it(
    "whole tiles ask each bank once and each sector of memory as rarely as can be",
    { timeout: COLD },
    async ({ skip }) => {
      if (unit === undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
      const whole = CASES.filter(({ name }) => /^(own|operands in f16,) 64 x 32 x 128/.test(name));
      expect(whole).toHaveLength(3);
      for (const found of whole) {
        const program = forCuda.get(found)!;
        const seen: SimTraffic[] = [];
        await runOnDevice(
          unit.device(program.program, (_, traffic) => seen.push(traffic)),
          program,
          "f",
          found,
        );
        const [traffic] = seen;
        expect(traffic?.sharedRequests).toBeGreaterThan(0);
        expect(traffic?.worstBankWays).toBe(1);
        expect(traffic?.readSectors).toBe(traffic?.leastReadSectors);
        expect(traffic?.writtenSectors).toBe(traffic?.leastWrittenSectors);
      }
    },
  );
});

describe("NVIDIA's compiler", () => {
  const tools = useCudaTools();
  // In the sizes that profiles use, an invocation has the most sums.
  const large = CASES.filter(({ name }) => /^(own|half|quarter|three|operands in f16)/.test(name));
  const kernels = [...builtFor(cudaSm80)].filter(([found]) => large.includes(found)).map(([, { program }], i) => ({ ...program.kernels[0]!, name: `product_${i}` })); // prettier-ignore

  it.each(["sm_80", "sm_90a"] as const)("spills nothing for %s", { timeout: COLD }, (arch) => {
    const compiled = tools().compile(emitCudaUnit(kernels), { arch, name: "products.cu" });
    expect(compiled.log).toBe("");
    expect(compiled.kernels).toHaveLength(kernels.length);
    expect(compiled.kernels.filter(({ spillStores, spillLoads }) => spillStores + spillLoads > 0)).toEqual([]);
  });
});
