/** Emitted JavaScript: integers wrap, floats round to f32, barriers separate, and nothing is left to legalize. */
import { describe, expect, it } from "vitest";
import { emitJs } from "../../../codegen/js/emit.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { runKernelInJs } from "../../support/js-kernel.ts";
import { POINTWISE, REVERSE, TWO_PASS_REDUCTION } from "../../support/kernel-texts.ts";

describe("emitted JavaScript", () => {
  it("meets at a barrier, and does not where there is none", () => {
    const run = (text: string): number[] => {
      const x = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
      const out = new Float32Array(8);
      runKernelInJs(parseKernel(text), new Map([["x", x], ["out", out]])); // prettier-ignore
      return [...out];
    };
    expect(run(REVERSE)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(run(REVERSE.replace("  barrier\n", ""))).not.toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it("rounds to f32 after every operation", () => {
    const y = new Float32Array(1);
    const kernel = parseKernel(POINTWISE.replace("%result = {f} %value : f32", "%a = const 16777216.0 : f32\n %b = add %a, %value : f32\n %result = sub %b, %a : f32")); // prettier-ignore
    runKernelInJs(kernel, new Map([["x", Float32Array.of(1)], ["y", y]]), { T: 1 }); // prettier-ignore
    expect(y[0]).toBe(0);
  });

  it("refuses what was not legalized", () => {
    expect(() => emitJs(parseKernel(TWO_PASS_REDUCTION))).toThrow(/workgroup_reduce: legalize/);
    expect(() => emitJs(parseKernel(POINTWISE.replace("{f}", "erf")))).toThrow(/no erf/);
    expect(() => emitJs(parseKernel(POINTWISE.replace("{f}", "exp")))).not.toThrow();
  });

  it("rounds literals to f32, negative ones too", () => {
    const run = (literal: string): number => {
      const y = new Float32Array(1);
      const text = POINTWISE.replace("%result = {f} %value : f32", `%a = const ${literal} : f32\n %one = const 1.0 : f32\n %less = neg %value : f32\n %result = fma %a, %one, %less : f32`); // prettier-ignore
      runKernelInJs(parseKernel(text), new Map([["x", Float32Array.of(Number(literal))], ["y", y]]), { T: 1 }); // prettier-ignore
      return y[0]!;
    };
    expect(run("0.1")).toBe(0);
    expect(run("-0.1")).toBe(0);
  });
});
