/** The text of the tensor IR: it reads back, it prints the same again, and malformed text is refused with its place. */
import { describe, expect, it } from "vitest";
import {
  Builder,
  equalModules,
  parseModule,
  printFunc,
  printModule,
  tensorType,
  value,
} from "../../../src/ir/index.ts";
import type { Func, Module } from "../../../src/ir/index.ts";
import { Dim } from "../../../src/support/dim.ts";
import { IrTextError } from "../../../src/support/text/reader.ts";
import { MINI_OPS } from "./mini-ops.ts";

const ALL_SYNTAX = `module "Tiny"

func @extend(%x: f32[B, T, 4], inout %k: 3 x f32[B, 4], inout %pos: i32[B]) -> (y: f32[B, T, 4], k: inout, next: inout %pos) {
  %w = param "model.norm.weight" : f32[4]
  %0 = twice(%x) : f32[B, T, 4]
  %x.1 = plus(%0, %x, %0) {scale = 0.5} : f32[B, T, 4]
  %1 = plus(%0, %x.1) {scale = -0.0, schedule = matmul.registers, tiles = [8, 4], note = "a b"} : f32[B, T, 4]
  %2, %3 = halves(%1) : (f32[B, T, 4], f32[B, T, 4])
  %4, %5 = repeat %i in 0..3 (%h = %2) in(%m = %k) {unroll = true} -> (f32[B, T, 4], 3 x f32[B, 4]) {
    %6 = param "layers.{2*i+1}.weight" {storage = f16} : f16[4]
    %7 = effect(%h) : f32[B, T, 4]
    %8 = twice(%m) : f32[B, 4]
    yield %7, %8
  }
  %9, %10 = scan axis 1 (%c = %w) in(%xt = %4) -> (f32[4], f32[B, T, 4]) {
    yield %c, %xt
  }
  %11 = group "norm" (%a = %10, %b = %4) {schedule = row_reduce, rows = <B*T>} -> f32[B, T, 4] {
    %12 = plus(%a, %b) {scale = 1} : f32[B, T, 4]
    yield %12
  }
  %13 = ramp() {dims = [B, 2*T + 1], dtype = i32, order = down} : i32[B, 2*T + 1]
  %14 = table() {value = f32[2, 2](0.5, -0.0, inf, nan)} : f32[2, 2]
  %15 = table() {value = #8f0d3d5a2f0c5a11} : u32[17]
  return %11, %5, %pos
}

constant #8f0d3d5a2f0c5a11 = u32[17](
  0, 1, 2, 3, 4, 5, 6, 7,
  8, 9, 10, 11, 12, 13, 14, 15,
  4294967295
)
`;

function body(lines: string): string {
  return `module "m"\nfunc @f(%x: f32[B]) -> (y: f32[B]) {\n${lines}\n}\n`;
}

describe("the text of the tensor IR", () => {
  it("prints what it read, up to the hash of constants", () => {
    const module = parseModule(ALL_SYNTAX, MINI_OPS);
    const printed = printModule(module);
    const hash = /constant #([0-9a-f]{16}) /.exec(printed)?.[1] ?? "";
    expect(printed.replaceAll(hash, "8f0d3d5a2f0c5a11")).toBe(ALL_SYNTAX);
    expect(equalModules(parseModule(printed, MINI_OPS), module)).toBe(true);
    expect(printModule(parseModule(printed, MINI_OPS))).toBe(printed);
  });

  it("keeps locations when asked", () => {
    const line = `  %0 = twice(%x) : f32[B] loc("a \\"b\\".llm":29:31-30:4)`;
    const text = body(`${line}\n  return %0`);
    const module = parseModule(text, MINI_OPS);
    expect(printModule(module, { locs: true })).toContain(line.trim());
    expect(printModule(module)).not.toContain("loc(");
  });

  it("makes equal hints unique, and names values the same after a round trip without one of them", () => {
    const b = new Builder(MINI_OPS);
    const x = value(tensorType("f32", [Dim.symbol("B")]), "x");
    const first = b.emit("twice", [x], {}, "x");
    const second = b.emit("twice", [first], {}, "x");
    const third = b.emit("twice", [second], {}, "layers.{i} weight");
    const func: Func = {
      name: "f",
      args: [{ name: "x", mode: "in", value: x }],
      results: [{ name: "y" }],
      body: b.block([x], [third]),
    };
    const text = printFunc(func);
    expect(text).toContain("%x.1 = twice(%x)");
    expect(text).toContain("%x.2 = twice(%x.1)");
    expect(text).toContain("%layers._i_weight = twice(%x.2)");
    const module: Module = { name: "m", funcs: [func] };
    const again = parseModule(printModule(module), MINI_OPS);
    expect(again.funcs[0]!.body.ops.map((op) => op.results[0]!.name)).toEqual(["x", "x", "layers._i_weight"]);
  });

  it("fills in defaults of attributes", () => {
    const module = parseModule(body("  %0 = plus(%x, %x) : f32[B]\n  return %0"), MINI_OPS);
    expect(module.funcs[0]!.body.ops[0]!.attrs).toEqual({ scale: 1 });
  });

  const refused: readonly (readonly [string, string, RegExp, number, number])[] = [
    ["an unknown op", "  %0 = thrice(%x) : f32[B]\n  return %0", /no op has this name/, 3, 8],
    ["an undefined value", "  %0 = twice(%z) : f32[B]\n  return %0", /%z is not defined/, 3, 14],
    ["a value used before its definition", "  %0 = twice(%1) : f32[B]\n  return %0", /%1 is not defined/, 3, 14],
    ["a second definition", "  %x = twice(%x) : f32[B]\n  return %x", /%x is defined twice/, 3, 3],
    ["an attribute twice", "  %0 = plus(%x, %x) {scale = 1, scale = 2} : f32[B]\n  return %0", /given twice/, 3, 33],
    ["an attribute of the wrong kind", "  %0 = plus(%x, %x) {scale = up} : f32[B]\n  return %0", /a number/, 3, 30],
    ["a word not in the list", "  %0 = ramp() {dims = [B], order = left} : f32[B]\n  return %0", /up, down/, 3, 36],
    ["a missing attribute", "  %0 = ramp() : f32[B]\n  return %0", /needs the attribute `dims`/, 3, 8],
    ["more names than results", "  %0, %1 = twice(%x) : f32[B]\n  return %0", /2 names for 1/, 3, 12],
    [
      "a wrong number of elements",
      "  %0 = table() {value = f32[2](1.0)} : f32[2]\n  return %x",
      /1 elements for 2/,
      3,
      31,
    ],
    ["a constant without an entry", "  %0 = table() {value = #00} : f32[2]\n  return %x", /no constant #00/, 3, 25],
    ["a wrong result type", "  %0 = ramp() {dims = [2]} : f32[2]\n  return %0", /declared f32\[B\]/, 2, 25],
    [
      "a repeat that starts late",
      "  %0 = repeat %i in 1..2 (%h = %x) -> f32[B] {\n    yield %h\n  }\n  return %0",
      /starts at 0/,
      3,
      21,
    ],
    [
      "a group that looks out",
      '  %0 = group "g" () -> f32[B] {\n    yield %x\n  }\n  return %0',
      /not visible here/,
      4,
      11,
    ],
    [
      "the inside of a loop, outside",
      "  %0 = repeat %i in 0..2 (%h = %x) -> f32[B] {\n    yield %h\n  }\n  return %h",
      /not visible/,
      6,
      10,
    ],
    ["a missing end", "  return %x", /the end/, 4, 1],
  ];
  it.each(refused)("refuses %s", (_, lines, message, line, column) => {
    const text = lines === "  return %x" ? body(lines).replace("}\n", "") : body(lines);
    let caught: unknown;
    try {
      parseModule(text, MINI_OPS);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(IrTextError);
    const found = caught as IrTextError;
    expect(found.message).toMatch(message);
    expect([found.line, found.column]).toEqual([line, column]);
  });
});
