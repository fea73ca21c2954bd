/** The kernel verifier: each rule with a kernel that breaks it beside one that does not. */
import { describe, expect, it } from "vitest";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { verifyKernel } from "../../../src/kernel/verify.ts";
import { REVERSE, TWO_PASS_REDUCTION } from "../../support/kernel-texts.ts";

const problems = (text: string): string => verifyKernel(parseKernel(text)).join("\n");

describe("the kernel verifier", () => {
  it("wants barriers in uniform control flow", () => {
    const guarded = (by: string): string =>
      REVERSE.replace("  barrier\n", `  %id = builtin ${by} : i32\n  %few = lt %id, %seven : bool\n  if %few {\n    barrier\n  }\n`); // prettier-ignore
    expect(problems(guarded("workgroup_x"))).toBe("");
    expect(problems(guarded("local_x"))).toMatch(/a barrier is not reached by all/);
  });

  it("wants uniform bounds of loops with barriers", () => {
    const inside = (text: string): string => text.replace("    yield %more\n", "    barrier\n    yield %more\n");
    expect(problems(inside(TWO_PASS_REDUCTION))).toMatch(/bounds differ between invocations/);
    expect(problems(inside(TWO_PASS_REDUCTION.replaceAll("= %lane to", "= %zero to")))).toBe("");
  });

  it("wants the access that a buffer declares", () => {
    expect(problems(REVERSE.replace("%out: read_write", "%out: read"))).toMatch(/out is written, but is `read`/);
    expect(problems(REVERSE.replace("%x: read ", "%x: write "))).toMatch(/x is read, but is `write`/);
  });

  it("wants shifts below the size of a word", () => {
    const shifted = (bits: number): string => problems(REVERSE.replace("%seven = const 7 : i32", `%seven = const 7 : i32\n  %bits = const ${bits} : i32\n  %far = shl %seven, %bits : i32`)); // prettier-ignore
    expect(shifted(31)).toBe("");
    expect(shifted(32)).toMatch(/a shift by 32 bits/);
  });

  it("wants uniform loads from workgroup memory at a uniform index", () => {
    const loaded = (index: string): string => REVERSE.replace("load %tile[%other]", `workgroup_load %tile[%${index}]`);
    expect(problems(loaded("seven"))).toBe("");
    expect(problems(loaded("other"))).toMatch(/workgroup_load differs between invocations/);
    expect(problems(loaded("seven").replace("%tile[%seven]", "%x[%seven]"))).toMatch(/x is no workgroup buffer/);
  });

  it("wants equal types", () => {
    expect(problems(REVERSE.replace("sub %seven, %lane : i32", "sub %seven, %lane : f32"))).toMatch(/its type is f32/);
    expect(problems(REVERSE.replace("%out: read_write f32", "%out: read_write u32"))).toMatch(/f32 is stored in out/);
  });
});
