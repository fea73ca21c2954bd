/**
 * The value of an expression: a compile-time value, a tensor (its ops are emitted into the context's frame), or a
 * thing of the language such as a block at a path. A mistake is reported once, and gives poison.
 */
import type { BinaryExpr, Expr, IfExpr, ListExpr, MemberExpr, RefExpr, UnaryExpr } from "../../grammar/ast.ts";
import { Dim } from "../support/dim.ts";
import { assertNever } from "../support/errors.ts";
import { compileTimeBinary, compileTimeUnary } from "./arithmetic.ts";
import { evaluateCall } from "./call.ts";
import type { BoolEntity, Entity } from "./entity.ts";
import { bool, float, int, kindText, poison, text } from "./entity.ts";
import { foreignMember, foreignName } from "./foreign-names.ts";
import { evaluateIndex } from "./evaluate-index.ts";
import { joinPath, readParameter } from "./frame.ts";
import { nearName } from "./effort.ts";
import type { Context } from "./session.ts";
import { report } from "./session.ts";
import { tensorBinary, tensorUnary } from "./tensor-operator.ts";

/** `hint` becomes the name of the value that the expression's last op makes; of several values, words between spaces. */
export function evaluate(context: Context, expr: Expr, hint = ""): Entity {
  switch (expr.kind) {
    case "number":
      if (expr.isFloat) return float(expr.value);
      if (Number.isSafeInteger(expr.value)) return int(Dim.of(expr.value));
      report(context, "LLM0307", "a number beyond 2^53", expr.span);
      return poison;
    case "string":
      return text(expr.value);
    case "bool":
      return bool(expr.value);
    case "list":
      return evaluateList(context, expr);
    case "ref":
      return evaluateRef(context, expr);
    case "member":
      return evaluateMember(context, expr);
    case "call":
      return evaluateCall(context, expr, hint);
    case "index":
      return evaluateIndex(context, expr, hint);
    case "unary":
      return evaluateUnary(context, expr, hint);
    case "binary":
      return evaluateBinary(context, expr, hint);
    case "if":
      return evaluateIf(context, expr, hint);
    default:
      return assertNever(expr, "expression");
  }
}

/** A compile-time value of one kind, or undefined after a report. */
export function compileTimeOf(context: Context, expr: Expr, kind: "bool"): BoolEntity | undefined {
  const entity = evaluate(context, expr);
  if (entity.kind === kind) return entity;
  if (entity.kind === "poison") return undefined;
  if (entity.kind === "tensor" || entity.kind === "later" || entity.kind === "parameter")
    report(context, "LLM0214", "this is not known before the model runs", expr.span, {
      label: "a tensor",
      help: "`if` chooses at compile time; `select(condition, a, b)` chooses element by element",
    });
  else report(context, "LLM0207", `a ${kind} is needed`, expr.span, { label: `this is ${kindText(entity)}` });
  return undefined;
}

/** A list with a mistake in it is a mistake as a whole: whoever asks for a list of something would find none. */
function evaluateList(context: Context, expr: ListExpr): Entity {
  const items = expr.items.map((item) => evaluate(context, item));
  return items.some((item) => item.kind === "poison") ? poison : { kind: "list", items };
}

function evaluateRef(context: Context, expr: RefExpr): Entity {
  const found = context.scope.lookup(expr.name);
  if (found === undefined) {
    report(context, "LLM0201", `there is nothing named \`${expr.name}\` here`, expr.span, {
      ...nearName(context, expr.name, () => context.scope.names()),
      ...foreignName(expr.name),
    });
    return poison;
  }
  if (found.entity.kind === "later") {
    report(context, "LLM0214", `\`${expr.name}\` is a tensor, and a compile-time value is needed`, expr.span);
    return poison;
  }
  return placed(context, found.entity, context.owners.get(found.scope) ?? "");
}

/** An entity whose paths are relative to an instance, at that instance's path; parameters are read. */
export function placed(context: Context, entity: Entity, owner: string): Entity {
  switch (entity.kind) {
    case "instance":
    case "array":
      return { ...entity, path: joinPath(owner, entity.path) };
    case "namespace":
      return { ...entity, owner };
    case "parameter":
      return context.frame === undefined ? entity : readParameter(context, context.frame, entity, owner);
    default:
      return entity;
  }
}

function evaluateMember(context: Context, expr: MemberExpr): Entity {
  const object = evaluate(context, expr.object);
  const name = expr.member.text;
  if (object.kind === "poison") return poison;
  if (object.kind === "namespace") {
    const found = object.members.get(name);
    if (found !== undefined) return placed(context, found, object.owner ?? "");
    report(context, "LLM0201", `nothing was used at \`${object.path}.${name}\``, expr.member.span, {
      ...nearName(context, name, () => object.members.keys()),
    });
    return poison;
  }
  if (object.kind === "instance") {
    const found = object.shape.scope.own(name);
    if (found !== undefined && found.kind !== "later") return placed(context, found, object.path);
    const names = object.shape.members.map((member) => member.path);
    report(context, "LLM0201", `\`${object.path}\` has no member \`${name}\``, expr.member.span, {
      related: [{ message: "used here", at: object.use.span }],
      ...nearName(context, name, () => names),
    });
    return poison;
  }
  if (object.kind === "array")
    report(context, "LLM0215", `\`${object.path}\` is a list of layers, and one of them is needed`, expr.span, {
      help: `\`${object.path}[0].${name}\` is that of the first layer`,
    });
  else if (object.kind === "tensor")
    report(context, "LLM0227", `a tensor has no member \`${name}\``, expr.member.span, {
      related: [{ message: "this is a tensor", at: expr.object.span }],
      ...foreignMember(name, context.session.ops.has(name)),
    });
  else report(context, "LLM0207", `${kindText(object)} has no members`, expr.object.span);
  return poison;
}

function evaluateUnary(context: Context, expr: UnaryExpr, hint: string): Entity {
  const operand = evaluate(context, expr.operand);
  if (operand.kind === "poison") return poison;
  return operand.kind === "tensor"
    ? tensorUnary(context, expr, operand.value, hint)
    : compileTimeUnary(context, expr, operand);
}

function evaluateBinary(context: Context, expr: BinaryExpr, hint: string): Entity {
  const left = evaluate(context, expr.left);
  // `a && b` on truth values decides without `b`, so that `n != 0 && d / n == 2` divides by no zero.
  if (left.kind === "bool" && expr.operator === (left.value ? "||" : "&&")) return left;
  const right = evaluate(context, expr.right);
  if (left.kind === "poison" || right.kind === "poison") return poison;
  if (left.kind === "tensor" || right.kind === "tensor") return tensorBinary(context, expr, left, right, hint);
  return compileTimeBinary(context, expr, left, right);
}

function evaluateIf(context: Context, expr: IfExpr, hint: string): Entity {
  const condition = compileTimeOf(context, expr.condition, "bool");
  if (condition === undefined) return poison;
  return evaluate(context, condition.value ? expr.then : expr.else, hint);
}
