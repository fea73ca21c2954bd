/** Where weights are cut: at whole rows, at whole tiles of rows of a matrix, at one matrix of many and at its rows. */
import { describe, expect, it } from "vitest";
import { cutsOf } from "../../../../passes/tensor/weight-cuts.ts";
import { tensorType } from "../../../../src/ir/index.ts";
import type { DType } from "../../../../src/ir/index.ts";
import { js } from "../../../../src/profiles/js.ts";
import { Dim } from "../../../../src/support/dim.ts";

/** `from:to` along each axis that is cut, for bindings of so many bytes. */
function cuts(dtype: DType, dims: readonly number[], maxBindingBytes: number, maxBufferBytes = 2 ** 30) {
  const found = cutsOf(tensorType(dtype, dims), { ...js.limits, maxBindingBytes, maxBufferBytes });
  return found?.map((ranges) => ranges.map(({ from, to }) => `${from}:${to}`).join(" "));
}

describe("a weight", () => {
  it("that a binding just holds is not cut, and one byte less cuts it", () => {
    expect(cuts("f32", [40, 8], 1280)).toBeUndefined();
    expect(cuts("f32", [40, 8], 1279)).toEqual(["0:32 32:40"]);
    expect(cuts("f32", [40, 8], 2 ** 20, 1279)).toEqual(["0:32 32:40"]);
    expect(cuts("f16", [40, 8], 640)).toBeUndefined();
    expect(cuts("f16", [40, 8], 639)).toEqual(["0:32 32:40"]);
  });

  it("that is a matrix has pieces of eight rows, or is refused", () => {
    expect(cuts("f32", [40, 8], 256)).toEqual(["0:8 8:16 16:24 24:32 32:40"]);
    expect(cuts("f32", [40, 8], 255)).toBeUndefined();
  });

  it("has 32 pieces at most", () => {
    expect(cuts("f32", [256, 8], 256)?.[0]?.split(" ")).toHaveLength(32);
    expect(cuts("f32", [264, 8], 256)).toBeUndefined();
    expect(cuts("f32", [16, 16, 8], 256)?.map((ranges) => ranges.split(" ").length)).toEqual([16, 2]);
    expect(cuts("f32", [17, 16, 8], 256)).toBeUndefined();
  });

  it("that is a stack of matrices is cut at whole ones while a binding holds one, and then at rows of each", () => {
    expect(cuts("f32", [5, 24, 16], 3100)).toEqual(["0:2 2:4 4:5"]);
    expect(cuts("f32", [5, 24, 16], 1536)).toEqual(["0:1 1:2 2:3 3:4 4:5"]);
    expect(cuts("f32", [5, 24, 16], 1535)).toEqual(["0:1 1:2 2:3 3:4 4:5", "0:16 16:24"]);
    expect(cuts("f32", [2, 2, 24, 16], 1535)).toEqual(["0:1 1:2", "0:1 1:2", "0:16 16:24"]);
  });

  it("whose one row is too large is cut within the row", () => {
    expect(cuts("f32", [1, 100], 160)).toEqual(["0:1", "0:40 40:80 80:100"]);
    expect(cuts("f32", [100], 160)).toEqual(["0:40 40:80 80:100"]);
  });

  it("of a size that nobody knows is not cut", () => {
    expect(cutsOf(tensorType("f32", [Dim.symbol("T"), 8]), { ...js.limits, maxBindingBytes: 4 })).toBeUndefined();
  });
});
