/** The interpreter's regions, families, parameters, modes and refusals, on ops that only this test has. */
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../src/interp/index.ts";
import type { Datum, EvaluateOptions } from "../../../src/interp/index.ts";
import { parseFunc } from "../../../src/ir/index.ts";
import type { Tensor } from "../../../src/ir/index.ts";
import { tensorOf } from "../../support/random-tensor.ts";
import { MINI_OPS } from "../ir/mini-ops.ts";

const params = (path: string): Tensor => tensorOf("f32", [2], [Number(/\d+/.exec(path)?.[0]), 100]);

function run(text: string, args: Record<string, Datum>, options: Partial<EvaluateOptions> = {}): Record<string, Datum> {
  const all: EvaluateOptions = { ops: MINI_OPS, params, symbols: { T: 3 }, mode: "exact", ...options };
  return evaluate(parseFunc(text, MINI_OPS), args, all);
}

const numbers = (datum: Datum | undefined): number[] => [...(datum as Tensor).data];

describe("evaluate", () => {
  it("gives results by name, for ops with several results and absent operands", () => {
    const text = `func @f(%x: f32[2]) -> (a: f32[2], b: f32[2]) {
      %0, %1 = halves(%x) : (f32[2], f32[2])
      %2 = plus(%0, %1, _) {scale = 3} : f32[2]
      return %2, %1
    }`;
    const results = run(text, { x: tensorOf("f32", [2], [2, 8]) });
    expect(Object.keys(results)).toEqual(["a", "b"]);
    expect(numbers(results["a"])).toEqual([6, 24]);
    expect(numbers(results["b"])).toEqual([1, 4]);
  });

  it("carries values through a repeat, takes members of families and makes families", () => {
    const text = `func @f(%x: f32[2], %k: 3 x f32[2]) -> (y: f32[2], ks: 3 x f32[2]) {
      %0, %1 = repeat %i in 0..3 (%h = %x) in(%m = %k) -> (f32[2], 3 x f32[2]) {
        %2 = param "l.{2*i+1}.w" : f32[2]
        %3 = plus(%h, %2, %m) {scale = 1} : f32[2]
        %4 = twice(%m) : f32[2]
        yield %3, %4
      }
      return %0, %1
    }`;
    const k = [1, 2, 3].map((x) => tensorOf("f32", [2], [x, -x]));
    const { y, ks } = run(text, { x: tensorOf("f32", [2], [0, 0]), k });
    expect(numbers(y)).toEqual([1 + 3 + 5 + 6, 300 - 6]);
    expect((ks as readonly Tensor[]).map(numbers)).toEqual([[2, -2], [4, -4], [6, -6]]); // prettier-ignore
  });

  it("sees the indices of both loops in a nest, and the outer one again after the inner", () => {
    const text = `func @f(%x: f32[2]) -> (y: f32[2]) {
      %0 = repeat %i in 0..2 (%h = %x) -> f32[2] {
        %1 = repeat %j in 0..2 (%g = %h) -> f32[2] {
          %2 = param "w.{10*i}{j}" : f32[2]
          %3 = plus(%g, %2) {scale = 1} : f32[2]
          yield %3
        }
        %4 = param "w.{i}" : f32[2]
        %5 = plus(%1, %4) {scale = 1} : f32[2]
        yield %5
      }
      return %0
    }`;
    const seen: string[] = [];
    run(text, { x: tensorOf("f32", [2], [0, 0]) }, { params: (path) => (seen.push(path), params(path)) });
    expect(seen).toEqual(["w.00", "w.01", "w.0", "w.100", "w.101", "w.1"]);
  });

  it("scans an inner axis with state and stacks what it yields", () => {
    const text = `func @f(%x: f32[2, T], %s: f32[2]) -> (last: f32[2], sums: f32[2, T]) {
      %0, %1 = scan axis 1 (%c = %s) in(%xt = %x) -> (f32[2], f32[2, T]) {
        %2 = plus(%c, %xt) {scale = 1} : f32[2]
        yield %2, %2
      }
      return %0, %1
    }`;
    const x = tensorOf("f32", [2, 3], [1, 2, 3, 10, 20, 30]);
    const { last, sums } = run(text, { x, s: tensorOf("f32", [2], [0, 100]) });
    expect(numbers(last)).toEqual([6, 160]);
    expect(numbers(sums)).toEqual([1, 3, 6, 110, 130, 160]);
  });

  it("takes a group for its body", () => {
    const text = `func @f(%x: f32[1]) -> (y: f32[1]) {
      %0 = group "g" (%a = %x) {tile = 8} -> f32[1] {
        %1 = twice(%a) : f32[1]
        yield %1
      }
      return %0
    }`;
    expect(numbers(run(text, { x: tensorOf("f32", [1], [4]) })["y"])).toEqual([8]);
  });

  it.each([
    ["f32", 0.1, 0.2, Math.fround(0.2)],
    ["f16", 40000, 80000, Infinity],
    ["bf16", 1.00390625, 2.0078125, 2],
    ["i32", 2 ** 30, -(2 ** 31), -(2 ** 31)],
    ["u32", 2 ** 31, 0, 0],
    ["f64", 0.1, 0.2, 0.2],
  ] as const)("stores %s exactly or rounded; integers wrap in both modes", (dtype, x, exact, rounded) => {
    const text = `func @f(%x: ${dtype}[1]) -> (y: ${dtype}[1]) {\n%0 = twice(%x) : ${dtype}[1]\nreturn %0\n}`;
    const args = { x: tensorOf(dtype, [1], [x]) };
    expect(numbers(run(text, args)["y"])).toEqual([exact]);
    expect(numbers(run(text, args, { mode: "rounded" })["y"])).toEqual([rounded]);
  });

  it("tells each value when it is known, in each iteration", () => {
    const text = `func @f(%x: f32[1]) -> (y: f32[1]) {
      %r = repeat %i in 0..3 (%h = %x) -> f32[1] {
        %n = twice(%h) : f32[1]
        yield %n
      }
      return %r
    }`;
    const seen: [string, number[]][] = [];
    run(text, { x: tensorOf("f32", [1], [1]) }, { onValue: (value, datum) => seen.push([value.name, numbers(datum)]) });
    expect(seen).toEqual([["n", [2]], ["n", [4]], ["n", [8]], ["r", [8]]]); // prettier-ignore
  });

  it("refuses arguments and parameters that do not fit", () => {
    const text = `func @f(%x: f32[T], %k: 2 x f32[1]) -> (y: f32[T]) {\n%w = param "w.0" : f32[2]\nreturn %x\n}`;
    const x = tensorOf("f32", [3], [1, 2, 3]);
    const k = [tensorOf("f32", [1], [0]), tensorOf("f32", [1], [0])];
    expect(() => run(text, { x, k })).not.toThrow();
    expect(() => run(text, { x })).toThrow("no argument %k");
    expect(() => run(text, { x, k: k[0]! })).toThrow("has 1 members for 2 x f32[1]");
    expect(() => run(text, { x: tensorOf("f32", [2], [1, 2]), k })).toThrow("is f32[2], its type f32[T] is [3]");
    expect(() => run(text, { x: { ...x, dtype: "i32" }, k })).toThrow("is i32[3]");
    expect(() => run(text, { x, k }, { params: () => k[0]! })).toThrow("the result of param is f32[1]");
    expect(() => run(text, { x, k }, { symbols: {} })).toThrow("no value for a symbol of T");
  });
});
