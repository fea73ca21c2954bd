/** Meanings against values computed by hand or taken from tables. */
import { describe, expect, test } from "vitest";
import { sigmoidOf } from "../../../src/ops/elementwise/transcendental.ts";
import { erf } from "../../../src/ops/support/erf.ts";
import { f32, i32, number, run } from "./run.ts";

const list = (x: { readonly data: Float64Array }): number[] => [...x.data];

describe("erf", () => {
  // Abramowitz and Stegun, table 7.1, and DLMF.
  test.each([
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3.5, 0.9999992569016276],
    [5.9, 1],
  ])("erf(%f)", (x, expected) => {
    expect(erf(x)).toBeCloseTo(expected, 14);
    expect(erf(-x)).toBe(-erf(x));
  });
  test("at its ends", () => {
    expect([erf(Infinity), erf(-Infinity), erf(NaN), erf(-0)]).toEqual([1, -1, NaN, -0]);
  });
});

test("gelu, exact and approximate", () => {
  const x = f32([4], [-1, 0, 1, 3]);
  const exact = list(run("gelu", [x]));
  [-0.15865525393145707, 0, 0.8413447460685429, 2.99595030590511].forEach((y, i) =>
    expect(exact[i]).toBeCloseTo(y, 13),
  );
  const approximate = list(run("gelu_tanh", [x]));
  [-0.15880800939172324, 0, 0.8411919906082768, 2.996362607918227].forEach((y, i) =>
    expect(approximate[i]).toBeCloseTo(y, 13),
  );
});

test("sigmoid and silu do not overflow", () => {
  expect([sigmoidOf(-1000), sigmoidOf(0), sigmoidOf(1000)]).toEqual([0, 0.5, 1]);
  expect(list(run("silu", [f32([2], [-1000, 1000])]))).toEqual([-0, 1000]);
});

test("softmax of numbers far apart and equal ones", () => {
  expect(list(run("softmax", [f32([3], [1e30, -1e30, 0])]))).toEqual([1, 0, 0]);
  expect(list(run("softmax", [f32([4], [7, 7, 7, 7])]))).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(list(run("log_softmax", [f32([2], [1000, 0])]))).toEqual([0, -1000]);
  expect(list(run("softmax", [f32([2, 2], [0, 5, 0, 5])], { axis: 0 }))).toEqual([0.5, 0.5, 0.5, 0.5]);
});

test("integers wrap, truncate and survive division by zero", () => {
  expect(list(run("add", [i32([1], [2147483647]), i32([1], [1])]))).toEqual([-2147483648]);
  expect(list(run("mul", [i32([1], [65537]), i32([1], [65537])]))).toEqual([131073]);
  expect(list(run("div", [i32([3], [-7, 7, 5]), i32([3], [2, -2, 0])]))).toEqual([-3, -3, 5]);
});

test("remainders, bits and shifts", () => {
  expect(list(run("rem", [i32([4], [-7, 7, 5, -(2 ** 31)]), i32([4], [3, -3, 0, -1])]))).toEqual([-1, 1, 0, 0]);
  expect(list(run("bit_and", [i32([2], [12, -1]), i32([2], [10, 6])]))).toEqual([8, 6]);
  expect(list(run("bit_or", [i32([1], [12]), i32([1], [10])]))).toEqual([14]);
  expect(list(run("bit_xor", [i32([1], [12]), i32([1], [10])]))).toEqual([6]);
  expect(list(run("bit_not", [i32([2], [0, -6])]))).toEqual([-1, 5]);
  expect(list(run("bit_not", [number("u32", 0)]))).toEqual([4294967295]);
  expect(list(run("shift_left", [i32([3], [1, 1, 3]), i32([3], [31, 33, -1])]))).toEqual([-(2 ** 31), 2, -(2 ** 31)]);
  expect(list(run("shift_right", [i32([2], [-8, -1]), i32([2], [1, 31])]))).toEqual([-4, -1]);
  expect(list(run("shift_right", [number("u32", 4294967288), number("u32", 1)]))).toEqual([2147483644]);
});

test("softplus does not overflow, and keeps what is small", () => {
  const found = list(run("softplus", [f32([4], [-1000, 0, 1000, -40])]));
  expect(found.slice(0, 3)).toEqual([0, Math.LN2, 1000]);
  expect(found[3]! / Math.exp(-40)).toBeCloseTo(1, 14);
});

test("relu_squared and quick_gelu", () => {
  expect(list(run("relu_squared", [f32([3], [-2, 0.5, 3])]))).toEqual([0, 0.25, 9]);
  const quick = list(run("quick_gelu", [f32([2], [1, -1])]));
  expect(quick[0]).toBeCloseTo(0.8457957659328212, 14);
  expect(quick[1]).toBeCloseTo(-0.1542042340671787, 14);
});

test("rounded mode rounds a sum after every term", () => {
  // 2^24 + 1 is not an f32: each 1 is lost when added alone, their sum is not.
  const x = f32([3], [2 ** 24, 1, 1]);
  expect(list(run("sum", [x], { axis: 0 }, { mode: "rounded" }))).toEqual([2 ** 24]);
  expect(list(run("sum", [x], { axis: 0 }))).toEqual([2 ** 24 + 2]);
  const ones = f32([3, 1], [1, 1, 1]);
  expect(list(run("matmul", [f32([1, 3], x.data), ones], {}, { mode: "rounded" }))).toEqual([2 ** 24]);
});

test("matmul and its transposed forms", () => {
  const a = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  const b = f32([3, 2], [7, 8, 9, 10, 11, 12]);
  expect(list(run("matmul", [a, b]))).toEqual([58, 64, 139, 154]);
  const bt = run("transpose", [b], { perm: [1, 0] });
  const at = run("transpose", [a], { perm: [1, 0] });
  expect(list(run("matmul", [a, bt], { transpose_b: true }))).toEqual([58, 64, 139, 154]);
  expect(list(run("matmul", [at, bt], { transpose_a: true, transpose_b: true }))).toEqual([58, 64, 139, 154]);
});

test("moves", () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  expect(list(run("slice", [x], { axis: 1, start: 1, end: 3 }))).toEqual([2, 3, 5, 6]);
  expect(list(run("pad", [x], { axis: 0, before: 1, after: 0, value: 9 }))).toEqual([9, 9, 9, 1, 2, 3, 4, 5, 6]);
  expect(list(run("concat", [x, f32([2, 1], [8, 9])], { axis: 1 }))).toEqual([1, 2, 3, 8, 4, 5, 6, 9]);
  expect(list(run("transpose", [f32([1, 2, 3], x.data)], { perm: [2, 0, 1] }))).toEqual([1, 4, 2, 5, 3, 6]);
  expect(list(run("broadcast", [f32([2, 1], [1, 2])], { shape: [2, 2] }))).toEqual([1, 1, 2, 2]);
  expect(list(run("iota", [], { shape: [2, 3], axis: 0 }))).toEqual([0, 0, 0, 1, 1, 1]);
});

test("take clamps, with and without batch", () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  expect(list(run("take", [x, i32([2], [-5, 9])], { axis: 0 }))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(list(run("take", [x, i32([2], [2, 0])], { axis: 1, batch: 1 }))).toEqual([3, 4]);
  expect(list(run("take", [x, i32([2], [2, 0])], { axis: 1 }))).toEqual([3, 1, 6, 4]);
});

test("flip, split and gather", () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  expect(list(run("flip", [x], { axis: 1 }))).toEqual([3, 2, 1, 6, 5, 4]);
  expect(list(run("flip", [x], { axis: 0 }))).toEqual([4, 5, 6, 1, 2, 3]);
  expect(list(run("split", [x], { axis: 1, sizes: [2, 1] }))).toEqual([1, 2, 4, 5]);
  expect(list(run("gather", [x, i32([2, 2], [2, 0, -1, 9])], { axis: 1 }))).toEqual([3, 1, 4, 6]);
  expect(list(run("gather", [x, i32([1, 3], [1, 0, 1])], { axis: 0 }))).toEqual([4, 2, 6]);
});

test("embedding_bag", () => {
  const table = f32([3, 2], [1, 2, 10, 20, 100, 200]);
  const bags = i32([2, 2], [0, 2, 1, 1]);
  expect(list(run("embedding_bag", [table, bags], { mode: "sum" }))).toEqual([101, 202, 20, 40]);
  expect(list(run("embedding_bag", [table, bags, i32([2], [1, 0])]))).toEqual([1, 2, 0, 0]);
});

test("conv2d is a correlation, with zeros around", () => {
  const image = f32([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
  const weight = f32([1, 1, 2, 2], [1, 10, 100, 1000]);
  expect(list(run("conv2d", [image, weight]))).toEqual([5421, 6532]);
  expect(list(run("conv2d", [image, weight, f32([1], [0.5])], { stride: [2], padding: [1] }))).toEqual([
    1000.5, 3200.5, 40.5, 65.5,
  ]);
  expect(list(run("conv2d", [image, weight], { dilation: [1, 2] }))).toEqual([6431]);
  const two = f32([1, 2, 1, 1], [3, 5]);
  expect(list(run("conv2d", [two, f32([2, 1, 1, 1], [10, 100])], { groups: 2 }))).toEqual([30, 500]);
});

test("group_norm", () => {
  const x = f32([1, 4, 1], [1, 3, 10, 30]);
  const found = run("group_norm", [x, f32([4], [1, 2, 3, 4]), f32([4], [0, 0, 5, 5])], { groups: 2, eps: 0 });
  expect(list(found)).toEqual([-1, 2, 2, 9]);
});

test("argmax takes the first of ties, and NaN never wins", () => {
  expect(list(run("argmax", [f32([2, 3], [1, 3, 3, NaN, -1, NaN])]))).toEqual([1, 1]);
  expect(list(run("argmax", [f32([2], [NaN, NaN])]))).toEqual([0]);
  expect(list(run("argmax", [f32([2], [NaN, -Infinity])]))).toEqual([1]);
});

test("running sums, with their first or last element left out", () => {
  const x = f32([2, 3], [1, 2, 4, 8, 16, 32]);
  expect(list(run("cumsum", [x]))).toEqual([1, 3, 7, 8, 24, 56]);
  expect(list(run("cumsum", [x], { exclusive: true }))).toEqual([0, 1, 3, 0, 8, 24]);
  expect(list(run("cumsum", [x], { reverse: true }))).toEqual([7, 6, 4, 56, 48, 32]);
  expect(list(run("cumsum", [x], { exclusive: true, reverse: true }))).toEqual([6, 4, 0, 48, 32, 0]);
  expect(list(run("cumsum", [x], { axis: 0 }))).toEqual([1, 2, 4, 9, 18, 36]);
  expect(list(run("cumsum", [i32([2], [2147483647, 1])]))).toEqual([2147483647, -2147483648]);
});

test("sorting is stable both ways, NaN is the least, and -0 is 0", () => {
  const x = f32([7], [0, NaN, -1, -0, 3, NaN, -Infinity]);
  expect(list(run("argsort", [x]))).toEqual([1, 5, 6, 2, 0, 3, 4]);
  expect(list(run("argsort", [x], { descending: true }))).toEqual([4, 0, 3, 2, 6, 1, 5]);
  expect(list(run("sort", [x]))).toEqual([NaN, NaN, -Infinity, -1, 0, -0, 3]);
  expect(list(run("sort", [f32([2, 2], [4, 1, 3, 2])], { axis: 0 }))).toEqual([3, 1, 4, 2]);
});

test("topk takes the first of ties first, and NaN last", () => {
  const x = f32([2, 4], [1, 3, 3, 2, NaN, -Infinity, NaN, NaN]);
  expect(list(run("topk_indices", [x], { k: 3 }))).toEqual([1, 2, 3, 1, 0, 2]);
  expect(list(run("topk", [x], { k: 3 }))).toEqual([3, 3, 2, -Infinity, NaN, NaN]);
  expect(list(run("topk", [i32([3, 2], [1, 9, 5, 7, 3, 8])], { k: 2, axis: 0 }))).toEqual([5, 9, 3, 8]);
});

test("scatter_add adds each update where its index points, and drops what points outside", () => {
  const [x, updates] = [f32([3, 2], [1, 2, 3, 4, 5, 6]), f32([4, 2], [10, 20, 30, 40, 50, 60, 70, 80])];
  expect(list(run("scatter_add", [x, i32([4], [2, 0, 2, 3]), updates]))).toEqual([31, 42, 3, 4, 65, 86]);
  const gates = run("scatter_add", [f32([2, 3], [0, 0, 0, 0, 0, 0]), i32([2, 2], [2, 0, 1, -1]), f32([2, 2], [0.75, 0.25, 1, 9])], { axis: 1, batch: 1 }); // prettier-ignore
  expect(list(gates)).toEqual([0.25, 0, 0.75, 0, 1, 0]);
});

test("norms", () => {
  const out = list(run("rms_norm", [f32([1, 2], [3, 4]), f32([2], [1, 2])], { eps: 0 }));
  expect(out[0]).toBeCloseTo(3 / Math.sqrt(12.5), 14);
  expect(out[1]).toBeCloseTo(8 / Math.sqrt(12.5), 14);
  const centred = run("layer_norm", [f32([1, 2], [1, 3]), f32([2], [1, 2]), f32([2], [10, 20])], { eps: 0 });
  expect(list(centred)).toEqual([9, 22]);
});

test("cross_entropy of equal logits is the logarithm of their number", () => {
  const out = run("cross_entropy", [f32([2, 4], new Array(8).fill(3)), i32([2], [0, 3])]);
  for (const loss of out.data) expect(loss).toBeCloseTo(Math.log(4), 14);
});

test("cache_write leaves what is not written", () => {
  const cache = f32([2, 1, 3, 1], [1, 2, 3, 4, 5, 6]);
  const fresh = f32([2, 1, 2, 1], [10, 20, 30, 40]);
  const out = run("cache_write", [cache, fresh, i32([2], [1, 2]), i32([2], [1, 2])]);
  expect(list(out)).toEqual([1, 10, 3, 4, 5, 30]);
});

test("cast", () => {
  expect(list(run("cast", [f32([4], [2.9, -2.9, 3e9, NaN])], { dtype: "i32" }))).toEqual([2, -2, 2147483647, 0]);
  expect(list(run("cast", [number("f32", 0.1)], { dtype: "f16" }, { mode: "rounded" }))).toEqual([0.0999755859375]);
  expect(list(run("cast", [number("f32", 0.1)], { dtype: "f16" }))).toEqual([0.1]);
});
