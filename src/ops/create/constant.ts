/** constant: numbers that the model holds, or one small tensor a layer. */
import { exact } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Literal } from "../../ir/ir.ts";
import { tensorType } from "../../ir/type.ts";
import { literalAttr, numberAttr } from "../support/attrs.ts";
import { SPECIAL } from "../support/sample-data.ts";
import { sizeOf, tensorOf } from "../support/tensor.ts";

export const constant: OpDef = {
  name: "constant",
  doc:
    "`out = value`. With `family = N` the literal has the dims [N, ...] and the result is N separate tensors " +
    "`N x dtype[...]`; `evaluate` gives them as one tensor [N, ...].",
  operands: [],
  attrs: {
    value: { kind: "literal", doc: "The elements, row-major." },
    family: { kind: "int", doc: "How many tensors; 0 for one that is no family.", default: 0 },
  },
  traits: ["pure"],
  infer(_operands, attrs) {
    const value = literalAttr(attrs, "value");
    const family = numberAttr(attrs, "family");
    if (sizeOf(value.dims) !== value.data.length)
      return `value has ${value.data.length} elements, and its dims are [${value.dims.join(", ")}]`;
    if (family === 0) return [tensorType(value.dtype, value.dims)];
    if (value.dims[0] !== family)
      return `a family of ${family} needs a value of ${family} tensors, and its dims are [${value.dims.join(", ")}]`;
    return [tensorType(value.dtype, value.dims.slice(1), family)];
  },
  evaluate(_operands, attrs, context) {
    const { dtype, dims, data } = literalAttr(attrs, "value");
    return [
      tensorOf(
        dtype,
        dims,
        Array.from(data, (x) => context.round(x, dtype)),
      ),
    ];
  },
  accuracy: exact,
  samples: (rng): readonly Sample[] => [
    { label: "scalar", operands: [], attrs: { value: literal("f32", [], [0.5]) } },
    { label: "integers", operands: [], attrs: { value: literal("i32", [3], [-1, 0, 2147483647]) } },
    {
      label: "beyond a workgroup",
      operands: [],
      attrs: {
        value: literal(
          "i32",
          [300],
          Array.from({ length: 300 }, () => rng.int(-9, 9)),
        ),
      },
    },
    { label: "special", operands: [], attrs: { value: literal("f32", [7], SPECIAL) }, special: true },
  ],
};

function literal(dtype: Literal["dtype"], dims: readonly number[], data: readonly number[]): Literal {
  return { kind: "literal", dtype, dims, data };
}
