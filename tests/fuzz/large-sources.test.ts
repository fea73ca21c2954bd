/**
 * Sources of 10,000 lines and sources that nest 1,000 deep, in every form in which a program can be long or deep: each is
 * checked in 2 s of processor time, or refused by name.
 */
import { describe, expect, it } from "vitest";
import { analyzeSource } from "../../src/driver/front-end.ts";
import { renderDiagnostic } from "../../src/support/render-diagnostic.ts";

const LINES = 10_000;
const DEPTH = 1000;
const LIMIT_SECONDS = 2;

const times = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");
const forward = (lines: string): string => `  forward(x: f[B, T, dim]) -> f[B, T, dim] {\n${lines}\n  }\n`;
const model = (body: string, config = "dim: int = 8"): string => `model Large(${config}) {\n${body}}\n`;

/** Checks and draws; the codes of the errors, each once. */
function check(text: string): readonly string[] {
  const file = { path: "large.llm", text };
  const begin = process.cpuUsage();
  const { diagnostics, files } = analyzeSource(file, { taps: true });
  for (const found of diagnostics) renderDiagnostic(found, files, { colour: false });
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1e6).toBeLessThan(LIMIT_SECONDS);
  return [...new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code))];
}

describe(`${LINES} lines`, () => {
  it.each([
    ["values, each from the one before", model(forward(`    let a0 = x\n${times(LINES, (i) => `    let a${i + 1} = a${i} + x\n`)}    return a${LINES}`))],
    ["numbers, each from the one before", model(`  let a0 = 1\n${times(LINES, (i) => `  let a${i + 1} = a${i} + 1\n`)}${forward(`    return x * a${LINES}`)}`)],
    ["blocks, each used and called once", model(`${times(2000, (i) => `  block K${i}(x: f[B, T, dim]) -> f[B, T, dim] {\n    use p: Linear(dim, dim)\n    return p(x)\n  }\n  use k${i}: K${i}\n`)}${forward(`    let a0 = x\n${times(2000, (i) => `    let a${i + 1} = k${i}(a${i})\n`)}    return a2000`)}`)],
    ["uses, of which none is read", model(`${times(LINES, (i) => `  use l${i}: Linear(8, 8)\n`)}${forward("    return x")}`)],
    ["config values, of which none is read", model(forward("    return x"), `dim: int = 8,\n${times(LINES, (i) => `  c${i}: int = ${i + 1},\n`)}`)],
    ["functions that nobody calls", `${times(3333, (i) => `fn f${i}(x: f[B]) -> f[B] {\n  return x\n}\n`)}${model(forward("    return x"))}`],
    ["layers that differ, in one list", model(`  block Layer(n: int)(x: f[B, T, dim]) -> f[B, T, dim] {\n    return x * n\n  }\n  use layers: Layer(i + 1) for i in 0..${LINES}\n${forward("    return layers[7](x)")}`)],
  ])("%s", (_form, text) => {
    expect(check(text)).toEqual([]);
  }); // prettier-ignore
});

describe("sources that are short and mean much", () => {
  const doubling = (levels: number): string =>
    times(levels, (i) => `block L${i}(x: f[B, T, 8]) -> f[B, T, 8] {\n  use a: ${i === 0 ? "RmsNorm(8)" : `L${i - 1}`}, b: ${i === 0 ? "RmsNorm(8)" : `L${i - 1}`}\n  return a(x) + b(x)\n}\n`); // prettier-ignore
  const functions = (levels: number): string =>
    times(levels, (i) => `fn f${i}(x: f[B, T, C]) -> f[B, T, C] {\n  return ${i === 0 ? "x + x" : `f${i - 1}(f${i - 1}(x))`}\n}\n`); // prettier-ignore

  it.each([
    ["blocks", doubling(30) + model(`  use top: L29\n${forward("    return top(x)")}`)],
    ["functions", functions(30) + model(forward("    return f29(x)"))],
    ["functions of a layer", functions(30) + model(`  block Layer(x: f[B, T, dim]) -> f[B, T, dim] {\n    return f29(x)\n  }\n  use layers: Layer[9]\n${forward("    return repeat(layers, x)")}`)],
  ])("%s that double are refused by name", (_form, text) => {
    expect(check(text)).toEqual(["LLM0241"]);
  }); // prettier-ignore
});

it(`${LINES} misspelt names are told, the first of them with a suggestion`, () => {
  const text = model(forward(`    let x0 = x\n${times(LINES, (i) => `    let x${i + 1} = y${i} + 0.5\n`)}    return x${LINES} + value + longName`)); // prettier-ignore
  const { diagnostics } = analyzeSource({ path: "large.llm", text }, { taps: true });
  expect(diagnostics.filter(({ code }) => code === "LLM0201").length).toBe(LINES + 2);
  expect(check(text)).toEqual(["LLM0201"]);
});

describe(`${DEPTH} levels`, () => {
  it.each([
    ["calls", model(forward(`    return ${"exp(".repeat(DEPTH)}x${")".repeat(DEPTH)}`))],
    ["lists", model(forward("    return x"), `l: int[] = ${"[".repeat(DEPTH)}1${"]".repeat(DEPTH)}`)],
    ["conditions", model(`${"  if true {\n".repeat(DEPTH)}${"  }\n".repeat(DEPTH)}${forward("    return x")}`)],
    ["blocks in blocks", model(`${times(DEPTH, (i) => `block K${i}(x: f[B]) -> f[B] {\n`)}return x\n${"}\n".repeat(DEPTH)}${forward("    return x")}`)],
    ["choices", model(forward(`    return ${times(DEPTH, () => "if true { ")}x${" } else { x }".repeat(DEPTH)}`))],
    ["blocks that use one another", `${times(DEPTH, (i) => `block K${i}(x: f[B, T, 8]) -> f[B, T, 8] {\n  use k: K${i + 1}\n  return k(x)\n}\n`)}block K${DEPTH}(x: f[B, T, 8]) -> f[B, T, 8] {\n  return x\n}\n${model(`  use k: K0\n${forward("    return k(x)")}`)}`],
    ["functions that call one another", `${times(DEPTH, (i) => `fn f${i}(x: f[...]) -> f[...] {\n  return f${i + 1}(x)\n}\n`)}fn f${DEPTH}(x: f[...]) -> f[...] {\n  return x\n}\n${model(forward("    return f0(x)"))}`],
    ["lists of layers in layers", `${times(DEPTH, (i) => `block K${i}(x: f[B, T, 8]) -> f[B, T, 8] {\n  use k: K${i + 1}[2]\n  return repeat(k, x)\n}\n`)}block K${DEPTH}(x: f[B, T, 8]) -> f[B, T, 8] {\n  return x\n}\n${model(`  use k: K0[2]\n${forward("    return repeat(k, x)")}`)}`],
  ])("%s are refused by name", (_form, text) => {
    const found = check(text);
    expect(found.length).toBeGreaterThan(0);
    for (const code of found) expect(["LLM0107", "LLM0305"]).toContain(code);
  }); // prettier-ignore

  it("a sum of 999 terms and 190 calls are fine", () => {
    expect(check(model(forward(`    return x${" + x".repeat(998)}`)))).toEqual([]);
    expect(check(model(forward(`    return ${"exp(".repeat(190)}x${")".repeat(190)}`)))).toEqual([]);
  });
});
