/** Reading and rebuilding expressions and statements: operands, visits in program order, substitution of values. */
import { assertNever } from "../support/errors.ts";
import { INTRINSICS } from "./intrinsics.ts";
import type { Expression, KValue, Statement } from "./ir.ts";

/** The values that an expression reads, in order. */
export function operandsOf(expression: Expression): readonly KValue[] {
  switch (expression.kind) {
    case "constant":
    case "builtin":
      return [];
    case "unary":
    case "cast":
    case "bitcast":
    case "extract":
    case "workgroup_reduce":
    case "workgroup_broadcast":
    case "subgroup_reduce":
      return [expression.x];
    case "binary":
      return [expression.x, expression.y];
    case "fma":
      return [expression.x, expression.y, expression.z];
    case "select":
      return [expression.condition, expression.x, expression.y];
    case "vector":
      return expression.parts;
    case "load":
    case "workgroup_load":
      return [expression.index];
    case "intrinsic":
      return expression.args;
    default:
      return assertNever(expression, "kernel expression");
  }
}

/** The same expression over other operands. */
export function mapOperands(expression: Expression, map: (value: KValue) => KValue): Expression {
  switch (expression.kind) {
    case "constant":
    case "builtin":
      return expression;
    case "unary":
    case "cast":
    case "bitcast":
    case "extract":
    case "workgroup_reduce":
    case "workgroup_broadcast":
    case "subgroup_reduce":
      return { ...expression, x: map(expression.x) };
    case "binary":
      return { ...expression, x: map(expression.x), y: map(expression.y) };
    case "fma":
      return { ...expression, x: map(expression.x), y: map(expression.y), z: map(expression.z) };
    case "select":
      return { ...expression, condition: map(expression.condition), x: map(expression.x), y: map(expression.y) };
    case "vector":
      return { ...expression, parts: expression.parts.map(map) };
    case "load":
    case "workgroup_load":
      return { ...expression, index: map(expression.index) };
    case "intrinsic":
      return { ...expression, args: expression.args.map(map) };
    default:
      return assertNever(expression, "kernel expression");
  }
}

/** The values that a statement itself reads; of a loop or branch also what its bodies yield, not what they read. */
export function readsOf(statement: Statement): readonly KValue[] {
  switch (statement.kind) {
    case "let":
      return operandsOf(statement.expression);
    case "store":
      return [statement.index, statement.value];
    case "for":
      return [
        statement.from,
        statement.to,
        statement.step,
        ...statement.carried.map(({ init }) => init),
        ...statement.yields,
      ];
    case "if":
      return [statement.condition, ...statement.yields, ...statement.otherwiseYields];
    case "barrier":
      return [];
    default:
      return assertNever(statement, "kernel statement");
  }
}

/** The statements directly inside this one, body by body. */
export function bodiesOf(statement: Statement): readonly (readonly Statement[])[] {
  if (statement.kind === "for") return [statement.body];
  return statement.kind === "if" ? [statement.body, statement.otherwise] : [];
}

/** Visits every statement, outer before inner, in program order. */
export function walkStatements(body: readonly Statement[], visit: (statement: Statement) => void): void {
  for (const statement of body) {
    visit(statement);
    for (const inner of bodiesOf(statement)) walkStatements(inner, visit);
  }
}

/** Whether all invocations of the workgroup meet at this statement. */
export function isCollective(statement: Statement): boolean {
  if (statement.kind === "barrier") return true;
  if (statement.kind !== "let") return false;
  const { kind } = statement.expression;
  if (statement.expression.kind === "intrinsic") return (INTRINSICS.get(statement.expression.name)?.width ?? 1) > 1;
  return ["workgroup_load", "workgroup_reduce", "workgroup_broadcast", "subgroup_reduce"].includes(kind);
}

export function containsCollective(body: readonly Statement[]): boolean {
  return body.some((statement) => isCollective(statement) || bodiesOf(statement).some(containsCollective));
}

/** How often each value is read, by statements and yields. */
export function countUses(body: readonly Statement[]): ReadonlyMap<KValue, number> {
  const uses = new Map<KValue, number>();
  walkStatements(body, (statement) => {
    for (const value of readsOf(statement)) uses.set(value, (uses.get(value) ?? 0) + 1);
  });
  return uses;
}
