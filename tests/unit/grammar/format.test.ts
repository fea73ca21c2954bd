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

describe("a comment at every place between two tokens", () => {
  const files = sourceFiles();
  /** The text with `comment(i)` behind token i, for those that have one. */
  const withComments = (text: string, comment: (i: number) => string | undefined): string => {
    const { tokens } = tokenize(fileOf(text));
    let result = "";
    let at = 0;
    tokens.forEach(({ end, kind }, i) => {
      if (kind === "end") return;
      const put = comment(i);
      result += text.slice(at, end) + (put === undefined ? "" : put);
      at = end;
    });
    return result + text.slice(at);
  };
  /** At the end of a line, on a line of its own, two with an empty line between them, and one that documents. */
  const FORMS: readonly ((i: number) => string)[] = [
    (i) => ` // c${i}\n`,
    (i) => `\n// c${i}\n`,
    (i) => `\n// c${i}\n\n// d${i}\n`,
    (i) => `\n/// c${i}\n`,
  ];

  const formAt = (n: number): (typeof FORMS)[number] => FORMS[n % FORMS.length]!;

  test("one at a time in the sample, the forms in turn", () => {
    const { tokens } = tokenize(fileOf(SAMPLE));
    for (let place = 0; place < tokens.length - 1; place++)
      expectFaithful(withComments(SAMPLE, (i) => (i === place ? formAt(place)(i) : undefined)));
  });

  // Every place of every file, once together with all others and once with some.
  test.each(files.map((file) => [file.path, file.text] as const))("%s", (_path, text) => {
    for (const form of FORMS) expectFaithful(withComments(text, form));
    for (let offset = 0; offset < 7; offset++)
      expectFaithful(withComments(text, (i) => (i % 7 === offset ? formAt(i + offset)(i) : undefined)));
  });

  test("in front of the first token and behind the last", () => {
    for (const { text } of files) expectFaithful(`// first\n${text}// last`);
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
