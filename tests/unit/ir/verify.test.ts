/** Each rule of the verifier: one program that breaks it, and beside it one that looks alike and does not. */
import { describe, expect, it } from "vitest";
import { parseModule, tensorType, value, verifyModule } from "../../../src/ir/index.ts";
import type { Func, Module, Op } from "../../../src/ir/index.ts";
import { MINI_OPS } from "./mini-ops.ts";

function problemsOf(text: string): readonly string[] {
  return verifyModule(parseModule(`module "m"\n${text}`, MINI_OPS), MINI_OPS);
}

const F = "func @f(%x: f32[4], inout %s: f32[4]) -> (y: f32[4], s: inout)";
const inBody = (lines: string): string => `${F} {\n${lines}\nreturn %x, %s\n}`;
const repeat = (head: string, types: string, lines: string): string =>
  inBody(`%k = ramp() {dims = [3, 4]} : f32[3, 4]\n%r = repeat %i in 0..3 ${head} -> ${types} {\n${lines}\n}`);

/** What is broken, the sentence, the broken program, the near miss. */
const cases: readonly (readonly [string, RegExp, string, string])[] = [
  ["types that the op's record does not infer", /result 0 is f32\[5\], expected f32\[4\]/, inBody("%a = twice(%x) : f32[5]"), inBody("%a = twice(%x) : f32[4]")],
  ["operands that the op's record refuses", /f32\[4\] and i32\[4\] differ/, inBody("%i = ramp() {dims = [4], dtype = i32} : i32[4]\n%a = plus(%x, %i) : f32[4]"), inBody("%i = ramp() {dims = [4], dtype = f32} : f32[4]\n%a = plus(%x, %i) : f32[4]")],
  ["too many operands", /4 operands for \(x, y, z\?\)/, inBody("%a = plus(%x, %x, %x, %x) : f32[4]"), inBody("%a = plus(%x, %x, %x) : f32[4]")],
  ["a missing operand", /the operand `y` is missing/, inBody("%a = plus(%x, _, %x) : f32[4]"), inBody("%a = plus(%x, %x, _) : f32[4]")],
  ["a wrong number of results", /1 results instead of 2/, inBody("%a = halves(%x) : f32[4]"), inBody("%a, %b = halves(%x) : (f32[4], f32[4])")],
  ["a carried value that changes its type", /next carried value 0 is i32\[4\], expected f32\[4\]/, repeat("(%c = %x)", "i32[4]", "%n = ramp() {dims = [4], dtype = i32} : i32[4]\nyield %n"), repeat("(%c = %x)", "f32[4]", "%n = ramp() {dims = [4]} : f32[4]\nyield %n")],
  ["ys that are no family", /result 0 is f32\[4\], expected 3 x f32\[4\]/, repeat("()", "f32[4]", "yield %x"), repeat("()", "3 x f32[4]", "yield %x")],
  ["a repeat that yields nothing for its carried value", /yields 0 values for 1 carried/, repeat("(%c = %x)", "f32[4]", "yield"), repeat("(%c = %x)", "f32[4]", "yield %c")],
  ["a group whose results are not its yields", /result 0 is f32\[4\], expected f32\[5\]/, inBody('%g = group "g" () -> f32[4] {\n%n = ramp() {dims = [5]} : f32[5]\nyield %n\n}'), inBody('%g = group "g" () -> f32[5] {\n%n = ramp() {dims = [5]} : f32[5]\nyield %n\n}')],
  ["a path that refers to no repeat", /refers to %j, which is no enclosing repeat/, repeat("()", "3 x f32[4]", '%w = param "l.{j}.w" : f32[4]\nyield %w'), repeat("()", "3 x f32[4]", '%w = param "l.{i}.w" : f32[4]\nyield %w')],
  ["a path with malformed braces", /malformed braces/, repeat("()", "3 x f32[4]", '%w = param "l.{i-1}.w" : f32[4]\nyield %w'), repeat("()", "3 x f32[4]", '%w = param "l.{2*i+1}.w" : f32[4]\nyield %w')],
  ["a parameter of two types", /is f32\[5\] here and f32\[4\] elsewhere/, inBody('%a = param "w" : f32[4]\n%b = param "w" : f32[5]'), inBody('%a = param "w" : f32[4]\n%b = param "w" : f32[4]')],
  ["a repeat inside one of the same index", /the same index %i/, repeat("(%c = %x)", "f32[4]", "%q = repeat %i in 0..2 (%d = %c) -> f32[4] {\nyield %d\n}\nyield %q"), repeat("(%c = %x)", "f32[4]", "%q = repeat %j in 0..2 (%d = %c) -> f32[4] {\nyield %d\n}\nyield %q")],
  ["a family of families", /cannot itself be a family/, repeat("()", "3 x f32[4]", "%q = repeat %j in 0..2 () -> 2 x f32[4] {\nyield %x\n}\nyield %q"), repeat("()", "3 x f32[4]", "%q = repeat %j in 0..2 (%d = %x) -> f32[4] {\nyield %d\n}\nyield %q")],
  ["rows that the result has not", /`rows` must be/, inBody('%a = param "w" {rows = [1, 3, 8]} : f32[4]'), inBody('%a = param "w" {rows = [1, 5, 8]} : f32[4]')],
  ["rows of several matrices, which do not lie together", /`rows` must be/, inBody('%a = param "w" {rows = [1, 3, 8, 0, 2, 6]} : f32[2, 2, 3]'), inBody('%a = param "w" {rows = [1, 2, 8, 0, 2, 6]} : f32[1, 2, 3]')],
  ["rows that end behind the last", /`rows` must be/, inBody('%a = param "w" {rows = [1, 2, 8, 4, 7, 6]} : f32[1, 3, 3]'), inBody('%a = param "w" {rows = [1, 2, 8, 3, 6, 6]} : f32[1, 3, 3]')],
  ["a parameter that is a family", /a parameter is one tensor/, inBody('%a = param "w" : 2 x f32[4]'), inBody('%a = param "w" : f32[4]')],
  ["two functions of one name", /two functions are named @f/, `${inBody("")}\n${inBody("")}`, `${inBody("")}\n${inBody("").replace("@f", "@g")}`],
  ["two results of one name", /two results are named y/, "func @f(%x: f32[4]) -> (y: f32[4], y: f32[4]) {\nreturn %x, %x\n}", "func @f(%x: f32[4]) -> (y: f32[4], z: f32[4]) {\nreturn %x, %x\n}"],
  ["state without a next value", /%s has 0 next values/, "func @f(inout %s: f32[4]) -> (s: f32[4]) {\nreturn %s\n}", "func @f(inout %s: f32[4]) -> (s: inout) {\nreturn %s\n}"],
  ["state with two next values", /%s has 2 next values/, "func @f(inout %s: f32[4]) -> (s: inout, t: inout %s) {\nreturn %s, %s\n}", "func @f(inout %s: f32[4]) -> (t: inout %s) {\nreturn %s\n}"],
  ["a next value of what is no state", /%x, which is not inout/, "func @f(%x: f32[4]) -> (x: inout) {\nreturn %x\n}", "func @f(inout %x: f32[4]) -> (x: inout) {\nreturn %x\n}"],
  ["a next value of another type", /result s is f32\[5\], its state f32\[4\]/, "func @f(inout %s: f32[4]) -> (s: inout) {\n%n = ramp() {dims = [5]} : f32[5]\nreturn %n\n}", "func @f(inout %s: f32[4]) -> (s: inout) {\n%n = ramp() {dims = [4]} : f32[4]\nreturn %n\n}"],
]; // prettier-ignore

describe("verifyModule on text", () => {
  it.each(cases)("refuses %s", (_, sentence, broken, near) => {
    expect(problemsOf(broken).join("\n")).toMatch(sentence);
    expect(problemsOf(near)).toEqual([]);
  });

  it("names the function, the op and the place", () => {
    const text = inBody('%a = twice(%x) : f32[5] loc("a.llm":7:3-7:9)');
    expect(problemsOf(text)).toEqual(["@f, op `twice` (%a) at a.llm:7:3: result 0 is f32[5], expected f32[4]"]);
  });

  it("sees the same parameter in two functions", () => {
    const one = inBody('%a = param "w" : f32[4]');
    const other = one.replace("@f", "@g");
    expect(problemsOf(`${one}\n${other}`)).toEqual([]);
    expect(problemsOf(`${one}\n${other.replace(": f32[4]\nreturn", ": f32[5]\nreturn")}`)).toHaveLength(1);
  });
});

/** What no text can say: the parser would refuse it. */
describe("verifyModule on built modules", () => {
  const type = tensorType("f32", [4]);
  const x = value(type, "x");
  const made = value(type, "made");
  const twice = (operand = x, result = made): Op => ({
    name: "twice",
    operands: [operand],
    attrs: {},
    results: [result],
    regions: [],
  });
  const moduleOf = (ops: readonly Op[], result = made, args = [x]): Module => {
    const func: Func = {
      name: "f",
      args: [{ name: "x", mode: "in", value: x }],
      results: [{ name: "y" }],
      body: { args, ops, yields: [result] },
    };
    return { name: "m", funcs: [func] };
  };
  const problems = (ops: readonly Op[], result = made, args = [x]): string =>
    verifyModule(moduleOf(ops, result, args), MINI_OPS).join("\n");

  it("accepts the plain case", () => expect(problems([twice()])).toBe(""));

  it("refuses a use before the definition", () => {
    const later = value(type, "later");
    expect(problems([twice(later), twice(x, later)])).toMatch(/uses %later, which is not visible/);
    expect(problems([twice(x, later), twice(later)])).toBe("");
  });

  it("refuses a second definition", () => {
    expect(problems([twice(), twice()])).toMatch(/%made is defined twice/);
    expect(problems([twice(), twice(x, value(type))])).toBe("");
  });

  it("refuses a group that uses an outer value, not a repeat that does", () => {
    const inner = value(type, "inner");
    const region = { args: [], ops: [twice(x, inner)], yields: [inner] };
    const group: Op = { name: "group", operands: [], attrs: { name: "g" }, results: [made], regions: [region] };
    const family = value(tensorType("f32", [4], 2));
    const loop: Op = {
      name: "repeat",
      operands: [],
      attrs: { index: "i", count: 2, carries: 0 },
      results: [family],
      regions: [region],
    };
    expect(problems([group])).toMatch(/uses %x, which is not visible/);
    expect(problems([loop], family)).toBe("");
  });

  it("refuses attributes that do not fit their specification", () => {
    const ramp = (attrs: Op["attrs"]): string =>
      problems([{ name: "ramp", operands: [], attrs: { dims: [4], dtype: "f32", order: "up", ...attrs }, results: [made], regions: [] }]); // prettier-ignore
    expect(ramp({})).toBe("");
    expect(ramp({ tile: 8 })).toBe("");
    expect(ramp({ order: "left" })).toMatch(/`order` is not one of up, down/);
    expect(ramp({ dims: [4.5] })).toMatch(/`dims` is not of the kind dims/);
    expect(ramp({ dtype: "f8" })).toMatch(/`dtype` is not of the kind dtype/);
  });

  it("refuses a missing attribute, an unknown op, blocks on a plain op, foreign body arguments", () => {
    expect(problems([{ ...twice(), name: "plus", operands: [x, x] }])).toMatch(/`scale` is missing/);
    expect(problems([{ ...twice(), name: "thrice" }])).toMatch(/no op has this name/);
    expect(problems([{ ...twice(), regions: [{ args: [], ops: [], yields: [] }] }])).toMatch(/have blocks/);
    expect(problems([twice()], made, [])).toMatch(/the body's arguments are not the function's/);
  });
});
