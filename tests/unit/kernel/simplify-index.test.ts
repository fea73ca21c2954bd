/** Index algebra: each law with a case beside it where it may not be used. */
import { describe, expect, it } from "vitest";
import { simplifyKernel } from "../../../passes/kernel/simplify-index.ts";
import { parseKernel } from "../../../src/kernel/parse.ts";
import { printKernel } from "../../../src/kernel/print.ts";

/** The simplified text of a kernel that stores `lines`' last value %r at %r. */
const simplified = (lines: string): string =>
  printKernel(
    simplifyKernel(
      parseKernel(`kernel @k(%out: write i32[99999]) scalars(%T: call i32) workgroup(8, 1, 1) grid(ceil(T, 1), 1, 1) {
  %lane = builtin local_x : i32
  %row = builtin local_y : i32
  %group = builtin workgroup_x : i32
  %zero = const 0 : i32
  %one = const 1 : i32
  %eight = const 8 : i32
  %seven = const 7 : i32
  ${lines}
  store %out[%zero], %r
}`),
    ),
  );

describe("simplify-index", () => {
  it.each([
    ["x * 1", "%r = mul %lane, %one : i32", /store %out\[%\w+\], %lane/],
    ["literals", "%r = mul %eight, %seven : i32", /const 56/],
    ["local_y of a flat workgroup", "%r = add %lane, %row : i32", /store %out\[%\w+\], %lane/],
    ["b / c, b < c", "%r = div %lane, %eight : i32", /store %out\[%(\w+)\], %\1/],
    ["max(b, 0), b >= 0", "%r = max %lane, %zero : i32", /store %out\[%\w+\], %lane/],
    ["min(b, c), b <= c", "%r = min %lane, %seven : i32", /store %out\[%\w+\], %lane/],
    ["b % c, b < c", "%r = rem %lane, %eight : i32", /store %out\[%\w+\], %lane/],
  ])("folds %s", (_law, lines, expected) => {
    const text = simplified(lines);
    expect(text).toMatch(expected);
    expect(text).not.toMatch(/ = (mul|add|div|rem|min|max) /);
  });

  it.each([
    ["b / c, b up to c", "%r = div %lane, %seven : i32", /= div %lane/],
    ["min(b, c), b above c", "%r = min %lane, %one : i32", /= min %lane/],
    ["min(b, c) of an unbounded b", "%r = min %group, %seven : i32", /= min %group/],
    ["b % c of an unbounded b", "%r = rem %group, %eight : i32", /= rem %group/],
    ["(a * c + b) / c that may wrap", "%a = mul %group, %eight : i32\n %s = add %a, %lane : i32\n %r = div %s, %eight : i32", /= div /], // prettier-ignore
  ])("keeps %s", (_law, lines, expected) => {
    expect(simplified(lines)).toMatch(expected);
  });

  it("folds (a * c + b) / c where the sum is bounded", () => {
    const bounded = "%g = rem %group, %seven : i32\n %a = mul %g, %eight : i32\n %s = add %a, %lane : i32\n";
    expect(simplified(`${bounded} %r = div %s, %eight : i32`)).not.toMatch(/= div /);
    expect(simplified(`${bounded} %r = rem %s, %eight : i32`)).toMatch(/store %out\[%\w+\], %lane/);
  });

  it("moves index arithmetic out of a loop, and computes it once, but leaves what the loop changes", () => {
    const text = simplified(
      "%r = for %i = %zero to %T step %one iter(%s = %zero) {\n %p = mul %group, %T : i32\n %q = mul %group, %T : i32\n" +
        " %m = add %p, %q : i32\n %n = add %m, %i : i32\n %t = add %s, %n : i32\n yield %t\n }",
    );
    expect(text.match(/= mul /g)).toHaveLength(1);
    const [before = "", inside = ""] = text.split(" = for ");
    expect(before).toMatch(/= mul [^]*= add /);
    expect(inside.match(/= add /g)).toHaveLength(2);
  });

  it("drops what nobody reads, and keeps what is stored", () => {
    const text = simplified("%waste = mul %lane, %group : i32\n %r = add %lane, %group : i32");
    expect(text).not.toContain("mul");
    expect(text).toContain("add");
  });
});
