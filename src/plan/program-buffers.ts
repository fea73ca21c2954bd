/**
 * The buffers of a program: those of its plans, where plans that use the same name share one. Its size is the largest
 * that any of them asks. Temporaries of different plans may share a name: each plan's own are kept apart.
 */
import { defined } from "../support/errors.ts";
import type { Plan, PlanBuffer, Program } from "./ir.ts";

export interface ProgramBuffers {
  readonly buffers: readonly PlanBuffer[];
  /** For each plan the index of each of its buffers, by the name that the plan has for it. */
  readonly indices: readonly ReadonlyMap<string, number>[];
}

export function programBuffers({ plans }: Pick<Program, "plans">): ProgramBuffers {
  const buffers: PlanBuffer[] = [];
  const known = new Map<string, number>();
  const indices = plans.map((plan: Plan, planIndex) => {
    const own = new Map<string, number>();
    for (const buffer of plan.buffers) {
      const key = buffer.kind === "temporary" ? `${planIndex} ${buffer.name}` : buffer.name;
      const index = known.get(key) ?? buffers.push(buffer) - 1;
      known.set(key, index);
      own.set(buffer.name, index);
      const before = defined(buffers[index], "the index was just made");
      buffers[index] = { ...before, bytes: Math.max(before.bytes, buffer.bytes) };
    }
    return own;
  });
  return { buffers, indices };
}
