/**
 * When a product of a kernel is needed: not where a `select` that it goes into takes the other side. A condition that is
 * the same for all columns of a row is known before the product is, so the kernel leaves out what nobody would look at.
 */
import type { Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { sameDims } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";

export interface Need {
  readonly condition: Value;
  /** Whether the product is needed where the condition holds, or where it does not. */
  readonly holds: boolean;
}

/**
 * What must be so for the product's elements to be needed, the `select` nearest to the results first. Conditions depend on
 * no product, and their last `fixed` axes have one place.
 */
export function needsOf(
  product: Op,
  ops: readonly Op[],
  yields: readonly Value[],
  table: OpTable,
  fixed: number,
): readonly Need[] {
  const { dims } = result(product).type;
  const needs: Need[] = [];
  let made = result(product);
  for (;;) {
    const [user, other] = ops.filter((op) => op.operands.includes(made));
    if (user === undefined || other !== undefined || yields.includes(made)) break;
    if (!hasTrait(table.get(user.name), "elementwise") || !sameDims(result(user).type.dims, dims)) break;
    const [condition, ...sides] = user.operands;
    const isKnown = condition && isFixed(condition, fixed) && !dependsOnProduct(condition, ops);
    if (user.name === "select" && isKnown && sides[0] !== sides[1])
      needs.unshift({ condition, holds: sides[0] === made });
    made = result(user);
  }
  return needs;
}

function isFixed({ type }: Value, fixed: number): boolean {
  return type.dims.slice(-fixed).every((dim) => dim.equals(1));
}

function dependsOnProduct(value: Value, ops: readonly Op[]): boolean {
  const maker = ops.find((op) => op.results.includes(value));
  if (maker === undefined) return false;
  return maker.name === "matmul" || maker.operands.some((operand) => operand !== null && dependsOnProduct(defined(operand, "an operand"), ops)); // prettier-ignore
}
