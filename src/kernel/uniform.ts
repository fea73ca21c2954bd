/**
 * Which values are the same in all invocations of a workgroup: a forward analysis, as the one of WGSL section 15.2 and
 * no finer. Local ids and loads from writable memory are not; what the host passes, workgroup ids, loads from `read`
 * buffers at uniform indices and results over the whole workgroup are.
 */
import type { Expression, KValue, Kernel, Statement } from "./ir.ts";
import { operandsOf } from "./walk.ts";

/** The values of the kernel that may differ between invocations of one workgroup. */
export function varyingValues(kernel: Kernel): ReadonlySet<KValue> {
  const varying = new Set<KValue>();
  let before = -1;
  // Values only ever become varying, so that this ends; what a loop carries needs the repetition.
  while (before !== varying.size) {
    before = varying.size;
    visit(kernel.body, false, varying);
  }
  return varying;
}

function visit(body: readonly Statement[], divergent: boolean, varying: Set<KValue>): void {
  const varies = (value: KValue | undefined): boolean => value !== undefined && varying.has(value);
  for (const statement of body) {
    if (statement.kind === "let") {
      if (expressionVaries(statement.expression, varying)) varying.add(statement.result);
    } else if (statement.kind === "for") {
      const { from, to, step, carried, yields, index } = statement;
      const inside = divergent || varies(from) || varies(to) || varies(step);
      if (inside) varying.add(index);
      carried.forEach(({ arg, init, result }, i) => {
        if (!inside && !varies(init) && !varies(yields[i])) return;
        varying.add(arg);
        varying.add(result);
      });
      visit(statement.body, inside, varying);
    } else if (statement.kind === "if") {
      const inside = divergent || varies(statement.condition);
      visit(statement.body, inside, varying);
      visit(statement.otherwise, inside, varying);
      statement.results.forEach((result, i) => {
        if (inside || varies(statement.yields[i]) || varies(statement.otherwiseYields[i])) varying.add(result);
      });
    }
  }
}

function expressionVaries(expression: Expression, varying: ReadonlySet<KValue>): boolean {
  if (["workgroup_load", "workgroup_reduce", "workgroup_broadcast"].includes(expression.kind)) return false;
  if (expression.kind === "subgroup_reduce") return true;
  if (expression.kind === "builtin") return expression.name.startsWith("local_") || expression.name === "subgroup_lane";
  if (expression.kind === "load" && expression.buffer.access !== "read") return true;
  return operandsOf(expression).some((value) => varying.has(value));
}
