/** Where the operands of `matmul` are read for one element of the result: `out[..., m, n] = sum_k a[..., m, k] b[..., k, n]`. */
import type { Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import type { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { LinearIndex } from "./linear-index.ts";

export interface Product {
  readonly op: Op;
  readonly a: Value;
  readonly b: Value;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Sizes of the result: leading axes, rows, columns; and the size summed over. */
  readonly leading: readonly Dim[];
  readonly rows: Dim;
  readonly columns: Dim;
  readonly depth: Dim;
}

export function productOf(op: Op): Product {
  const [a, b] = [defined(op.operands[0], "no left operand"), defined(op.operands[1], "no right operand")];
  const { dims } = result(op).type;
  const transposeA = op.attrs["transpose_a"] === true;
  return {
    op,
    a,
    b,
    transposeA,
    transposeB: op.attrs["transpose_b"] === true,
    leading: dims.slice(0, -2),
    rows: defined(dims.at(-2), "a product without rows"),
    columns: defined(dims.at(-1), "a product without columns"),
    depth: defined(a.type.dims.at(transposeA ? -2 : -1), "a product of a scalar"),
  };
}

/** The index into `a` for an element of the result (leading axes, m, n) and position k. */
export function leftIndex(product: Product, index: readonly LinearIndex[], k: LinearIndex): readonly LinearIndex[] {
  const m = defined(index.at(-2), "a product without rows");
  return [...leadingIndex(product.a, index), ...(product.transposeA ? [k, m] : [m, k])];
}

/** The same for `b`. */
export function rightIndex(product: Product, index: readonly LinearIndex[], k: LinearIndex): readonly LinearIndex[] {
  const n = defined(index.at(-1), "a product without columns");
  return [...leadingIndex(product.b, index), ...(product.transposeB ? [n, k] : [k, n])];
}

/** The leading axes of an operand, which broadcast to those of the result. */
function leadingIndex(operand: Value, index: readonly LinearIndex[]): readonly LinearIndex[] {
  const dims = operand.type.dims.slice(0, -2);
  const skip = index.length - 2 - dims.length;
  return dims.map((dim, axis) =>
    dim.equals(1) ? LinearIndex.of(0) : defined(index[skip + axis], "an operand with more axes than the product"),
  );
}
