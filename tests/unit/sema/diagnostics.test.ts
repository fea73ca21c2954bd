/** Every code of the semantic analysis: the picture as a snapshot, and a near miss that must not have the code. */
import { describe, expect, it } from "vitest";
import { analyzeText, codes, rendered } from "./analyze-text.ts";
import { MISTAKES } from "./mistakes.ts";

describe.each(MISTAKES)("$code: $title", ({ code, wrong, right, set, rightSet, model }) => {
  it("is reported once, and nothing else is", () => {
    expect(codes(wrong, { set: set ?? {}, model })).toEqual([code]);
    expect(rendered(wrong, { set: set ?? {}, model })).toMatchSnapshot();
  });
  it("is not reported for the near miss", () => {
    expect(codes(right, { set: rightSet ?? {} })).toEqual([]);
    expect(analyzeText(right, { set: rightSet ?? {} }).model).toBeDefined();
  });
});

describe("several mistakes", () => {
  const text = `model Tiny(dim: int = 8, heads: int = 3) {
  let head = dim / heads
  block Layer(x: f[B, T, dim]) -> f[B, T, dim] { return x + missing }
  use layers: Layer[2]
  use up: Linear(dim, head)
  forward(x: f[B, T, dim]) -> f[B, T, dim] {
    let h = repeat(layers, norn(x))
    let y = up(h) + h
    return y @ other
  }
}`;
  it("are all reported, and none of them twice or with followers", () => {
    expect(codes(text)).toEqual(["LLM0204", "LLM0201", "LLM0201", "LLM0201"]);
  });
});
