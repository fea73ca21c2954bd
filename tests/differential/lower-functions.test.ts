/** Whole functions lowered: loops over families, state updated in place, symbolic sizes below the capacities. */
import { describe, expect, it } from "vitest";
import { lowerModule } from "../../passes/lower/index.ts";
import { evaluate } from "../../src/interp/index.ts";
import { Builder, tensorType, value } from "../../src/ir/index.ts";
import type { Func, Op, Tensor, Value } from "../../src/ir/index.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { OPS } from "../../src/ops/index.ts";
import { verifyProgram } from "../../src/plan/verify.ts";
import { js } from "../../src/profiles/js.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";
import { Dim } from "../../src/support/dim.ts";
import { Rng } from "../../src/support/random.ts";
import { compareTensors } from "../support/compare-tensors.ts";
import { randomTensor, tensorOf } from "../support/random-tensor.ts";
import { runPlan } from "../support/run-plan.ts";
import { programTolerance } from "../support/tolerance.ts";

const [B, T, S] = ["B", "T", "S"].map((name) => Dim.symbol(name)) as [Dim, Dim, Dim];
const LAYERS = 3;
const [C, V, H, D] = [8, 11, 2, 4];

/** A cache, attention, a residual and a norm in each of three layers, and a tied head. */
function extend(): Func {
  const b = new Builder(OPS);
  const tokens = value(tensorType("i32", [B, T]), "tokens");
  const count = value(tensorType("i32", [B]), "count");
  const pos = value(tensorType("i32", [B]), "pos");
  const cache = value(tensorType("f32", [B, H, S, D], LAYERS), "keys");
  const embedding = b.param("embed", tensorType("f32", [V, C]));
  const start = b.emit("take", [embedding, tokens]);

  const inner = b.nested();
  const [h, old] = [value(start.type, "h"), value(tensorType("f32", [B, H, S, D]), "old")];
  const weight = inner.param("layers.{i}.weight", tensorType("f32", [C, C]));
  const heads = (x: Value): Value =>
    inner.emit("transpose", [inner.emit("reshape", [x], { shape: [B, T, H, D] })], { perm: [0, 2, 1, 3] });
  const keys = inner.emit("cache_write", [old, heads(inner.emit("matmul", [h, weight], { transpose_b: true })), pos, count]); // prettier-ignore
  const mixed = inner.emit("attention", [heads(h), keys, keys, pos], { mask: "causal", scale: 0.5 });
  const merged = inner.emit("reshape", [inner.emit("transpose", [mixed], { perm: [0, 2, 1, 3] })], {
    shape: [B, T, C],
  });
  const sum = inner.emit("add", [h, merged]);
  const square = inner.emit("mean", [inner.emit("mul", [sum, sum])], { axis: -1, keep: true });
  const next = inner.emit("mul", [sum, inner.emit("rsqrt", [square])]);
  const repeat: Op = b.push({
    name: "repeat",
    operands: [start, cache],
    attrs: { index: "i", count: LAYERS, carries: 1 },
    results: [value(start.type, "h"), value(cache.type, "keys")],
    regions: [inner.block([h, old], [next, keys])],
  });
  const advanced = b.emit("add", [pos, count]);
  const logits = b.emit("matmul", [repeat.results[0]!, embedding], { transpose_b: true });
  return {
    name: "extend",
    args: [
      { name: "tokens", mode: "in", value: tokens },
      { name: "count", mode: "in", value: count },
      { name: "pos", mode: "inout", value: pos },
      { name: "keys", mode: "inout", value: cache },
    ],
    results: [{ name: "logits" }, { name: "pos", into: "pos" }, { name: "keys", into: "keys" }],
    body: b.block([tokens, count, pos, cache], [logits, advanced, repeat.results[1]!]),
  };
}

const sizes = { B: 2, T: 3, S: 9 };
const capacities = { B: 3, T: 5, S: 12 };

function lowered(info: TargetInfo): ReturnType<typeof lowerModule>["program"] {
  const { program, diagnostics } = lowerModule({ name: "m", funcs: [extend()] }, { ops: OPS, info, capacities });
  expect(diagnostics).toEqual([]);
  return program;
}

describe("a function with a loop and state", () => {
  const rng = new Rng(3);
  const inputs = { tokens: tensorOf("i32", [2, 3], [4, 10, 0, 7, 7, 2]), count: tensorOf("i32", [2], [3, 2]) };
  const pos = tensorOf("i32", [2], [2, 5]);
  const caches = Array.from({ length: LAYERS }, () => randomTensor(rng, "f32", [2, H, 9, D]));
  const weights = new Map<string, Tensor>([["embed", randomTensor(rng, "f32", [V, C])]]);
  for (let i = 0; i < LAYERS; i++) weights.set(`layers.${i}.weight`, randomTensor(rng, "f32", [C, C]));
  const expected = (mode: "exact" | "rounded"): Record<string, Tensor | readonly Tensor[]> =>
    evaluate(extend(), { ...inputs, pos, keys: caches }, { ops: OPS, params: (path) => weights.get(path)!, symbols: sizes, mode }); // prettier-ignore
  const [exact, rounded] = [expected("exact"), expected("rounded")];

  it.each([
    [js, "js"],
    [webgpuCpu, "js"],
    [webgpuBase, "interpreter"],
  ] as const)("gives the interpreter's answers for $name", (info, executor) => {
    const state = { pos, ...Object.fromEntries(caches.map((cache, i) => [`keys.${i}`, cache])) };
    const results = runPlan(lowered(info), "extend", { sizes, inputs, weights: (path) => weights.get(path)!, state }, executor); // prettier-ignore
    const check = (name: string, exactTensor: Tensor, roundedTensor: Tensor): void => {
      const actual = results.read(name, exactTensor.dtype, exactTensor.dims);
      expect(compareTensors(actual, exactTensor, programTolerance(exactTensor, roundedTensor), { what: name })).toBeUndefined(); // prettier-ignore
    };
    check("logits", exact["logits"] as Tensor, rounded["logits"] as Tensor);
    check("pos", exact["pos"] as Tensor, rounded["pos"] as Tensor);
    for (let i = 0; i < LAYERS; i++)
      check(`keys.${i}`, (exact["keys"] as Tensor[])[i]!, (rounded["keys"] as Tensor[])[i]!);
  });

  it("makes a sound plan that copies no state", () => {
    const program = lowered(webgpuBase);
    expect(verifyProgram(program, webgpuBase.limits)).toEqual([]);
    expect(program.kernels.filter(({ name }) => name.startsWith("copy"))).toEqual([]);
  });

  it("lowers the layers once and launches them three times", () => {
    const program = lowered(webgpuBase);
    const launches = program.plans[0]!.steps.filter(({ kernel }) => kernel === "attention");
    expect(launches.map(({ loop }) => loop)).toEqual([0, 1, 2].map((i) => ({ index: "i", i })));
    expect(new Set(launches.map(({ bindings }) => bindings.map(({ buffer }) => buffer).join()))).toHaveProperty("size", 3); // prettier-ignore
  });

  it("advances the positions after the last kernel that reads the old ones", () => {
    const { steps } = lowered(js).plans[0]!;
    const touching = steps.filter(({ bindings }) => bindings.some(({ buffer }) => buffer === "pos"));
    expect(touching.at(-1)!.kernel).toBe("add_1");
  });
});

describe("state that cannot be replaced in place", () => {
  it("is copied where another row's element is read", () => {
    const b = new Builder(OPS);
    const x = value(tensorType("f32", [4]), "x");
    const last = b.emit("slice", [x], { axis: 0, start: 3, end: 4 });
    const next = b.emit("add", [x, last]);
    const group: Op = {
      name: "group",
      operands: [x],
      attrs: { name: "shift" },
      results: [value(next.type)],
      regions: [b.block([x], [next])],
    };
    const arg = value(x.type, "x");
    const func: Func = {
      name: "f",
      args: [{ name: "x", mode: "inout", value: arg }],
      results: [{ name: "x", into: "x" }],
      body: { args: [arg], ops: [{ ...group, operands: [arg] }], yields: group.results },
    };
    const { program } = lowerModule({ name: "m", funcs: [func] }, { ops: OPS, info: js, capacities: {} });
    expect(program.plans[0]!.steps.map(({ kernel }) => kernel)).toEqual(["shift", "copy"].map((n) => expect.stringContaining(n))); // prettier-ignore
    const results = runPlan(program, "f", { state: { x: tensorOf("f32", [4], [1, 2, 3, 4]) } }, "interpreter");
    expect([...results.read("x", "f32", [4]).data]).toEqual([5, 6, 7, 8]);
  });
});

describe("limits", () => {
  it("names the weight that is larger than a binding, and accepts one that just fits", () => {
    const codes = (maxBindingBytes: number): readonly string[] => {
      const info = { ...js, limits: { ...js.limits, maxBindingBytes } };
      const { diagnostics } = lowerModule({ name: "m", funcs: [extend()] }, { ops: OPS, info, capacities });
      return diagnostics.map(({ code, message }) => `${code} ${message}`);
    };
    // The caches are the largest: 3 x 2 x 12 x 4 elements.
    expect(codes(3 * 2 * 12 * 4 * 4)).toEqual([]);
    expect(codes(3 * 2 * 12 * 4 * 4 - 1)[0]).toMatch(/^LLM0401 `keys\.0` \(f32\[B, 2, S, 4\]\) has 1152 bytes/);
  });
});
