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
  options: Partial<Record<"offset" | "window" | "lengths", Tensor>>,
  mask = "causal",
) {
  const q = f32([1, 1, T, 1], new Array(T).fill(0));
  const k = f32([1, 1, S, 1], new Array(S).fill(0));
  const v = f32(
    [1, 1, S, S],
    Array.from({ length: S * S }, (_, i) => (Math.floor(i / S) === i % S ? 1 : 0)),
  );
  const { offset = null, window = null, lengths = null } = options;
  const out = run("attention", [q, k, v, offset, window, lengths], { mask, scale: 1 });
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
  test("no visible key gives 0", () => expect(weights(1, 2, { lengths: i32([1], [0]) })).toEqual([[0, 0]]));
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
  test("a window is one i32", () => {
    const window = value(tensorType("i32", []));
    expect(build({ window })).toMatchObject({ operands: [{}, {}, {}, null, { type: { dtype: "i32" } }] });
    expect(build({ window: value(tensorType("f32", [])) })).toBe("window is f32[], and its element type must be i32");
  });
  test("an unknown mask, which sema refuses", () =>
    expect(() => build({ mask: "causl" })).toThrow("causl is none of causal, full"));
});
