/** matmul: the product of matrices, over leading axes that broadcast. */
import { contraction } from "../../ir/op-def.ts";
import type { OpDef, Sample } from "../../ir/op-def.ts";
import type { Attrs } from "../../ir/ir.ts";
import { tensorType, typeText } from "../../ir/type.ts";
import type { TensorType } from "../../ir/type.ts";
import { Dim } from "../../support/dim.ts";
import { boolAttr } from "../support/attrs.ts";
import { uniform } from "../support/sample-data.ts";
import { FLOATS, broadcastDims, butText, wrongDType } from "../support/shape.ts";
import { at, broadcastStrides, forEachIndex, operand, resultTensor, sizeOf } from "../support/tensor.ts";

const PLAIN: Attrs = { transpose_a: false, transpose_b: false };
const BY_ROWS: Attrs = { transpose_a: false, transpose_b: true };

/** The two matrix axes of an operand, after the transposition that the attribute asks for. */
function matrix<S>(dims: readonly S[], isTransposed: boolean): readonly [rows: S, columns: S] {
  const [rows, columns] = [operand(dims, dims.length - 2), operand(dims, dims.length - 1)];
  return isTransposed ? [columns, rows] : [rows, columns];
}

function rankText(name: string, type: TensorType): string | undefined {
  return type.dims.length >= 2 ? undefined : `${name} is ${typeText(type)}, and a matrix has at least two axes`;
}

export const matmul: OpDef = {
  name: "matmul",
  doc:
    "`out[..., m, n] = sum_k a[..., m, k] * b[..., k, n]`. With `transpose_b`, b is stored [..., N, K]; with " +
    "`transpose_a`, a is stored [..., K, M]. The axes before the last two broadcast as in NumPy.",
  operands: ["a", "b"],
  attrs: {
    transpose_a: { kind: "bool", doc: "Whether the last two axes of a are swapped first.", default: false },
    transpose_b: { kind: "bool", doc: "Whether the last two axes of b are swapped first.", default: false },
  },
  traits: ["pure", "contract"],
  infer(operands, attrs) {
    const [a, b] = [operand(operands, 0), operand(operands, 1)];
    const sentence = rankText("a", a) ?? rankText("b", b) ?? wrongDType("a", a, FLOATS);
    if (sentence !== undefined) return sentence;
    if (a.dtype !== b.dtype) return `${butText("a", a, "b", b)}: the element types differ`;
    const [m, k] = matrix(a.dims, boolAttr(attrs, "transpose_a"));
    const [kOfB, n] = matrix(b.dims, boolAttr(attrs, "transpose_b"));
    if (!k.equals(kOfB)) return `${butText("a", a, "b", b)}: the summed sizes ${k} and ${kOfB} differ`;
    const leading = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2));
    if (leading === undefined) return `${butText("a", a, "b", b)}: the axes before the last two do not match`;
    return [tensorType(a.dtype, [...leading, m, n])];
  },
  evaluate(operands, attrs, context) {
    const [a, b] = [operand(operands, 0), operand(operands, 1)];
    const out = resultTensor(context);
    const [rows, depth] = matrix(a.dims, boolAttr(attrs, "transpose_a"));
    const columns = operand(out.dims, out.dims.length - 1);
    const [aRow, aDepth] = boolAttr(attrs, "transpose_a") ? [1, rows] : [depth, 1];
    const [bDepth, bColumn] = boolAttr(attrs, "transpose_b") ? [1, depth] : [columns, 1];
    const leading = out.dims.slice(0, -2);
    const matrixStrides = (dims: readonly number[]): readonly number[] =>
      broadcastStrides(dims.slice(0, -2), leading).map((stride) => stride * sizeOf(dims.slice(-2)));
    forEachIndex(leading, [matrixStrides(a.dims), matrixStrides(b.dims)], (position, offsets) => {
      const [aStart, bStart] = [at(offsets, 0), at(offsets, 1)];
      for (let m = 0; m < rows; m++)
        for (let n = 0; n < columns; n++) {
          let sum = 0;
          for (let k = 0; k < depth; k++) {
            const product = at(a.data, aStart + m * aRow + k * aDepth) * at(b.data, bStart + k * bDepth + n * bColumn);
            sum = context.round(sum + product, out.dtype);
          }
          out.data[(position * rows + m) * columns + n] = sum;
        }
    });
    return [out];
  },
  accuracy: contraction,
  samples: (rng): readonly Sample[] => {
    const [B, T] = [Dim.symbol("B"), Dim.symbol("T")];
    return [
      { label: "one", operands: [uniform(rng, [1, 1]), uniform(rng, [1, 1])], attrs: PLAIN },
      { label: "odd", operands: [uniform(rng, [5, 7]), uniform(rng, [7, 3])], attrs: PLAIN },
      { label: "odd, b by rows", operands: [uniform(rng, [5, 7]), uniform(rng, [3, 7])], attrs: BY_ROWS },
      {
        label: "both transposed",
        operands: [uniform(rng, [7, 5]), uniform(rng, [3, 7])],
        attrs: { transpose_a: true, transpose_b: true },
      },
      { label: "one row, deep", operands: [uniform(rng, [1, 300]), uniform(rng, [4, 300])], attrs: BY_ROWS },
      { label: "wide", operands: [uniform(rng, [2, 3]), uniform(rng, [3, 300])], attrs: PLAIN },
      { label: "beyond a tile", operands: [uniform(rng, [67, 9]), uniform(rng, [70, 9])], attrs: BY_ROWS },
      {
        label: "a linear layer",
        operands: [uniform(rng, [2, 3, 8]), uniform(rng, [5, 8])],
        types: [tensorType("f32", [B, T, 8]), tensorType("f32", [5, 8])],
        symbols: { B: 2, T: 3 },
        attrs: BY_ROWS,
      },
      {
        label: "leading axes broadcast",
        operands: [uniform(rng, [2, 1, 3, 4]), uniform(rng, [3, 4, 2])],
        attrs: PLAIN,
      },
    ];
  },
};
