/** cast: the same number as another element type. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import { isFloat, isInteger, tensorType } from "../../ir/type.ts";
import type { DType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { dtypeAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { ANY_DTYPE } from "../support/shape.ts";
import { operand } from "../support/tensor.ts";
import { elementwise } from "./define.ts";

export const cast: OpDef = elementwise({
  name: "cast",
  doc:
    "The value of x as `dtype`: to a float rounds to nearest even, float to integer truncates towards zero and " +
    "saturates (NaN gives 0), between integers the low 32 bits stay, to bool is `x != 0`.",
  operands: ["x"],
  attrs: { dtype: { kind: "dtype", doc: "The element type of the result." } },
  dtypes: ANY_DTYPE,
  result: (attrs) => dtypeAttr(attrs, "dtype"),
  compute: (args, from, attrs) => convert(operand(args, 0), from, dtypeAttr(attrs, "dtype")),
  scalar: (s, args, attrs) => s.cast(operand(args, 0), dtypeAttr(attrs, "dtype")),
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "one f32 to i32", operands: [uniform(rng, [1], -9, 9)], attrs: { dtype: "i32" } },
    { label: "f32 to f16", operands: [uniform(rng, [300], -9, 9)], attrs: { dtype: "f16" } },
    { label: "f16 to f32", operands: [integers(rng, [3, 7], -99, 99, "f16")], attrs: { dtype: "f32" } },
    { label: "i32 to f32", operands: [integers(rng, [300], -99, 99)], attrs: { dtype: "f32" } },
    { label: "i32 to u32 wraps", operands: [vector("i32", [-1, 0, 7])], attrs: { dtype: "u32" } },
    { label: "bool to f32", operands: [vector("bool", [0, 1, 1])], attrs: { dtype: "f32" } },
    { label: "f32 to bool", operands: [vector("f32", [0, -0, 0.25])], attrs: { dtype: "bool" } },
    {
      label: "symbolic",
      operands: [uniform(rng, [2, 3])],
      types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T")])],
      symbols: { B: 2, T: 3 },
      attrs: { dtype: "i32" },
    },
    {
      label: "saturates",
      operands: [vector("f32", [3e9, -3e9, Infinity, -Infinity, NaN])],
      attrs: { dtype: "i32" },
      special: true,
    },
    { label: "saturates at 0", operands: [vector("f32", [-1, 5e9])], attrs: { dtype: "u32" }, special: true },
  ],
});

function convert(x: number, from: DType, to: DType): number {
  if (to === "bool") return x === 0 ? 0 : 1;
  if (!isInteger(to) || !isFloat(from)) return x;
  if (Number.isNaN(x)) return 0;
  const [low, high] = to === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Math.min(high, Math.max(low, Math.trunc(x)));
}
