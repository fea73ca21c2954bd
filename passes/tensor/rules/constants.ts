/** Rules that compute at compile time. Only what keeps every bit on every target: exact operands, small results. */
import type { Literal, Op, Value } from "../../../src/ir/ir.ts";
import type { DType } from "../../../src/ir/type.ts";
import type { Match, Rule } from "../../manager/rules.ts";
import { dimsAttr } from "../attrs.ts";
import { literalOf } from "../constants.ts";

/** Literals of more elements stay ops: folding them would only make text longer. */
const MAX_ELEMENTS = 16;

type Fold = (x: number, y: number) => number;
/** Exact where the result is representable: IEEE 754 rounds f64 arithmetic on f32 operands only once here. */
const FLOAT_FOLDS: Readonly<Record<string, Fold>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
};
const INTEGER_FOLDS: Readonly<Record<string, Fold>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => Math.imul(x, y),
};

const foldScalars: Rule = {
  name: "fold-scalars",
  equation: "a + b, a - b, a * b of two scalar constants = the number",
  condition: "the type is i32, u32, or f32 where the exact result is an f32, so that nothing is rounded",
  promise: "bit-exact",
  roots: ["add", "sub", "mul"],
  rewrite(match) {
    const [x, y] = [scalarOf(match, 0), scalarOf(match, 1)];
    if (x === undefined || y === undefined) return undefined;
    const { dtype } = match.operand(0).type;
    const folded = fold(match.op, dtype, x, y);
    return folded === undefined ? undefined : scalar(match, dtype, folded);
  },
  examples: [
    {
      before: two("i32", "2147483647", "1", "add"),
      after: one("i32", "-2147483648"),
    },
    { before: two("f32", "0.5", "3.0", "mul"), after: one("f32", "1.5") },
    // 16777217 is no f32: the target would round it, so the sum stays an op.
    { before: two("f32", "16777216.0", "1.0", "add") },
  ],
};

const iotaOne: Rule = {
  name: "iota-one",
  equation: "iota over one element = 0",
  condition: "all sizes are 1",
  promise: "bit-exact",
  roots: ["iota"],
  rewrite(match) {
    const shape = dimsAttr(match.op, "shape");
    if (!shape.every((size) => size.equals(1))) return undefined;
    const value: Literal = { kind: "literal", dtype: "i32", dims: shape.map(() => 1), data: [0] };
    return match.b.emit("constant", [], { value }, match.op.results[0]?.name);
  },
  examples: [
    {
      before: "func @f() -> (y: i32[1]) {\n  %i = iota() {shape = [1], axis = 0} : i32[1]\n  return %i\n}\n",
      after: "func @f() -> (y: i32[1]) {\n  %i = constant() {value = i32[1](0), family = 0} : i32[1]\n  return %i\n}\n",
    },
    { before: "func @f() -> (y: i32[2]) {\n  %i = iota() {shape = [2], axis = 0} : i32[2]\n  return %i\n}\n" },
  ],
};

export const CONSTANT_RULES: readonly Rule[] = [foldScalars, iotaOne];

function scalarOf(match: Match, index: number): number | undefined {
  const literal = literalOf(match.definition(match.operand(index)));
  return literal?.dims.length === 0 && literal.data.length <= MAX_ELEMENTS ? literal.data[0] : undefined;
}

function fold(op: Op, dtype: DType, x: number, y: number): number | undefined {
  if (dtype === "f32") {
    const result = FLOAT_FOLDS[op.name]?.(x, y);
    const isExact = [x, y, result].every((n) => n !== undefined && Object.is(Math.fround(n), n));
    return isExact ? result : undefined;
  }
  const result = INTEGER_FOLDS[op.name]?.(x, y);
  if (result === undefined) return undefined;
  return dtype === "i32" ? result | 0 : dtype === "u32" ? result >>> 0 : undefined;
}

function scalar(match: Match, dtype: DType, x: number): Value {
  const value: Literal = { kind: "literal", dtype, dims: [], data: [x] };
  return match.b.emit("constant", [], { value }, match.op.results[0]?.name);
}

function two(dtype: string, x: string, y: string, op: string): string {
  const line = (name: string, text: string): string =>
    `  %${name} = constant() {value = ${dtype}[](${text})} : ${dtype}[]\n`;
  return `func @f() -> (y: ${dtype}[]) {\n${line("a", x)}${line("b", y)}  %s = ${op}(%a, %b) : ${dtype}[]\n  return %s\n}\n`;
}

function one(dtype: string, x: string): string {
  return `func @f() -> (y: ${dtype}[]) {\n  %s = constant() {value = ${dtype}[](${x})} : ${dtype}[]\n  return %s\n}\n`;
}
