/** Kernel text: what is printed reads back, and what is malformed is refused with its place. */
import { describe, expect, it } from "vitest";
import { sameKernel } from "../../../src/kernel/equal.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { printKernel } from "../../../src/kernel/print.ts";
import { verifyKernel } from "../../../src/kernel/verify.ts";
import * as texts from "../../support/kernel-texts.ts";

const POINTWISE = texts.POINTWISE.replace("{f}", "exp");
const REDUCTION = texts.REDUCTION.replaceAll("{op}", "add").replaceAll("{lanes}", "8");
const HALF_PAIRS = texts.HALF_PAIRS.replace("{content}", "finite f16");
const all = { ...texts, POINTWISE, REDUCTION, HALF_PAIRS };

describe("kernel text", () => {
  it.each(Object.entries(all))("%s prints as it was read, and is valid", (_name, text) => {
    const kernel = parseKernel(text);
    const printed = printKernel(kernel);
    expect(printKernel(parseKernel(printed))).toBe(printed);
    expect(sameKernel(kernel, parseKernel(printed))).toBe(true);
    expect(verifyKernel(kernel)).toEqual([]);
  });

  it("ignores names in equality, but not operations", () => {
    const kernel = parseKernel(POINTWISE);
    expect(sameKernel(kernel, parseKernel(POINTWISE.replaceAll("%result", "%y_new")))).toBe(true);
    expect(sameKernel(kernel, parseKernel(POINTWISE.replace("exp", "abs")))).toBe(false);
  });

  it("tells a buffer of finite numbers from one of any", () => {
    const any = parseKernel(texts.HALF_PAIRS.replace("{content}", "f16"));
    expect(sameKernel(any, parseKernel(HALF_PAIRS))).toBe(false);
  });

  it("refuses a value out of scope with its place", () => {
    const text = texts.TWO_PASS_REDUCTION.replace("store %out[%row], %square", "store %out[%row], %more");
    expect(() => parseKernel(text)).toThrow(/^\d+:\d+: a value that is not defined here/);
  });
});
