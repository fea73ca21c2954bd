/**
 * Compile-time arithmetic: ints are exact (a division that leaves a remainder is a diagnostic), floats are f64, sizes
 * may hold the symbols `B` and `T`. Operators on tensors are in `tensor-operator.ts`.
 */
import type { BinaryExpr, BinaryOperator, UnaryExpr } from "../../grammar/ast.ts";
import { Dim } from "../support/dim.ts";
import { largestSuspect } from "./blame.ts";
import type { Entity, FloatEntity, IntEntity, Origin } from "./entity.ts";
import { bool, float, int, kindText, originsOf, poison } from "./entity.ts";
import { arithmeticNote, originDetails, reportAtOrigin, sourceText, substitutedText } from "./explain.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { addSizes, multiplySizes, subtractSizes } from "./size.ts";

type NumberEntity = IntEntity | FloatEntity;

/** The value of `left operator right`; both are compile-time values. */
export function compileTimeBinary(context: Context, expr: BinaryExpr, left: Entity, right: Entity): Entity {
  if (left.kind === "int" && right.kind === "int") return intBinary(context, expr, left, right);
  if (isNumber(left) && isNumber(right)) return floatBinary(context, expr, left, right);
  if (left.kind === "bool" && right.kind === "bool") {
    const found = boolBinary(expr.operator, left.value, right.value);
    if (found !== undefined) return bool(found);
  }
  if (left.kind === "text" && right.kind === "text" && (expr.operator === "==" || expr.operator === "!="))
    return bool((left.value === right.value) === (expr.operator === "=="));
  report(context, "LLM0208", `\`${expr.operator}\` is not defined for these values`, expr.span, {
    label: `${kindText(left)} and ${kindText(right)}`,
  });
  return poison;
}

/** The value of `-x` or `!x` on a compile-time value. */
export function compileTimeUnary(context: Context, expr: UnaryExpr, operand: Entity): Entity {
  if (expr.operator === "-" && operand.kind === "int") return int(operand.dim.neg(), operand.origins);
  if (expr.operator === "-" && operand.kind === "float") return float(-operand.value, operand.origins);
  if (expr.operator === "!" && operand.kind === "bool") return bool(!operand.value);
  report(context, "LLM0208", `\`${expr.operator}\` is not defined for this value`, expr.span, {
    label: kindText(operand),
  });
  return poison;
}

/** The number behind an int without symbols or a float. */
export function numberOf(entity: Entity): number | undefined {
  if (entity.kind === "float") return entity.value;
  return entity.kind === "int" ? entity.dim.asNumber() : undefined;
}

export function mergeOrigins(...entities: readonly Entity[]): readonly Origin[] {
  const byName = new Map<string, Origin>();
  for (const origin of entities.flatMap(originsOf)) byName.set(origin.name, origin);
  return [...byName.values()];
}

function isNumber(entity: Entity): entity is NumberEntity {
  return entity.kind === "int" || entity.kind === "float";
}

function boolBinary(operator: BinaryOperator, a: boolean, b: boolean): boolean | undefined {
  if (operator === "&&") return a && b;
  if (operator === "||") return a || b;
  if (operator === "==") return a === b;
  return operator === "!=" ? a !== b : undefined;
}

function comparison(operator: BinaryOperator, a: number, b: number): boolean | undefined {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return undefined;
  }
}

function intBinary(context: Context, expr: BinaryExpr, left: IntEntity, right: IntEntity): Entity {
  const origins = mergeOrigins(left, right);
  const made = (dim: Dim | undefined): Entity => {
    if (dim === undefined) return overflow(context, expr, origins);
    const result: IntEntity = int(dim, origins, () => arithmeticNote(expr, int(dim), context.scope) ?? `${dim}`);
    return result;
  };
  switch (expr.operator) {
    case "+":
      return made(addSizes(left.dim, right.dim));
    case "-":
      return made(subtractSizes(left.dim, right.dim));
    case "*":
      return made(multiplySizes(left.dim, right.dim));
    case "/":
      if (isZero(right)) return divisionByZero(context, expr, right);
      return exactQuotient(context, expr, left, right, made);
    case "%":
      if (isZero(right)) return divisionByZero(context, expr, right);
      return remainder(context, expr, left, right, made);
    case "@":
    case "&&":
    case "||":
      report(context, "LLM0208", `\`${expr.operator}\` is not defined for two ints`, expr.span);
      return poison;
    default:
      return compareSizes(context, expr, left, right);
  }
}

function exactQuotient(
  context: Context,
  expr: BinaryExpr,
  left: IntEntity,
  right: IntEntity,
  made: (dim: Dim | undefined) => Entity,
): Entity {
  const quotient = left.dim.div(right.dim);
  if (quotient !== undefined) return made(quotient);
  const symbolic = left.dim.asNumber() === undefined || right.dim.asNumber() === undefined;
  report(context, "LLM0204", "this division of ints is not exact", expr.span, {
    label: symbolic ? `\`${left.dim}\` need not be a multiple of \`${right.dim}\`` : "leaves a remainder",
    ...originDetails(mergeOrigins(left, right), "computed"),
    notes: divisionNotes(expr, left, right, context),
    help: "choose config values that divide, or write one side as a float for a quotient that is not an int",
  });
  return poison;
}

/** `dim / heads = 50 / 6`; with the sizes themselves where the names stand for symbols; nothing where that says the same. */
function divisionNotes(expr: BinaryExpr, left: IntEntity, right: IntEntity, context: Context): readonly string[] {
  const text = sourceText(expr.span);
  const substituted = substitutedText(expr, context.scope);
  const computed = text === substituted ? `${left.dim} / ${right.dim}` : substituted;
  return text === computed ? [] : [`${text} = ${computed}`];
}

function remainder(
  context: Context,
  expr: BinaryExpr,
  left: IntEntity,
  right: IntEntity,
  made: (dim: Dim | undefined) => Entity,
): Entity {
  const a = left.dim.asNumber();
  const b = right.dim.asNumber();
  if (a !== undefined && b !== undefined) return made(Dim.of(a % b));
  if (left.dim.div(right.dim) !== undefined) return made(Dim.of(0));
  return notKnown(context, expr);
}

function compareSizes(context: Context, expr: BinaryExpr, left: IntEntity, right: IntEntity): Entity {
  const difference = subtractSizes(left.dim, right.dim)?.asNumber();
  if (difference === undefined) return notKnown(context, expr);
  const found = comparison(expr.operator, difference, 0);
  return found === undefined ? poison : bool(found);
}

function floatBinary(context: Context, expr: BinaryExpr, left: NumberEntity, right: NumberEntity): Entity {
  const a = numberOf(left);
  const b = numberOf(right);
  if (a === undefined || b === undefined) return notKnown(context, expr);
  const compared = comparison(expr.operator, a, b);
  if (compared !== undefined) return bool(compared);
  const origins = mergeOrigins(left, right);
  switch (expr.operator) {
    case "+":
      return float(a + b, origins);
    case "-":
      return float(a - b, origins);
    case "*":
      return float(a * b, origins);
    case "/":
      return b === 0 ? divisionByZero(context, expr, right) : float(a / b, origins);
    default:
      report(context, "LLM0208", `\`${expr.operator}\` is not defined for floats`, expr.span);
      return poison;
  }
}

function isZero(entity: IntEntity): boolean {
  return entity.dim.asNumber() === 0;
}

function divisionByZero(context: Context, expr: BinaryExpr, divisor: NumberEntity): Entity {
  reportAtOrigin(context, "LLM0306", "division by zero", divisor, expr.span, { label: "this divides by zero" });
  return poison;
}

function overflow(context: Context, expr: BinaryExpr, origins: readonly Origin[]): Entity {
  const largest = largestSuspect(origins);
  const text = `${sourceText(expr.span)} = ${substitutedText(expr, context.scope)}`;
  reportAtOrigin(context, "LLM0307", "a number beyond 2^53", float(NaN, largest && [largest]), expr.span, {
    label: "the result is not exact",
    notes: [text],
  });
  return poison;
}

function notKnown(context: Context, expr: BinaryExpr): Entity {
  report(context, "LLM0214", "this is not known before the model runs", expr.span, {
    label: "depends on `B` or `T`",
    help: "only config values can decide what is compiled",
  });
  return poison;
}
