/**
 * A kernel that computes a part of its grid: the number of a workgroup along an axis counts from what the host says,
 * `workgroup = built-in + first`. Everything else stays as it is.
 */
import type { Builtin, KValue, Kernel } from "../../src/kernel/ir.ts";
import { I32 } from "../../src/kernel/ir.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { expandLets } from "../kernel/sequence.ts";

export type Axis = 0 | 1 | 2;

const NUMBERS: readonly Builtin[] = ["workgroup_x", "workgroup_y", "workgroup_z"];

/** Whether nothing in the kernel depends on how large the grid is. */
export function isPartible(kernel: Kernel): boolean {
  let isFree = true;
  walkStatements(kernel.body, (statement) => {
    if (statement.kind !== "let" || statement.expression.kind !== "builtin") return;
    isFree &&= !statement.expression.name.startsWith("grid_");
  });
  return isFree;
}

/** The kernel with one more launch scalar, the first workgroup along `axis`. */
export function partKernel(kernel: Kernel, axis: Axis, name: string): Kernel {
  const taken = new Set([...kernel.buffers, ...kernel.locals, ...kernel.scalars].map((item) => item.name));
  let scalar = `first_${"xyz"[axis]}`;
  while (taken.has(scalar)) scalar = `${scalar}_`;
  const first: KValue = { type: I32, name: scalar };
  const moved = expandLets(kernel, (expression, result, s) => {
    if (expression.kind !== "builtin" || expression.name !== NUMBERS[axis]) return undefined;
    return s.binary("add", s.emit(expression, I32, result.name), first, result.name);
  });
  return {
    ...moved,
    name,
    scalars: [...kernel.scalars, { name: scalar, type: I32, from: "launch" }],
    scalarValues: [...kernel.scalarValues, first],
  };
}
