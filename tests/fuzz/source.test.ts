/**
 * 1,000 damaged sources (5,000 in `npm run test:long`): a token deleted, doubled or swapped with its neighbour, the text truncated, random bytes put
 * in. The parser, the formatter and the renderer answer each with diagnostics whose places are in the text, quickly.
 */
import { expect, test } from "vitest";
import { format, parse } from "../../grammar/index.ts";
import { tokenize } from "../../grammar/tokens.ts";
import { renderDiagnostic } from "../../src/support/render-diagnostic.ts";
import { Rng } from "../../src/support/random.ts";
import { offsetAt, positionAt } from "../../src/support/source.ts";
import type { Loc, SourceFile } from "../../src/support/source.ts";
import { sourceFiles } from "../unit/grammar/sources.ts";

const MUTANTS = process.env["LLMC_LONG"] === undefined ? 1000 : 5000;
const LIMIT_MS = 100;
const sources = sourceFiles();

function damage(text: string, rng: Rng): string {
  const { tokens } = tokenize({ path: "seed", text });
  const at = rng.int(0, tokens.length - 2);
  const [one, two] = [tokens[at]!, tokens[at + 1]!];
  switch (rng.int(0, 5)) {
    case 0:
      return text.slice(0, one.start) + text.slice(one.end);
    case 1:
      return `${text.slice(0, one.end)} ${text.slice(one.start)}`;
    case 2:
      return text.slice(0, one.start) + two.text + text.slice(one.end, two.start) + one.text + text.slice(two.end);
    case 3:
      return text.slice(0, rng.int(0, text.length));
    default: {
      const bytes = Array.from({ length: rng.int(1, 20) }, () =>
        String.fromCharCode(rng.int(0, rng.pick([128, 256, 65536]))),
      );
      const place = rng.int(0, text.length);
      return text.slice(0, place) + bytes.join("") + text.slice(place + rng.int(0, 3));
    }
  }
}

function expectInside(loc: Loc, file: SourceFile): void {
  for (const position of [loc.start, loc.end]) expect(positionAt(file, offsetAt(file, position))).toEqual(position);
  expect(offsetAt(file, loc.start)).toBeLessThanOrEqual(offsetAt(file, loc.end));
}

/** Parses, renders and lays out `file`, checks all places, and gives the milliseconds of the parser and the errors. */
function examine(file: SourceFile): { readonly ms: number; readonly errors: number } {
  const begin = performance.now();
  const { diagnostics } = parse(file);
  const ms = performance.now() - begin;
  const files = new Map([[file.path, file]]);
  for (const found of diagnostics) {
    expect(found.loc).toBeDefined();
    for (const loc of [found.loc!, ...found.related.map((related) => related.loc)]) expectInside(loc, file);
    renderDiagnostic(found, files, { colour: true });
  }
  const errors = diagnostics.filter((found) => found.severity === "error").length;
  const { text } = format(file);
  if (errors === 0) expect(format({ ...file, text }).text).toBe(text);
  return { ms, errors };
}

test(`${MUTANTS} mutants: valid places, no exception, each under ${LIMIT_MS} ms`, () => {
  for (const source of sources) examine(source);
  const slow: string[] = [];
  for (let seed = 0; seed < MUTANTS; seed++) {
    const rng = new Rng(seed);
    const file = { path: `seed ${seed}`, text: damage(rng.pick(sources).text, rng) };
    // A slow one is asked again: the machine may have been busy, or the engine compiling.
    const isSlow = (): boolean => examine(file).ms > LIMIT_MS;
    if (isSlow() && isSlow() && isSlow()) slow.push(file.path);
  }
  expect(slow).toEqual([]);
});

test("one token deleted or doubled is at most two diagnostics, and nearly always one", () => {
  const counts: number[] = [];
  for (let seed = 0; seed < MUTANTS; seed++) {
    const rng = new Rng(seed + MUTANTS);
    const { text } = rng.pick(sources);
    const { tokens } = tokenize({ path: "seed", text });
    const token = tokens[rng.int(0, tokens.length - 1)]!;
    const damaged = rng.pick([
      text.slice(0, token.start) + text.slice(token.end),
      `${text.slice(0, token.end)} ${text.slice(token.start)}`,
    ]);
    counts.push(examine({ path: `seed ${seed}`, text: damaged }).errors);
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(2);
  expect(counts.filter((count) => count > 1).length).toBeLessThan(0.005 * MUTANTS);
});

test.each([
  ["brackets 1,000 deep", `fn f(x: f[C]) { return ${"(".repeat(1000)}x${")".repeat(1000)} }`],
  ["braces 1,000 deep", `model M() ${"{ if a ".repeat(1000)}${"}".repeat(1000)}`],
  ["brackets never closed", `fn f(x: f[C]) { return ${"[(".repeat(100_000)}`],
  ["closers only", ")]}".repeat(100_000)],
  ["signs", `fn f(x: f[C]) { return ${"-".repeat(300_000)}x }`],
  ["a chain of operators", `fn f(x: f[C]) { return x${"+x".repeat(300_000)} }`],
  ["a chain of members", `fn f(x: f[C]) { return x${".x".repeat(300_000)} }`],
  ["a chain of branches", `fn f(x: f[C]) { ${"if a { } else ".repeat(20_000)} { } }`],
  ["a chain of choices", `fn f(x: f[C]) { return ${"if a { b } else ".repeat(20_000)}{ x } }`],
])("%s: refused by name, without overflowing the stack", (_label, text) => {
  const { diagnostics } = parse({ path: "hostile.llm", text });
  expect(diagnostics.length).toBeGreaterThan(0);
  expect(diagnostics[0]?.code).toMatch(/^LLM010[567]$/);
  expect(diagnostics.length).toBeLessThanOrEqual(100);
});

test.each([
  ["statements with a surplus bracket", "fn f(x: f[C]) {\n", "let a = x)\n"],
  ["statements without a value", "fn f(x: f[C]) {\n", "let a =\n"],
  ["misspelt declarations", "", "fm f(x: f[C]) { }\n"],
  ["strings that are not closed", "fn f(x: f[C]) {\n", 'tap "a = x\n'],
])("a file full of %s is read in seconds", (_label, head, line) => {
  const begin = process.cpuUsage();
  const { diagnostics } = parse({
    path: "large.llm",
    text: head + line.repeat(Math.floor((1 << 19) / line.length)) + (head === "" ? "" : "}"),
  });
  expect(diagnostics.length).toBeGreaterThan(1);
  expect(diagnostics.length).toBeLessThanOrEqual(100);
  expect(process.cpuUsage(begin).user / 1000).toBeLessThan(5000);
});

test("the largest file is read in seconds", () => {
  const block =
    "block Probe(x: f[..., dim]) -> f[..., dim] {\n  /// twice\n  let h = x + x // comment\n  return h\n}\n";
  const begin = process.cpuUsage();
  expect(
    parse({ path: "large.llm", text: block.repeat(Math.floor((1 << 20) / block.length)) }).diagnostics.length,
  ).toBeLessThan(2);
  expect(process.cpuUsage(begin).user / 1000).toBeLessThan(5000);
});
