/** Operators on tensors: each is an op of the table; a compile-time number on one side becomes a constant. */
import type { BinaryExpr, BinaryOperator, UnaryExpr } from "../../grammar/ast.ts";
import type { Value } from "../ir/ir.ts";
import type { Entity } from "./entity.ts";
import { kindText, poison } from "./entity.ts";
import { asTensor, typePlace } from "./frame.ts";
import { emitOp } from "./op-call.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";

const OPS: Readonly<Partial<Record<BinaryOperator, string>>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "rem",
  "@": "matmul",
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "&&": "and",
  "||": "or",
};

/** `left operator right` where at least one is a tensor; broadcasting is the op's. */
export function tensorBinary(context: Context, expr: BinaryExpr, left: Entity, right: Entity, hint: string): Entity {
  const name = OPS[expr.operator];
  if (name === undefined || !context.session.ops.has(name)) {
    report(context, "LLM0208", `\`${expr.operator}\` is not defined for tensors`, expr.span);
    return poison;
  }
  const other = left.kind === "tensor" ? left : right;
  const dtype = other.kind === "tensor" ? other.value.type.dtype : undefined;
  for (const [side, entity] of [
    [expr.left, left],
    [expr.right, right],
  ] as const)
    if (entity.kind === "text" || entity.kind === "list") {
      report(context, "LLM0208", `\`${expr.operator}\` is not defined for a tensor and ${kindText(entity)}`, side.span);
      return poison;
    }
  const a = asTensor(context, left, expr.left.span, dtype);
  const b = asTensor(context, right, expr.right.span, dtype);
  if (a === undefined || b === undefined) return poison;
  const places = [
    ...(left.kind === "tensor" ? [typePlace(a, expr.left.span)] : []),
    ...(right.kind === "tensor" ? [typePlace(b, expr.right.span)] : []),
  ];
  return emitOp(context, name, [a, b], {}, expr.span, places, hint, expr.operator);
}

export function tensorUnary(context: Context, expr: UnaryExpr, operand: Value, hint: string): Entity {
  const name = expr.operator === "-" ? "neg" : "not";
  return emitOp(context, name, [operand], {}, expr.span, [typePlace(operand, expr.operand.span)], hint, expr.operator);
}
