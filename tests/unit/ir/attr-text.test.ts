/** Attributes and names as text: what a pass may decide reads back, whatever it looks like. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalAttr, equalModules, parseModule, printModule, tensorType, value } from "../../../src/ir/index.ts";
import type { Attr, Literal, Module } from "../../../src/ir/index.ts";
import { INLINE_ELEMENTS } from "../../../src/ir/literal-text.ts";
import { hintOf } from "../../../src/ir/value-names.ts";
import { Dim } from "../../../src/support/dim.ts";
import { MINI_OPS } from "./mini-ops.ts";

/** `twice` with an attribute that its record does not list. */
function moduleWith(attr: Attr, hint = ""): Module {
  const type = tensorType("f32", [2]);
  const [x, y] = [value(type, "x"), value(type, hint)];
  const op = { name: "twice", operands: [x], attrs: { decision: attr }, results: [y], regions: [] };
  const body = { args: [x], ops: [op], yields: [y] };
  return {
    name: "m",
    funcs: [{ name: "f", args: [{ name: "x", mode: "in", value: x }], results: [{ name: "y" }], body }],
  };
}

function throughText(attr: Attr): Attr | undefined {
  const module = parseModule(printModule(moduleWith(attr)), MINI_OPS);
  return module.funcs[0]!.body.ops[0]!.attrs["decision"];
}

const literal = (dtype: Literal["dtype"], dims: readonly number[], data: readonly number[]): Literal => ({
  kind: "literal",
  dtype,
  dims,
  data,
});

const size = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.constantFrom("", "B", "T")), { maxLength: 3 }).map(
  (terms) => terms.reduce((sum, [c, s]) => sum.add(s === "" ? Dim.of(c) : Dim.symbol(s).mul(c)), Dim.of(0)),
); // prettier-ignore
const scalar: fc.Arbitrary<Attr> = fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.string(), size);
const attr: fc.Arbitrary<Attr> = fc.oneof(
  scalar,
  fc.constantFrom<Attr>("matmul.registers", "inf", "nan", "true", "f32", "loc", "func", "-", ""),
  fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), { maxLength: 4 }),
  fc.array(fc.double(), { maxLength: 2 * INLINE_ELEMENTS }).map((data): Attr => literal("f32", [data.length], data)),
);

describe("attributes", () => {
  it("read back from their text", () => {
    fc.assert(
      fc.property(attr, (given) => {
        const module = moduleWith(given);
        const text = printModule(module);
        const again = parseModule(text, MINI_OPS);
        expect(equalModules(again, module)).toBe(true);
        expect(printModule(again)).toBe(text);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("keep what looks alike apart", () => {
    expect(throughText("inf")).toBe("inf");
    expect(throughText(Infinity)).toBe(Infinity);
    expect(throughText(-0)).toBe(-0);
    expect(throughText("true")).toBe("true");
    expect(throughText(["T"])).toEqual(["T"]);
    expect(equalAttr(throughText([Dim.symbol("T")]), [Dim.symbol("T")])).toBe(true);
    expect(equalAttr(throughText([Dim.symbol("T")]), ["T"])).toBe(false);
    expect(equalAttr([Dim.of(4)], [4])).toBe(true);
    expect(equalAttr(0, -0)).toBe(false);
  });

  it("go to the table above 16 elements, once for equal constants", () => {
    const numbers = (count: number): Literal =>
      literal(
        "i32",
        [count],
        Array.from({ length: count }, (_, i) => i),
      );
    expect(printModule(moduleWith(numbers(16)))).not.toContain("#");
    const text = printModule(
      moduleWith([numbers(17), numbers(17), literal("u32", [17], numbers(17).data as number[])]),
    );
    expect(text.match(/^constant #/gm)).toHaveLength(2);
    expect(text.match(/#[0-9a-f]{16}/g)).toHaveLength(5);
  });
});

describe("names of values", () => {
  it("are legal for any hint, and the hint behind a printed name is stable", () => {
    fc.assert(
      fc.property(fc.string(), (hint) => {
        const module = moduleWith(1, hint);
        const text = printModule(module);
        expect(printModule(parseModule(text, MINI_OPS))).toBe(text);
        expect(hintOf(hintOf(hint))).toBe(hintOf(hint));
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});
