/**
 * Attention in chunks of keys and what puts them together, on every executor: every sample of attention with enough
 * keys, in chunks that end with the last key, before it and far behind it; rows that see no key, one chunk, all chunks.
 */
import { describe, expect, it } from "vitest";
import type { Module } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { attention } from "../../src/ops/sequence/attention.ts";
import { webgpuBase } from "../../src/profiles/webgpu.ts";
import { Rng } from "../../src/support/random.ts";
import { buildProgram } from "../support/build-program.ts";
import type { BuiltProgram } from "../support/build-program.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { onEveryDevice } from "../support/on-every-device.ts";
import type { DeviceCase } from "../support/on-every-device.ts";
import { caseOf, evaluateCase } from "../support/op-case.ts";
import type { OpCase } from "../support/op-case.ts";
import { opTolerance } from "../support/tolerance.ts";

/** How much longer the cache may be than in the call: chunks behind its end are never reached. */
const SPARE = 20;

const CASES = attention.samples(new Rng(7)).flatMap((sample, i) => {
  const keys = sample.operands[1]?.dims[2] ?? 0;
  const chunk = keys > 100 ? [64, 75][i % 2]! : [1, 2][i % 2]!;
  return keys < 7 ? [] : [{ sample, keys, chunk, opCase: caseOf(attention, sample, OPS) }];
});

function build({ symbols, module, func }: OpCase, info: TargetInfo, keys: number): BuiltProgram {
  // Eight bindings are not enough for all operands and three results.
  const limits = { ...info.limits, maxStorageBuffers: Math.max(10, info.limits.maxStorageBuffers) };
  const split = { keys, mostQueries: 4096 };
  const tiles = { ...info.tiles, attention: { ...info.tiles.attention, split } };
  const capacities = Object.fromEntries(Object.entries(symbols).map(([name, size]) => [name, size + SPARE]));
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

  it("is one kernel where there would be fewer than four chunks", () => {
    const { opCase, keys } = CASES[0]!;
    const steps = (chunk: number): number => build(opCase, webgpuBase, chunk).program.plans[0]!.steps.length;
    expect([Math.ceil(keys / 4), Math.ceil(keys / 3)].map(steps)).toEqual([2, 1]);
  });
});
