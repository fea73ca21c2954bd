/** The formatter: laid-out files stay, disordered ones come back, and no token or comment is lost on the way. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { format, parse } from "../../../grammar/index.ts";
import { tokenize } from "../../../grammar/tokens.ts";
import { SAMPLE } from "./sample.ts";
import { sourceFiles } from "./sources.ts";
import { withoutSpans } from "./without-spans.ts";

const fileOf = (text: string) => ({ path: "t.llm", text });
const fmt = (text: string) => format(fileOf(text)).text;

function expectFaithful(text: string): void {
  const once = fmt(text);
  const before = parse(fileOf(text));
  const after = parse(fileOf(once));
  expect(after.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  expect(withoutSpans(after.ast)).toEqual(withoutSpans(before.ast));
  const comments = (of: string) => tokenize(fileOf(of)).comments.map((comment) => comment.text);
  expect(comments(once)).toEqual(comments(text));
  expect(fmt(once)).toBe(once);
}

test.each(sourceFiles().map((file) => [file.path, file] as const))("%s is laid out", (_path, file) => {
  expect(format(file).text).toBe(file.text);
});

describe("any white space between the tokens", () => {
  const { tokens } = tokenize(fileOf(SAMPLE));
  test("gives the same layout but for empty lines", () => {
    const spaces = fc.array(fc.constantFrom(" ", "  ", "\n", "\t", " \n "), {
      minLength: tokens.length,
      maxLength: tokens.length,
    });
    fc.assert(
      fc.property(spaces, (between) =>
        expectFaithful(tokens.map((token, i) => token.text + (between[i] ?? " ")).join("")),
      ),
      { numRuns: 40, seed: 1 },
    );
  });
  test("and comments anywhere are kept", () => {
    const places = fc.array(fc.constantFrom(" ", " ", " ", " // same line\n", "\n// own line\n"), {
      minLength: tokens.length,
      maxLength: tokens.length,
    });
    fc.assert(
      fc.property(places, (between) =>
        expectFaithful(tokens.map((token, i) => token.text + (between[i] ?? " ")).join("")),
      ),
      { numRuns: 40, seed: 2 },
    );
  });
});

test("lines are at most 100 columns where brackets allow it", () => {
  const args = Array.from({ length: 30 }, (_, i) => `argument_${i}`).join(", ");
  const text = fmt(`fn f(x: f[C]) -> f[C] { return call(${args}) + call(x, other(${args})) }`);
  expect(Math.max(...text.split("\n").map((each) => each.length))).toBeLessThanOrEqual(100);
});

test("one statement a line, spaces around operators, one empty line at most", () => {
  expect(fmt("fn f(x:f[C])->f[C]{let a=-x*( 2 - 1 )let b = a[...,0 : 1]\n\n\n\nreturn b}")).toBe(
    "fn f(x: f[C]) -> f[C] {\n  let a = -x * (2 - 1)\n  let b = a[..., 0:1]\n\n  return b\n}\n",
  );
});

test("a file with mistakes stays as it is", () => {
  const text = "fn  f( {";
  expect(format(fileOf(text)).text).toBe(text);
  expect(format(fileOf(text)).diagnostics.length).toBe(1);
});
