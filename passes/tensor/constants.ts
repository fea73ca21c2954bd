/** Reading and making scalar constants in tensor IR. A constant here is any `constant` op whose elements are all equal. */
import type { Builder } from "../../src/ir/builder.ts";
import type { Literal, Op, Value } from "../../src/ir/ir.ts";
import { isLiteral } from "../../src/ir/attr-text.ts";
import type { DType } from "../../src/ir/type.ts";

/** The number that all elements of a `constant` are (-0 and 0 differ), or undefined. */
export function splatOf(op: Op | undefined): number | undefined {
  const literal = literalOf(op);
  const first = literal?.data[0];
  if (literal === undefined || first === undefined) return undefined;
  return literal.data.every((x: number) => Object.is(x, first)) ? first : undefined;
}

/** The literal of a `constant`, or undefined for other ops. */
export function literalOf(op: Op | undefined): Literal | undefined {
  const found = op?.name === "constant" ? op.attrs["value"] : undefined;
  return found !== undefined && isLiteral(found) ? found : undefined;
}

/** A scalar of rank 0. */
export function scalarConstant(b: Builder, dtype: DType, x: number, name = ""): Value {
  const value: Literal = { kind: "literal", dtype, dims: [], data: [x] };
  return b.emit("constant", [], { value }, name);
}
