/**
 * The kernel of query, key and value: products of one left operand as parts, a norm in front, rotation within heads and
 * a write into the cache behind, at sizes where pieces, pairs and workgroups do not divide each other.
 */
import { describe, expect, it } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import type { Builder, TensorType, Value } from "../../src/ir/index.ts";
import { tensorType } from "../../src/ir/index.ts";
import type { Tensor } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Dim } from "../../src/support/dim.ts";
import { B, T, capacities, check, f32, groupFunc } from "../support/group-case.ts";
import type { Body } from "../support/group-case.ts";
import type { Executor } from "../support/run-plan.ts";

interface Geometry {
  readonly dim: number;
  readonly heads: number;
  readonly groups: number;
  readonly head: number;
  readonly hasNorm?: boolean;
  readonly hasBias?: boolean;
  readonly isHalf?: boolean;
}

const CACHE = 11;

/** x, norm weight, wq, wk, wv, bias of q, cos and sin, pos, count, caches of k and v. */
function typesOf({ dim, heads, groups, head, isHalf }: Geometry): readonly TensorType[] {
  const weight = (rows: number): TensorType => tensorType(isHalf === true ? "f16" : "f32", [rows, dim]);
  const counters = tensorType("i32", [B]);
  const cache = f32(B, groups, CACHE, head);
  return [
    ...[f32(B, T, dim), f32(dim), weight(heads * head), weight(groups * head), weight(groups * head)],
    ...[f32(heads * head), f32(T, 2, head / 2), counters, counters, cache, cache],
  ];
}

/** Rotates the halves of each head. */
function rotated(b: Builder, x: Value, table: Value, half: number): Value {
  const part = (of: Value, axis: number, start: number, size: number): Value =>
    b.emit("slice", [of], { axis, start, end: start + size });
  const [low, high] = [part(x, 3, 0, half), part(x, 3, half, half)];
  const [cos, sin] = [0, 1].map((which) => b.emit("reshape", [part(table, 1, which, 1)], { shape: [T, half] }));
  return b.emit(
    "concat",
    [
      b.emit("sub", [b.emit("mul", [low, cos!]), b.emit("mul", [high, sin!])]),
      b.emit("add", [b.emit("mul", [high, cos!]), b.emit("mul", [low, sin!])]),
    ],
    { axis: 3 },
  );
}

function queryKeyValue({ heads, groups, head, hasNorm, hasBias }: Geometry): Body {
  return (b, [given, weight, wq, wk, wv, bias, table, pos, count, keys, values]) => {
    const mean = b.emit("mean", [b.emit("mul", [given!, given!])], { axis: -1, keep: true });
    const x = hasNorm === true ? b.emit("mul", [b.emit("div", [given!, mean]), weight!]) : given!;
    const product = (w: Value, name: "q" | "other"): Value => {
      const y = b.emit("matmul", [x, b.emit("transpose", [b.emit("cast", [w], { dtype: "f32" })], { perm: [1, 0] })]);
      return hasBias === true && name === "q" ? b.emit("add", [y, bias!]) : y;
    };
    const split = (y: Value, count: number): Value =>
      b.emit("transpose", [b.emit("reshape", [y], { shape: [B, T, count, head] })], { perm: [0, 2, 1, 3] });
    const q = rotated(b, split(product(wq!, "q"), heads), table!, head / 2);
    const k = rotated(b, split(product(wk!, "other"), groups), table!, head / 2);
    const write = (cache: Value, fresh: Value): Value => b.emit("cache_write", [cache, fresh, pos!, count!]);
    return [q, write(keys!, k), write(values!, split(product(wv!, "other"), groups))];
  };
}

const given: Readonly<Record<string, Tensor>> = {
  a7: { dtype: "i32", dims: [2], data: Float64Array.of(3, 8) },
  // The second row has fewer tokens, and the last of them would lie beyond its cache.
  a8: { dtype: "i32", dims: [2], data: Float64Array.of(5, 4) },
};
const states = { 1: 9, 2: 10 };

const GEOMETRIES: readonly Geometry[] = [
  { dim: 8, heads: 4, groups: 2, head: 8 },
  { dim: 12, heads: 3, groups: 1, head: 16, hasNorm: true },
  { dim: 7, heads: 3, groups: 3, head: 6, hasBias: true },
  { dim: 5, heads: 1, groups: 1, head: 2, hasNorm: true, hasBias: true },
  { dim: 36, heads: 2, groups: 2, head: 24, isHalf: true, hasNorm: true },
  { dim: 4, heads: 5, groups: 1, head: 4, isHalf: true, hasBias: true },
];

/** With bindings for all of it. */
const [base, adapter] = [webgpuBase, webgpuCpu].map((info): TargetInfo => ({
  ...info,
  limits: { ...info.limits, maxStorageBuffers: 12 },
})) as [TargetInfo, TargetInfo];

describe("query, key and value", () => {
  const targets: readonly (readonly [Executor, TargetInfo])[] = [
    ["interpreter", base],
    ["interpreter", adapter],
    ["js", adapter],
    [cpuSimd, cpuSimd],
  ];
  for (const geometry of GEOMETRIES)
    for (const [executor, info] of targets)
      for (const lanes of executor === "interpreter" && info === base ? [1, 4, 32] : [1])
        for (const columns of [1, 4, 12])
          it(`${JSON.stringify(geometry)} on ${typeof executor === "string" ? executor : executor.name}, ${lanes} lanes, ${columns} columns`, () => {
            const attrs = { schedule: "matvec", lanes, columns };
            const program = check(typesOf(geometry), attrs, queryKeyValue(geometry), executor, info, { states, given });
            expect(program.plans[0]!.steps).toHaveLength(1);
          });

  it("is pulled where a cache is no state and must not be replaced", () => {
    for (const geometry of GEOMETRIES)
      check(
        typesOf(geometry),
        { schedule: "matvec", lanes: 1, columns: 4 },
        queryKeyValue(geometry),
        "js",
        { ...adapter, limits: { ...adapter.limits, maxStorageBuffers: 14 } },
        {
          given,
        },
      );
  });

  it("asks for no element of a head's other half but its own", () => {
    const geometry = GEOMETRIES[0]!;
    const func = groupFunc(
      typesOf(geometry),
      { schedule: "matvec", lanes: 1, columns: 4 },
      queryKeyValue(geometry),
      states,
    );
    const { program } = lowerModule({ name: "m", funcs: [func] }, { ops: OPS, info: adapter, capacities });
    // A rotation whose half is not known would be a choice between two sums.
    expect(JSON.stringify(program.kernels[0]!.body, (_, x: unknown) => (x instanceof Dim ? String(x) : x))).not.toContain('"select"'); // prettier-ignore
  });
});
