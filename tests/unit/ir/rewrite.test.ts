/** Rewriting, dead code, symbols and uses. */
import { describe, expect, it } from "vitest";
import {
  definitionsOf, equalFuncs, freeValues, inlineBlock, Builder, parseFunc, printFunc, removeDead, rewriteFunc,
  substituteSymbols, symbolsOf, typeText, usesOf, verifyFunc,
} from "../../../src/ir/index.ts"; // prettier-ignore
import type { Func } from "../../../src/ir/index.ts";
import { MINI_OPS } from "./mini-ops.ts";

const LOOP = `func @f(%x: f32[B, T], %k: 3 x f32[B, T]) -> (y: f32[B, T], ks: 3 x f32[B, T]) {
  %0 = twice(%x) : f32[B, T] loc("a.llm":1:2-1:3)
  %1, %2 = repeat %i in 0..3 (%h = %0) in(%m = %k) -> (f32[B, T], 3 x f32[B, T]) {
    %3 = twice(%m) : f32[B, T]
    %4 = plus(%h, %0) {scale = 1} : f32[B, T]
    yield %4, %3
  }
  %5 = group "g" (%a = %1) -> f32[B, T] {
    %6 = twice(%a) : f32[B, T]
    yield %6
  }
  return %5, %2
}
`;
const loop = (): Func => parseFunc(LOOP, MINI_OPS);

describe("rewriteFunc", () => {
  it("keeps what nobody touches, values included", () => {
    const func = loop();
    const same = rewriteFunc(func, MINI_OPS, () => undefined);
    expect(same.body.ops[0]).toBe(func.body.ops[0]);
    expect(printFunc(same, { locs: true })).toBe(printFunc(func, { locs: true }));
  });

  it("replaces ops in all blocks, and the new ones carry the old place", () => {
    const visited: string[] = [];
    const func = rewriteFunc(loop(), MINI_OPS, (op, [x], b) => {
      visited.push(op.name);
      return op.name === "twice" ? [b.emit("plus", [x ?? null, x ?? null])] : undefined;
    });
    expect(visited).toEqual(["twice", "repeat", "twice", "plus", "group", "twice"]);
    expect(verifyFunc(func, MINI_OPS)).toEqual([]);
    const expected = LOOP.replace(/twice\((%\w+)\)/g, "plus($1, $1) {scale = 1}");
    expect(printFunc(func, { locs: true })).toBe(expected);
  });

  it("infers types anew behind a changed operand, also through loops and groups", () => {
    const original = parseFunc(LOOP.replaceAll("f32[B, T]", "f32[4]"), MINI_OPS);
    const func = rewriteFunc(original, MINI_OPS, (op, _, b) =>
      op === original.body.ops[0] ? [b.emit("ramp", [], { dims: [7], dtype: "f16" })] : undefined,
    );
    expect(func.body.yields.map((yielded) => typeText(yielded.type))).toEqual(["f16[7]", "3 x f32[4]"]);
    expect(verifyFunc(func, MINI_OPS)).toEqual([]);
  });

  it("gives an inlined block fresh values each time", () => {
    const func = loop();
    const b = new Builder(MINI_OPS);
    const args = func.body.args;
    const first = inlineBlock(b, func.body, args);
    const second = inlineBlock(b, func.body, args);
    expect(second[0]).not.toBe(first[0]);
    const twiceOver: Func = {
      ...func,
      results: [{ name: "a" }, { name: "b" }],
      body: b.block(args, [first[0]!, second[0]!]),
    };
    expect(verifyFunc(twiceOver, MINI_OPS)).toEqual([]);
  });
});

describe("substituteSymbols", () => {
  it("gives sizes everywhere and leaves other symbols", () => {
    const text = LOOP.replace("%0 = twice(%x)", "%0 = ramp() {dims = [B, T], dtype = f32, order = up}");
    const func = substituteSymbols(parseFunc(text, MINI_OPS), MINI_OPS, { T: 1 });
    const expected = parseFunc(text.replaceAll("T]", "1]"), MINI_OPS);
    expect(equalFuncs(func, expected)).toBe(true);
    expect([...symbolsOf(func)]).toEqual(["B"]);
    expect(verifyFunc(func, MINI_OPS)).toEqual([]);
  });
});

describe("removeDead", () => {
  const withLines = (lines: string): Func =>
    parseFunc(`func @f(%x: f32[4]) -> (y: f32[4]) {\n${lines}\n  return %x\n}`, MINI_OPS);

  it("removes pure ops without uses and keeps the others", () => {
    expect(removeDead(withLines("%a = twice(%x) : f32[4]\n%b = twice(%a) : f32[4]"), MINI_OPS).body.ops).toEqual([]);
    expect(removeDead(withLines("%a = twice(%x) : f32[4]\n%b = effect(%a) : f32[4]"), MINI_OPS).body.ops).toHaveLength(
      2,
    );
    expect(removeDead(loop(), MINI_OPS).body.ops).toHaveLength(3);
  });

  it("removes a dead loop, not one with an effect inside", () => {
    const lines = "%r = repeat %i in 0..3 (%h = %x) -> f32[4] {\n%t = twice(%h) : f32[4]\nyield %t\n}";
    expect(removeDead(withLines(lines), MINI_OPS).body.ops).toHaveLength(0);
    expect(removeDead(withLines(lines.replace("twice", "effect")), MINI_OPS).body.ops).toHaveLength(1);
  });

  it("trims the results, ops and operands of a group", () => {
    const func = parseFunc(
      `func @f(%x: f32[4], %z: f32[4]) -> (y: f32[4]) {
        %a, %b = group "g" (%p = %x, %q = %z) -> (f32[4], f32[4]) {
          %c = twice(%p) : f32[4]
          %d = twice(%q) : f32[4]
          yield %c, %d
        }
        return %a
      }`,
      MINI_OPS,
    );
    const trimmed = removeDead(func, MINI_OPS);
    expect(printFunc(trimmed)).toContain('%a = group "g" (%p = %x) -> f32[4] {');
    expect(trimmed.body.ops[0]!.regions[0]!.ops).toHaveLength(1);
    expect(verifyFunc(trimmed, MINI_OPS)).toEqual([]);
  });
});

describe("uses", () => {
  it("counts operands and yields of all blocks", () => {
    const func = loop();
    const [first] = func.body.ops;
    const uses = usesOf(func.body).get(first!.results[0]!)!;
    expect(uses.map((use) => [use.op?.name, use.kind, use.index])).toEqual([
      ["repeat", "operand", 0],
      ["plus", "operand", 1],
    ]);
    expect(usesOf(func.body).get(func.body.yields[0]!)).toEqual([{ op: undefined, kind: "yield", index: 0 }]);
  });

  it("knows the free values and the definitions", () => {
    const func = loop();
    const [first, repeat, group] = func.body.ops;
    expect(freeValues(repeat!.regions[0]!)).toEqual([first!.results[0]]);
    expect(freeValues(group!.regions[0]!)).toEqual([]);
    expect(definitionsOf(func.body).get(repeat!.results[1]!)).toBe(repeat);
  });
});
