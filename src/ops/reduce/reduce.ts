/** sum, mean, reduce_max, reduce_min: one axis folded away. */
import { contraction, exact } from "../../ir/op-def.ts";
import type { Accuracy, OpDef, Sample } from "../../ir/op-def.ts";
import { isFloat, tensorType } from "../../ir/type.ts";
import type { DType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { boolAttr, numberAttr } from "../support/attrs.ts";
import { integers, uniform, vector } from "../support/sample-data.ts";
import { FLOATS, NUMBERS, findAxis, noAxis, wrongDType } from "../support/shape.ts";
import { at, axisView, operand, resultTensor } from "../support/tensor.ts";

interface Fold {
  readonly name: string;
  readonly doc: string;
  readonly dtypes: readonly DType[];
  /** The value before the first element. */
  readonly start: (dtype: DType) => number;
  /** Rounded after every element. */
  readonly step: (folded: number, x: number) => number;
  /** The result from the fold of `length` elements. */
  readonly finish?: (folded: number, length: number) => number;
  readonly accuracy: Accuracy;
}

function reduction(fold: Fold): OpDef {
  return {
    name: fold.name,
    doc: fold.doc,
    operands: ["x"],
    attrs: {
      axis: { kind: "int", doc: "The axis folded away; negative ones count from the back." },
      keep: { kind: "bool", doc: "Whether the axis stays, with size 1.", default: false },
    },
    traits: ["pure", "reduce"],
    infer(operands, attrs) {
      const x = operand(operands, 0);
      const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length);
      if (axis === undefined) return noAxis(numberAttr(attrs, "axis"), "x", x);
      const dims = x.dims.toSpliced(axis, 1, ...(boolAttr(attrs, "keep") ? [Dim.of(1)] : []));
      return wrongDType("x", x, fold.dtypes) ?? [tensorType(x.dtype, dims)];
    },
    evaluate(operands, attrs, context) {
      const x = operand(operands, 0);
      const out = resultTensor(context);
      const axis = findAxis(numberAttr(attrs, "axis"), x.dims.length) ?? 0;
      const { outer, length, inner } = axisView(x.dims, axis);
      for (let o = 0; o < outer; o++)
        for (let n = 0; n < inner; n++) {
          let folded = fold.start(x.dtype);
          for (let i = 0; i < length; i++)
            folded = context.round(fold.step(folded, at(x.data, (o * length + i) * inner + n)), x.dtype);
          out.data[o * inner + n] = context.round(fold.finish?.(folded, length) ?? folded, x.dtype);
        }
      return [out];
    },
    accuracy: fold.accuracy,
    samples: (rng): readonly Sample[] => [
      { label: "one", operands: [uniform(rng, [1])], attrs: { axis: 0, keep: false } },
      { label: "odd, last axis", operands: [uniform(rng, [3, 7])], attrs: { axis: -1, keep: false } },
      { label: "odd, middle axis kept", operands: [uniform(rng, [2, 5, 3])], attrs: { axis: 1, keep: true } },
      { label: "beyond a workgroup", operands: [uniform(rng, [3, 300])], attrs: { axis: 1, keep: true } },
      {
        label: "symbolic",
        operands: [uniform(rng, [2, 3, 5])],
        types: [tensorType("f32", [Dim.symbol("B"), Dim.symbol("T"), 5])],
        symbols: { B: 2, T: 3 },
        attrs: { axis: 1, keep: false },
      },
      ...(fold.dtypes.includes("i32")
        ? [{ label: "integers", operands: [integers(rng, [4, 9], -99, 99)], attrs: { axis: 1, keep: false } }]
        : []),
      {
        label: "special",
        operands: [vector("f32", [1, -Infinity, NaN])],
        attrs: { axis: 0, keep: false },
        special: true,
      },
    ],
  };
}

export const sum = reduction({
  name: "sum",
  doc: "`out = sum of x along axis`; integers wrap.",
  dtypes: NUMBERS,
  start: () => 0,
  step: (folded, x) => folded + x,
  accuracy: contraction,
});

export const mean = reduction({
  name: "mean",
  doc: "`out = sum of x along axis / its size`.",
  dtypes: FLOATS,
  start: () => 0,
  step: (folded, x) => folded + x,
  finish: (folded, length) => folded / length,
  accuracy: contraction,
});

export const reduceMax = reduction({
  name: "reduce_max",
  doc: "`out = the largest x along axis`; NaN where one is NaN. The elementwise `max` takes two operands.",
  dtypes: NUMBERS,
  start: (dtype) => (isFloat(dtype) ? -Infinity : dtype === "u32" ? 0 : -(2 ** 31)),
  step: (folded, x) => Math.max(folded, x),
  accuracy: exact,
});

export const reduceMin = reduction({
  name: "reduce_min",
  doc: "`out = the smallest x along axis`; NaN where one is NaN. The elementwise `min` takes two operands.",
  dtypes: NUMBERS,
  start: (dtype) => (isFloat(dtype) ? Infinity : dtype === "u32" ? 2 ** 32 - 1 : 2 ** 31 - 1),
  step: (folded, x) => Math.min(folded, x),
  accuracy: exact,
});
