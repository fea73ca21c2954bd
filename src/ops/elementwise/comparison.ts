/** eq, ne, lt, le, gt, ge (numbers to bool) and the logical and, or, not (bool to bool). */
import type { CompareScalar, OpDef } from "../../ir/op-def.ts";
import { exact } from "../../ir/op-def.ts";
import type { DType } from "../../ir/type.ts";
import { ANY_DTYPE, NUMBERS } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { binarySamples, elementwise, unarySamples } from "./define.ts";

function comparison(
  name: CompareScalar,
  sign: string,
  dtypes: readonly DType[],
  holds: (x: number, y: number) => boolean,
): OpDef {
  return elementwise({
    name,
    doc: `\`out = x ${sign} y\`; a comparison with NaN is ${name === "ne" ? "true" : "false"}, and -0 equals +0.`,
    operands: ["x", "y"],
    traits: name === "eq" || name === "ne" ? ["commutative"] : [],
    dtypes,
    result: "bool",
    compute: (args) => (holds(operand(args, 0), operand(args, 1)) ? 1 : 0),
    scalar: (s, args) => s.compare(name, operand(args, 0), operand(args, 1)),
    accuracy: exact,
    // Small integers, so that equal pairs occur.
    samples: (rng) => binarySamples(rng, { low: -2, high: 2, dtypes: ["f32", "i32"] }),
  });
}

export const eq = comparison("eq", "==", ANY_DTYPE, (x, y) => x === y);
export const ne = comparison("ne", "!=", ANY_DTYPE, (x, y) => x !== y);
export const lt = comparison("lt", "<", NUMBERS, (x, y) => x < y);
export const le = comparison("le", "<=", NUMBERS, (x, y) => x <= y);
export const gt = comparison("gt", ">", NUMBERS, (x, y) => x > y);
export const ge = comparison("ge", ">=", NUMBERS, (x, y) => x >= y);

function logical(name: "and" | "or", doc: string, compute: (x: number, y: number) => number): OpDef {
  return elementwise({
    name,
    doc,
    operands: ["x", "y"],
    traits: ["commutative"],
    dtypes: ["bool"],
    compute: (args) => compute(operand(args, 0), operand(args, 1)),
    scalar: (s, args) => s.binary(name, operand(args, 0), operand(args, 1)),
    accuracy: exact,
    samples: (rng) => binarySamples(rng, { low: 0, high: 1, dtypes: ["bool"] }),
  });
}

export const and = logical("and", "True where x and y are.", (x, y) => x * y);
export const or = logical("or", "True where x or y is.", (x, y) => Math.max(x, y));

export const not = elementwise({
  name: "not",
  doc: "True where x is false.",
  operands: ["x"],
  dtypes: ["bool"],
  compute: (args) => 1 - operand(args, 0),
  scalar: (s, args) => s.unary("not", operand(args, 0)),
  accuracy: exact,
  samples: (rng) => unarySamples(rng, { low: 0, high: 1, dtypes: ["bool"] }),
});
