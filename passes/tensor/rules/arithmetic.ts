/** Rules of arithmetic that keep every bit: on -0, infinity and NaN too (a NaN stays a NaN; its payload is no promise). */
import type { Value } from "../../../src/ir/ir.ts";
import { isFloat, sameType } from "../../../src/ir/type.ts";
import type { Match, Rule } from "../../manager/rules.ts";
import { splatOf } from "../constants.ts";

/** The operand other than a constant that is all `x` (-0 is not 0), if it has the result's type. */
function besideConstant(match: Match, x: number, sides: readonly number[]): Value | undefined {
  for (const side of sides) {
    const other = match.operand(1 - side);
    const found = splatOf(match.definition(match.operand(side)));
    if (Object.is(found, x) && sameType(other.type, resultType(match))) return other;
  }
  return undefined;
}

function resultType(match: Match): Value["type"] {
  return (match.op.results[0] ?? match.operand(0)).type;
}

/** `func @f(%x: f32[4]) -> ...` with these lines, for examples. */
function example(lines: string, returned: string, dtype = "f32"): string {
  return `func @f(%x: ${dtype}[4]) -> (y: ${dtype}[4]) {\n${lines}  return ${returned}\n}\n`;
}
const constant = (text: string, dtype = "f32"): string =>
  `  %c = constant() {value = ${dtype}[](${text})} : ${dtype}[]\n`;

const mulOne: Rule = {
  name: "mul-one",
  equation: "x * 1 = 1 * x = x",
  condition: "x has the type of the product: the 1 broadcasts, not x",
  promise: "bit-exact",
  roots: ["mul"],
  rewrite: (match) => besideConstant(match, 1, [0, 1]),
  examples: [
    { before: example(`${constant("1.0")}  %p = mul(%x, %c) : f32[4]\n`, "%p"), after: example("", "%x") },
    { before: example(`${constant("1.0")}  %p = mul(%c, %x) : f32[4]\n`, "%p"), after: example("", "%x") },
    { before: example(`${constant("-1.0")}  %p = mul(%x, %c) : f32[4]\n`, "%p") },
  ],
};

const divOne: Rule = {
  name: "div-one",
  equation: "x / 1 = x",
  condition: "x has the type of the quotient",
  promise: "bit-exact",
  roots: ["div"],
  rewrite: (match) => besideConstant(match, 1, [1]),
  examples: [
    { before: example(`${constant("1.0")}  %p = div(%x, %c) : f32[4]\n`, "%p"), after: example("", "%x") },
    { before: example(`${constant("1.0")}  %p = div(%c, %x) : f32[4]\n`, "%p") },
  ],
};

const addZero: Rule = {
  name: "add-zero",
  equation: "x + (-0) = x; for integers x + 0 = x",
  condition: "a float zero is negative, because -0 + 0 = 0; x has the type of the sum",
  promise: "bit-exact",
  roots: ["add"],
  rewrite: (match) => besideConstant(match, isFloat(resultType(match).dtype) ? -0 : 0, [0, 1]),
  examples: [
    { before: example(`${constant("-0.0")}  %s = add(%x, %c) : f32[4]\n`, "%s"), after: example("", "%x") },
    {
      before: example(`${constant("0", "i32")}  %s = add(%c, %x) : i32[4]\n`, "%s", "i32"),
      after: example("", "%x", "i32"),
    },
    { before: example(`${constant("0.0")}  %s = add(%x, %c) : f32[4]\n`, "%s") },
  ],
};

const subZero: Rule = {
  name: "sub-zero",
  equation: "x - 0 = x",
  condition: "a float zero is positive, because -0 - (-0) = 0; x has the type of the difference",
  promise: "bit-exact",
  roots: ["sub"],
  rewrite: (match) => besideConstant(match, 0, [1]),
  examples: [
    { before: example(`${constant("0.0")}  %s = sub(%x, %c) : f32[4]\n`, "%s"), after: example("", "%x") },
    { before: example(`${constant("-0.0")}  %s = sub(%x, %c) : f32[4]\n`, "%s") },
    { before: example(`${constant("0.0")}  %s = sub(%c, %x) : f32[4]\n`, "%s") },
  ],
};

const negNeg: Rule = {
  name: "neg-neg",
  equation: "-(-x) = x",
  promise: "bit-exact",
  roots: ["neg"],
  rewrite(match) {
    const inner = match.definition(match.operand(0));
    return inner?.name === "neg" ? (inner.operands[0] ?? undefined) : undefined;
  },
  examples: [
    { before: example(`  %a = neg(%x) : f32[4]\n  %b = neg(%a) : f32[4]\n`, "%b"), after: example("", "%x") },
    { before: example(`  %a = neg(%x) : f32[4]\n  %b = abs(%a) : f32[4]\n`, "%b") },
  ],
};

const castSame: Rule = {
  name: "cast-same",
  equation: "cast(x, type of x) = x",
  promise: "bit-exact",
  roots: ["cast"],
  rewrite: (match) => (sameType(match.operand(0).type, resultType(match)) ? match.operand(0) : undefined),
  examples: [
    { before: example(`  %a = cast(%x) {dtype = f32} : f32[4]\n`, "%a"), after: example("", "%x") },
    { before: example(`  %a = cast(%x) {dtype = f16} : f16[4]\n  %b = cast(%a) {dtype = f32} : f32[4]\n`, "%b") },
  ],
};

const castWidened: Rule = {
  name: "cast-widened",
  equation: "cast(cast(x, wide), type of x) = x",
  condition: "`wide` is f32 and x is f16 or bf16, all of which f32 holds exactly",
  promise: "bit-exact",
  roots: ["cast"],
  rewrite(match) {
    const inner = match.definition(match.operand(0));
    const x = inner?.name === "cast" ? (inner.operands[0] ?? undefined) : undefined;
    if (x === undefined || (x.type.dtype !== "f16" && x.type.dtype !== "bf16")) return undefined;
    return match.operand(0).type.dtype === "f32" && sameType(x.type, resultType(match)) ? x : undefined;
  },
  examples: [
    {
      before: example(`  %a = cast(%x) {dtype = f32} : f32[4]\n  %b = cast(%a) {dtype = f16} : f16[4]\n`, "%b", "f16"),
      after: example("", "%x", "f16"),
    },
    { before: example(`  %a = cast(%x) {dtype = f16} : f16[4]\n  %b = cast(%a) {dtype = f32} : f32[4]\n`, "%b") },
  ],
};

export const ARITHMETIC_RULES: readonly Rule[] = [mulOne, divOne, addZero, subZero, negNeg, castSame, castWidened];
