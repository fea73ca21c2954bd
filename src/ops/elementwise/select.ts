/** select: one of two values, by a condition. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { integers, scalar, uniform, vector } from "../support/sample-data.ts";
import { ANY_DTYPE, butText } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { elementwise } from "./define.ts";

const NAMES = ["condition", "when_true", "when_false"];

export const select: OpDef = elementwise({
  name: "select",
  doc: "`out = condition ? when_true : when_false`, element by element; the other value may be anything, also NaN.",
  operands: NAMES,
  dtypes: ANY_DTYPE,
  check(types) {
    const [condition, x, y] = [operand(types, 0), operand(types, 1), operand(types, 2)];
    if (condition.dtype !== "bool") return { sentence: `condition is ${typeText(condition)}, and it must be bool` };
    return x.dtype === y.dtype ? x.dtype : { sentence: butText("when_true", x, "when_false", y) };
  },
  compute: (args) => (operand(args, 0) === 0 ? operand(args, 2) : operand(args, 1)),
  scalar: (s, args) => s.select(operand(args, 0), operand(args, 1), operand(args, 2)),
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one", operands: [integers(rng, [1], 0, 2, "bool"), uniform(rng, [1]), uniform(rng, [1])], attrs: {} },
    {
      label: "stretched",
      operands: [integers(rng, [3, 1], 0, 2, "bool"), uniform(rng, [1, 5]), scalar("f32", -1)],
      attrs: {},
    },
    {
      label: "beyond a workgroup",
      operands: [integers(rng, [300], 0, 2, "bool"), integers(rng, [300], -9, 9), integers(rng, [300], -9, 9)],
      attrs: {},
    },
    {
      label: "symbolic",
      operands: [integers(rng, [3, 3], 0, 2, "bool"), uniform(rng, [2, 3, 3]), scalar("f32", 0)],
      types: [
        tensorType("bool", [Dim.symbol("T"), Dim.symbol("T")]),
        tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), Dim.symbol("T")]),
        tensorType("f32", []),
      ],
      symbols: { B: 2, T: 3 },
      attrs: {},
    },
    {
      label: "the other value is special",
      operands: [vector("bool", [1, 0, 1, 0]), vector("f32", [1, NaN, -0, Infinity]), vector("f32", [NaN, 2, 0, 3])],
      attrs: {},
      special: true,
    },
  ],
});
