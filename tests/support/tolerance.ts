/**
 * How far an executor may be from the reference. Derived, never chosen: from the record's accuracy for one op
 * (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, section 3.1 for contractions), from the distance
 * between the interpreter's two modes for a program.
 */
import { evaluateCase, caseOf } from "./op-case.ts";
import type { OpCase } from "./op-case.ts";
import { countOf } from "./random-tensor.ts";
import { rounding } from "../../src/interp/index.ts";
import type { OpTable, Sample, Tensor } from "../../src/ir/index.ts";
import { hasTrait, isFloat } from "../../src/ir/index.ts";
import type { DType } from "../../src/ir/index.ts";
import { assertNever } from "../../src/support/errors.ts";

const round = rounding("rounded");

/** `min(1e-4 max|ref|, 16 max|rounded - exact| + 2^-22 max|ref|)`, absolute, for one output of a program. */
export function programTolerance(exact: Tensor, rounded: Tensor): number {
  const largest = largestOf(exact.data);
  const distance = largestOf(exact.data.map((x, i) => (rounded.data[i] ?? NaN) - x));
  return Math.min(1e-4 * largest, 16 * distance + 2 ** -22 * largest);
}

/** The absolute tolerance of each element of each result of a sample, against its exact evaluation. */
export function opTolerance(opCase: OpCase, sample: Sample, ops: OpTable): readonly Float64Array[] {
  const { def } = opCase;
  const exact = evaluateCase(opCase, ops, "exact");
  switch (def.accuracy.kind) {
    case "exact":
      // Zero, but for a result that its type does not hold: that is rounded once.
      return exact.map(({ data, dtype }) => data.map((x) => Math.abs(round(x, dtype) - x)));
    case "ulp": {
      const { n } = def.accuracy;
      return exact.map(({ data, dtype }) => data.map((x) => (isFloat(dtype) ? n * unitInLastPlace(x, dtype) : 0)));
    }
    case "contraction":
      return contractionTolerance(opCase, exact, ops);
    case "inherited": {
      const decomposed = caseOf(def, sample, ops, true);
      const rounded = evaluateCase(decomposed, ops, "rounded");
      return exact.map((tensor, i) => {
        const bound = programTolerance(tensor, rounded[i] ?? tensor);
        return new Float64Array(tensor.data.length).fill(bound);
      });
    }
    default:
      return assertNever(def.accuracy, "accuracy");
  }
}

/** Distance from |x| to the next larger number of the type; subnormals have that of the smallest normal number. */
export function unitInLastPlace(x: number, dtype: DType): number {
  const { precision, minExponent } = FORMATS[dtype] ?? { precision: 24, minExponent: -126 };
  if (!Number.isFinite(x)) return 0;
  const exponent = x === 0 ? minExponent : Math.max(Math.floor(Math.log2(Math.abs(x))), minExponent);
  return 2 ** (exponent - precision + 1);
}

const FORMATS: Partial<Record<DType, { readonly precision: number; readonly minExponent: number }>> = {
  f64: { precision: 53, minExponent: -1022 },
  f32: { precision: 24, minExponent: -126 },
  f16: { precision: 11, minExponent: -14 },
  bf16: { precision: 8, minExponent: -126 },
};

/**
 * `k u / (1 - k u) * sum |a b|` and one rounding of the result. The sum is the op itself on the operands' magnitudes;
 * k is the op itself on ones, or for a mean the number of elements folded into one.
 */
function contractionTolerance(opCase: OpCase, exact: readonly Tensor[], ops: OpTable): readonly Float64Array[] {
  const withData = (f: (x: number) => number): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(opCase.args).map(([name, tensor]) => [
        name,
        isFloat(tensor.dtype) ? { ...tensor, data: tensor.data.map(f) } : tensor,
      ]),
    );
  const sums = evaluateCase(opCase, ops, "exact", withData(Math.abs));
  const terms = evaluateCase(opCase, ops, "exact", withData(() => 1)); // prettier-ignore
  return exact.map(({ data, dtype, dims }, r) => {
    const [first] = Object.values(opCase.args);
    const folded = hasTrait(opCase.def, "reduce") && first !== undefined ? countOf(first.dims) / countOf(dims) : 0;
    const u = unitInLastPlace(1, dtype) / 2;
    return data.map((x, i) => {
      const k = Math.max(terms[r]?.data[i] ?? 0, folded);
      return ((k * u) / (1 - k * u)) * (sums[r]?.data[i] ?? 0) + unitInLastPlace(x, dtype);
    });
  });
}

function largestOf(data: Float64Array): number {
  return data.reduce((largest, x) => (Number.isFinite(x) ? Math.max(largest, Math.abs(x)) : largest), 0);
}
