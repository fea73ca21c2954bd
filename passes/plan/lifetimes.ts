/** When each temporary of a plan is live: from the step that first binds it to the last one, over straight-line steps. */
import type { Plan } from "../../src/plan/ir.ts";

/** Indices of steps, both inclusive. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

/** Lifetimes by buffer name. A temporary that the host reaches (an input or a result) lives to the end of the plan,
 * an input from its start. Temporaries that nothing binds are absent. */
export function lifetimesOf(plan: Plan): ReadonlyMap<string, Lifetime> {
  const temporaries = new Set(plan.buffers.filter((buffer) => buffer.kind === "temporary").map(({ name }) => name));
  const lifetimes = new Map<string, Lifetime>();
  const touch = (name: string, step: number): void => {
    if (!temporaries.has(name)) return;
    const known = lifetimes.get(name);
    lifetimes.set(name, {
      first: Math.min(known?.first ?? step, step),
      last: Math.max(known?.last ?? step, step),
    });
  };
  plan.steps.forEach((step, index) => step.bindings.forEach((range) => touch(range.buffer, index)));
  for (const range of Object.values(plan.inputs)) touch(range.buffer, 0);
  for (const range of Object.values(plan.outputs)) touch(range.buffer, Math.max(0, plan.steps.length - 1));
  return lifetimes;
}
