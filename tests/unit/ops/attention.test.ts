/** attention against a hand-written mask, and what its operands mean. */
import { describe, expect, test } from "vitest";
import { Builder } from "../../../src/ir/builder.ts";
import { value } from "../../../src/ir/ir.ts";
import type { Tensor } from "../../../src/ir/op-def.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { OPS } from "../../../src/ops/index.ts";
import { normal } from "../../../src/ops/support/sample-data.ts";
import { Rng } from "../../../src/support/random.ts";
import { f32, i32, number, record, run } from "./run.ts";

/** Values are one-hot over the keys, so that the result shows the weights: [B, H, T, S]. */
function weights(
  T: number,
  S: number,
  options: Partial<Record<"offset" | "window" | "lengths" | "prefix", Tensor>>,
  mask = "causal",
) {
  const q = f32([1, 1, T, 1], new Array(T).fill(0));
  const k = f32([1, 1, S, 1], new Array(S).fill(0));
  const v = f32(
    [1, 1, S, S],
    Array.from({ length: S * S }, (_, i) => (Math.floor(i / S) === i % S ? 1 : 0)),
  );
  const { offset = null, window = null, lengths = null, prefix = null } = options;
  const out = run("attention", [q, k, v, offset, window, lengths, prefix], { mask, scale: 1 });
  return Array.from({ length: T }, (_, t) => [...out.data.slice(t * S, (t + 1) * S)].map((w) => (w > 0 ? 1 / w : 0)));
}

describe("visible keys (each shows how many share the weight)", () => {
  test("causal", () => expect(weights(3, 3, {})).toEqual([[1, 0, 0], [2, 2, 0], [3, 3, 3].map((n) => expect.closeTo(n))])); // prettier-ignore
  test("full", () => expect(weights(2, 2, {}, "full")).toEqual([[2, 2], [2, 2]])); // prettier-ignore
  test("offset", () => expect(weights(2, 4, { offset: i32([1], [1]) })).toEqual([[2, 2, 0, 0], [3, 3, 3, 0].map((n) => expect.closeTo(n))])); // prettier-ignore
  test("window of 1 sees only itself", () =>
    expect(weights(2, 2, { window: number("i32", 1) })).toEqual([[1, 0], [0, 1]])); // prettier-ignore
  test("window of 2 with an offset", () =>
    expect(weights(2, 4, { offset: i32([1], [1]), window: number("i32", 2) })).toEqual([[2, 2, 0, 0], [0, 2, 2, 0]])); // prettier-ignore
  test("lengths", () => expect(weights(1, 3, { lengths: i32([1], [2]) }, "full")).toEqual([[2, 2, 0]]));
  test("a prefix is seen by all, and the rest is causal", () =>
    expect(weights(3, 3, { prefix: i32([1], [2]) })).toEqual([[2, 2, 0], [2, 2, 0], [3, 3, 3].map((n) => expect.closeTo(n))])); // prettier-ignore
  test("a prefix longer than the keys; one of 0 changes nothing", () => {
    expect(weights(2, 2, { prefix: i32([1], [9]) })).toEqual([[2, 2], [2, 2]]); // prettier-ignore
    expect(weights(2, 2, { prefix: i32([1], [0]) })).toEqual(weights(2, 2, {}));
  });
  test("windows of the queries, for attention in chunks of 2", () =>
    expect(weights(4, 4, { window: i32([4], [1, 2, 1, 2]) })).toEqual([
      [1, 0, 0, 0],
      [2, 2, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 2, 2],
    ]));
  test("a window does not hide the prefix, padding does", () => {
    const prefix = i32([1], [1]);
    expect(weights(1, 4, { offset: i32([1], [3]), window: number("i32", 1), prefix })).toEqual([[2, 0, 0, 2]]);
    expect(weights(1, 2, { lengths: i32([1], [0]), prefix })).toEqual([[0, 0]]);
  });
  test("no visible key gives 0", () => expect(weights(1, 2, { lengths: i32([1], [0]) })).toEqual([[0, 0]]));
});

describe("what changes a score (one query at position 2, three keys, values one-hot)", () => {
  const three = (scores: readonly number[], options: Partial<Record<"bias" | "slopes" | "sinks", Tensor>>, softcap = 0): readonly number[] => {
    const v = f32([1, 1, 3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const { bias = null, slopes = null, sinks = null } = options;
    const operands = [f32([1, 1, 1, 1], [1]), f32([1, 1, 3, 1], scores), v, i32([1], [2]), null, null, null, bias, slopes, sinks];
    return [...run("attention", operands, { mask: "causal", scale: 1, softcap }).data];
  }; // prettier-ignore
  const softmax = (scores: readonly number[], more = 0): readonly unknown[] => {
    const sum = scores.reduce((all, score) => all + Math.exp(score), more);
    return scores.map((score) => expect.closeTo(Math.exp(score) / sum, 12));
  };
  test("soft cap", () => expect(three([1, 8, -100], {}, 5)).toEqual(softmax([5 * Math.tanh(0.2), 5 * Math.tanh(1.6), -5]))); // prettier-ignore
  test("a soft cap of 0 is none", () => expect(three([1, 2, 3], {}, 0)).toEqual(softmax([1, 2, 3])));
  test("bias, not capped", () =>
    expect(three([0, 0, 1], { bias: f32([1, 3], [7, 8, 9]) }, 5)).toEqual(softmax([7, 8, 9 + 5 * Math.tanh(0.2)])));
  test("slopes", () => expect(three([0, 0, 0], { slopes: f32([1], [0.5]) })).toEqual(softmax([-1, -0.5, 0])));
  test("a sink takes weight", () => expect(three([1, 2, 3], { sinks: f32([1], [2.5]) })).toEqual(softmax([1, 2, 3], Math.exp(2.5)))); // prettier-ignore
});

describe("relative_buckets, as the published code numbers them", () => {
  const bucket = (distance: number, bidirectional: boolean): number | undefined =>
    run("relative_buckets", [i32([1], [0]), i32([1], [distance])], { buckets: 32, max_distance: 128, bidirectional }).data[0]; // prettier-ignore
  test.each([[0, 0], [-1, 1], [-7, 7], [-8, 8], [-11, 8], [-12, 9], [-16, 10], [-32, 12], [-64, 14], [-127, 15], [-128, 15], [-9999, 15]])("both signs: %i is in %i", (distance, expected) => {
    expect(bucket(distance, true)).toBe(expected);
    if (distance < 0) expect(bucket(-distance, true)).toBe(16 + expected);
  }); // prettier-ignore
  test.each([[5, 0], [0, 0], [-1, 1], [-15, 15], [-16, 16], [-32, 21], [-64, 26], [-127, 31], [-128, 31], [-9999, 31]])("causal: %i is in %i", (distance, expected) =>
    expect(bucket(distance, false)).toBe(expected)); // prettier-ignore
});

describe("alibi_slopes, as the published code makes them", () => {
  const slopes = (heads: number): readonly number[] => [...run("alibi_slopes", [], { heads }).data];
  test("a power of two", () => expect(slopes(4)).toEqual([2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8]));
  test("six heads: four, then every second one of eight", () =>
    expect(slopes(6)).toEqual([2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3]));
});

test("heads of a group share keys: as if these were repeated", () => {
  const rng = new Rng(3);
  const [q, k, v] = [normal(rng, [1, 4, 3, 2]), normal(rng, [1, 2, 3, 2]), normal(rng, [1, 2, 3, 2])];
  const repeated = (x: Tensor): Tensor => run("take", [x, i32([4], [0, 0, 1, 1])], { axis: 1 });
  const attrs = { mask: "causal", scale: 0.7 };
  expect(run("attention", [q, k, v], attrs)).toEqual(run("attention", [q, repeated(k), repeated(v)], attrs));
  const interleaved = (x: Tensor): Tensor => run("take", [x, i32([4], [0, 1, 0, 1])], { axis: 1 });
  expect(run("attention", [q, k, v], attrs)).not.toEqual(run("attention", [q, interleaved(k), interleaved(v)], attrs));
});

describe("surface", () => {
  const build = (args: Parameters<NonNullable<ReturnType<typeof record>["surface"]>["build"]>[1]) => {
    const b = new Builder(OPS);
    const [q, k] = [value(tensorType("f32", [1, 4, 3, 16])), value(tensorType("f32", [1, 2, 3, 16]))];
    const made = record("attention").surface!.build(b, { q, k, v: k, ...args });
    return typeof made === "string" ? made : b.ops.at(-1)!;
  };
  test("defaults", () =>
    expect(build({})).toMatchObject({ name: "attention", attrs: { mask: "causal", scale: 0.25 } }));
  test("a window is one i32, or one for each query", () => {
    const window = value(tensorType("i32", []));
    expect(build({ window })).toMatchObject({ operands: [{}, {}, {}, null, { type: { dtype: "i32" } }] });
    for (const dims of [[3], [1, 3]]) expect(build({ window: value(tensorType("i32", dims)) })).toHaveProperty("name");
    for (const dims of [[1], [4], [3, 1], [2, 3], [1, 1, 3]])
      expect(build({ window: value(tensorType("i32", dims)) })).toContain("a window is i32[], i32[T] or i32[B, T]");
    expect(build({ window: value(tensorType("f32", [])) })).toBe("window is f32[], and its element type must be i32");
  });
  test("a soft cap and sinks", () =>
    expect(build({ softcap: 30, sinks: value(tensorType("f32", [4])) })).toMatchObject({
      operands: [{}, {}, {}, null, null, null, null, null, null, { type: { dtype: "f32" } }],
      attrs: { mask: "causal", scale: 0.25, softcap: 30 },
    }));
  test("an unknown mask, which sema refuses", () =>
    expect(() => build({ mask: "causl" })).toThrow("causl is none of causal, full"));
});
