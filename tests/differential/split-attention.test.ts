/**
 * Attention in chunks of keys and what puts them together, on every executor: every sample of attention with enough
 * keys, in chunks that end with the last key, before it and far behind it; rows that see no key, one chunk, all chunks.
 */
import { describe, expect, it } from "vitest";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, Module, Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { attention } from "../../src/ops/sequence/attention.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { CudaUnit } from "../support/cuda-device.ts";
import { simProblem } from "../support/cuda-sim.ts";
import { onEveryDevice } from "../support/on-every-device.ts";
import type { DeviceCase } from "../support/on-every-device.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import type { OpCase } from "../support/op-case.ts";
import { randomTensor } from "../support/random-tensor.ts";
import { runOnDevice } from "../support/run-on-device.ts";
import { opTolerance } from "../support/tolerance.ts";

/** How much more there may be than in the call: of rows and queries, and of keys, whose last chunks are never reached. */
const SPARE = 2;
const SPARE_KEYS = 20;

const CASES = attention.samples(new Rng(7)).flatMap((sample, i) => {
  const keys = sample.operands[1]?.dims[2] ?? 0;
  const chunk = keys > 100 ? [64, 75][i % 2]! : [1, 2][i % 2]!;
  return keys < 7 ? [] : [{ sample, chunk, opCase: caseOf(attention, sample, OPS) }];
});

function build(
  { symbols, module, func }: Pick<OpCase, "symbols" | "module" | "func">,
  info: TargetInfo,
  keys: number,
  mostQueries = 4096,
): BuiltProgram {
  // Eight bindings are not enough for all operands and three results.
  const limits = { ...info.limits, maxStorageBuffers: Math.max(10, info.limits.maxStorageBuffers) };
  const tiles = { ...info.tiles, keySplit: { mostQueries, least: 7, keys } };
  const capacities = Object.fromEntries(
    Object.entries(symbols).map(([name, size]) => [name, size + (name === "S" ? SPARE_KEYS : SPARE)]),
  );
  const forward: Module = { ...module, funcs: [{ ...func, name: "forward" }] };
  return buildProgram(forward, { ...info, limits, tiles }, { capacities, tensorPasses: true });
}

describe("attention in chunks of keys", () => {
  onEveryDevice(
    CASES.map(({ sample, opCase, chunk }): DeviceCase => {
      const [expected] = evaluateCase(opCase, OPS, "exact");
      const [tolerance] = opTolerance(opCase, sample, OPS);
      return {
        build(info) {
          const built = build(opCase, info, chunk);
          expect(built.program.plans[0]!.steps.map(({ kernel }) => kernel)).toEqual(["attention_part", "attention"]);
          return built;
        },
        call: { sizes: opCase.symbols, inputs: opCase.args },
        check(results) {
          const actual = results.read("y0", "f32", expected!.dims);
          const what = `${sample.label}, chunks of ${chunk}`;
          expect(compareTensors(actual, expected!, tolerance!, { what, seed: 7 })).toBeUndefined();
        },
      };
    }),
  );

  it("costs next to nothing behind the last key that a query sees", { timeout: 300_000 }, async ({ skip }) => {
    if (simProblem() !== undefined) return skip(`no CUDA simulator on this machine: ${simProblem()}`);
    const [keys, chunk, depth] = [512, 16, 8];
    const sizes = { q: [1, 1, 1, depth], k: [1, 1, keys, depth], v: [1, 1, keys, depth] };
    const b = new Builder(OPS);
    const given = Object.entries(sizes).map(([name, dims]) => value(tensorType("f32", dims), name));
    const offset = value(tensorType("i32", [1]), "offset");
    const y = b.emit("attention", [...given, offset], { mask: "causal", scale: 0.5 });
    const args = [...given, offset].map((arg) => ({ name: arg.name, mode: "in" as const, value: arg }));
    const func: Func = { name: "forward", args, results: [{ name: "y" }], body: b.block([...given, offset], [y]) };
    const built = build({ symbols: {}, func, module: { name: "m", funcs: [func] } }, cudaSm80, chunk);
    const unit = await CudaUnit.compile([built.program]);
    try {
      const readAt = async (position: number): Promise<number> => {
        let read = 0;
        const device = unit.device(built.program, (kernel, { readBytes }) => void (read += kernel === "attention_part" ? readBytes : 0)); // prettier-ignore
        const inputs = Object.fromEntries(Object.entries(sizes).map(([name, dims]) => [name, randomTensor(new Rng(3), "f32", dims)])); // prettier-ignore
        await runOnDevice(device, built, "forward", { inputs: { ...inputs, offset: vector(position) } });
        return read;
      };
      const [first, second, all] = [await readAt(chunk - 1), await readAt(2 * chunk - 1), await readAt(keys - 1)];
      // Each chunk costs the same, and one that is not reached the query, and the offset for each lane.
      expect(all - first).toBe((keys / chunk - 1) * (second - first));
      expect(first - (second - first)).toBe((keys / chunk) * 4 * (depth + cudaSm80.tiles.attention.lanes));
    } finally {
      unit.close();
    }
  });

  it("is one kernel where the keys are few, or the queries many", () => {
    const launches = (queries: number, keys: number): number => {
      const [q, k] = [queries, keys].map((length, i) => value(tensorType("f32", [1, 1, length, 4]), `x${i}`));
      const b = new Builder(OPS);
      const y = b.emit("attention", [q!, k!, k!], { mask: "full", scale: 0.5 });
      const args = [q!, k!].map((arg) => ({ name: arg.name, mode: "in" as const, value: arg }));
      const func: Func = { name: "forward", args, results: [{ name: "y" }], body: b.block([q!, k!], [y]) };
      const opCase = { symbols: {}, func, module: { name: "m", funcs: [func] } };
      return build(opCase, webgpuBase, 2, 64).program.plans[0]!.steps.length;
    };
    expect([launches(64, 7), launches(64, 6), launches(65, 7)]).toEqual([2, 1, 1]);
  });
});

function vector(position: number): Tensor {
  return { dtype: "i32", dims: [1], data: Float64Array.of(position) };
}
