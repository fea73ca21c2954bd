/**
 * Whether an expression needs tensors, read off its form: decides which `let` of a block is a config-level number
 * (computed once, when the block is declared) and which waits for the call.
 */
import type { Expr } from "../../grammar/ast.ts";
import { assertNever } from "../support/errors.ts";
import { isCompileTimeFunction } from "./compile-time-functions.ts";
import type { Scope } from "./scope.ts";

export function isTensorExpr(expr: Expr, scope: Scope): boolean {
  const inner = (each: Expr): boolean => isTensorExpr(each, scope);
  switch (expr.kind) {
    case "number":
    case "string":
    case "bool":
      return false;
    case "ref": {
      const kind = scope.lookup(expr.name)?.entity.kind;
      return kind === "later" || kind === "tensor" || kind === "parameter";
    }
    case "member":
      return true;
    case "list":
      return expr.items.some(inner);
    case "call": {
      if (expr.args.some((argument) => inner(argument.value))) return true;
      if (expr.callee.kind !== "ref") return true;
      const entity = scope.lookup(expr.callee.name)?.entity;
      if (entity === undefined) return !isCompileTimeFunction(expr.callee.name);
      return entity.kind !== "fn" || entity.decl.params.some((param) => "kind" in param.type);
    }
    case "index":
      return inner(expr.object);
    case "unary":
      return inner(expr.operand);
    case "binary":
      return inner(expr.left) || inner(expr.right);
    case "if":
      return inner(expr.condition) || inner(expr.then) || inner(expr.else);
    default:
      return assertNever(expr, "expression");
  }
}
