/**
 * A text that two layers share exactly when one loop body can stand for both: the same ops, wired in the same way, on
 * parameters of the same names and storage. Scalar constants are left out of it; where they differ, they become an
 * input of the loop.
 */
import type { Block, Literal, Op, Value } from "../ir/ir.ts";
import type { Attr } from "../ir/ir.ts";
import { typeText } from "../ir/type.ts";
import { Dim } from "../support/dim.ts";

export function layerKey(block: Block): string {
  const numbers = new Map<Value, number>();
  const number = (value: Value): string => {
    const known = numbers.get(value) ?? numbers.size;
    numbers.set(value, known);
    return `%${known}`;
  };
  const blockText = (each: Block): string =>
    `(${each.args.map((arg) => `${number(arg)}:${typeText(arg.type)}`).join()}){${each.ops.map(opText).join(";")};${each.yields.map(number).join()}}`;
  const opText = (op: Op): string => {
    const operands = op.operands.map((operand) => (operand === null ? "_" : number(operand)));
    const attrs = Object.entries(op.attrs).map(
      ([name, attr]) => `${name}=${isScalarConstant(op) ? "?" : attrText(attr)}`,
    );
    const results = op.results.map((result) => `${number(result)}:${typeText(result.type)}`);
    return `${results.join()}=${op.name}(${operands.join()})<${attrs.join()}>${op.regions.map(blockText).join()}`;
  };
  return blockText(block);
}

function attrText(attr: Attr): string {
  if (attr instanceof Dim) return `dim ${attr}`;
  if (typeof attr !== "object") return `${typeof attr} ${attr}`;
  if (!isLiteral(attr)) return `[${attr.map(attrText).join()}]`;
  return `${attr.dtype}[${attr.dims.join()}](${Array.from(attr.data, String).join()})`;
}

function isLiteral(attr: Literal | readonly Attr[]): attr is Literal {
  return "kind" in attr;
}

/** A `constant` of one element, no family: what may differ between the layers of a loop. */
export function scalarConstantOf(op: Op): Literal | undefined {
  const value = op.attrs["value"];
  if (op.name !== "constant" || typeof value !== "object" || value instanceof Dim || !isLiteral(value as Literal))
    return undefined;
  const literal = value as Literal;
  return literal.dims.length === 0 && (op.attrs["family"] ?? 0) === 0 ? literal : undefined;
}

function isScalarConstant(op: Op): boolean {
  return scalarConstantOf(op) !== undefined;
}
