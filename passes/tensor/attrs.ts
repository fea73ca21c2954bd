/** Typed readers of the attributes that passes look at. The verifier has checked kinds, so a misfit throws `InternalError`. */
import { isLiteral } from "../../src/ir/attr-text.ts";
import type { Attr, Op } from "../../src/ir/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { InternalError, defined } from "../../src/support/errors.ts";

/** An integer or float attribute. */
export function numberAttr(op: Op, name: string): number {
  const found = op.attrs[name];
  return typeof found === "number" ? found : misfit(op, name);
}

export function wordAttr(op: Op, name: string): string {
  const found = op.attrs[name];
  return typeof found === "string" ? found : misfit(op, name);
}

/** A size: a number or a `Dim`. */
export function dimAttr(op: Op, name: string): Dim {
  return asDim(op, name, op.attrs[name]);
}

/** A list of sizes or of integers, as sizes. */
export function dimsAttr(op: Op, name: string): readonly Dim[] {
  return listAttr(op, name).map((item) => asDim(op, name, item));
}

/** A list of numbers. */
export function numbersAttr(op: Op, name: string): readonly number[] {
  return listAttr(op, name).map((item) => (typeof item === "number" ? item : misfit(op, name)));
}

/** The attribute `axis`, counted from the front; negative ones in the text count from the back of `rank` axes. */
export function axisAttr(op: Op, rank: number): number {
  const axis = numberAttr(op, "axis");
  return axis < 0 ? axis + rank : axis;
}

/** The type of an operand that must be there. */
export function operandType(op: Op, index: number): NonNullable<Op["operands"][number]>["type"] {
  return defined(op.operands[index], `${op.name} has no operand ${index}`).type;
}

function listAttr(op: Op, name: string): readonly Attr[] {
  const found = op.attrs[name];
  return isList(found) ? found : misfit(op, name);
}

function isList(attr: Attr | undefined): attr is readonly Attr[] {
  return attr !== undefined && Array.isArray(attr);
}

function asDim(op: Op, name: string, attr: Attr | undefined): Dim {
  if (attr instanceof Dim || typeof attr === "number") return Dim.of(attr);
  return misfit(op, name);
}

function misfit(op: Op, name: string): never {
  const found = op.attrs[name];
  const text = found === undefined ? "absent" : isLiteral(found) ? "a literal" : String(found);
  throw new InternalError(`${op.name}: the attribute ${name} is ${text}`);
}
