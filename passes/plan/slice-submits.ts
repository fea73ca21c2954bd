/**
 * slice-submits: the steps of a plan in submits none of which is predicted to take longer than `Rates.mostSeconds`, so
 * that a page goes on drawing and no watchdog fires. A launch that is longer by itself (cut-grids could not cut it
 * enough) is a submit of its own, and the plan says how long.
 */
import type { Rates } from "../../src/kernel/target-info.ts";
import { groupsOf } from "../../src/plan/grid.ts";
import type { Plan, Program, Submit } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { LaunchCosts, predictSeconds } from "./predict-launch.ts";

export const sliceSubmits: Pass<Program> = {
  name: "slice-submits",
  summary: "ends a submit before it would take too long",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (program, context) => {
    const { rates } = context.info;
    if (rates === undefined) return { ir: program, diagnostics: [] };
    const kernels = new Map(program.kernels.map((kernel) => [kernel.name, kernel]));
    const plans = program.plans.map((plan) => {
      const seconds = secondsOf(plan, kernels, context, rates);
      return { ...plan, submits: slicesOf(seconds, rates.mostSeconds) };
    });
    return { ir: { ...program, plans }, diagnostics: [] };
  },
};

/** The predicted seconds of each step, at the capacities of the plan. */
export function secondsOf(
  plan: Plan,
  kernels: ReadonlyMap<string, Program["kernels"][number]>,
  { capacities }: Pick<PassContext, "capacities">,
  rates: Rates,
): readonly number[] {
  const sizes = { ...capacities, ...plan.bucket };
  const costs = new LaunchCosts(sizes);
  return plan.steps.map((step) => {
    const kernel = defined(kernels.get(step.kernel), `the plan launches the unknown kernel @${step.kernel}`);
    const groups = groupsOf(step, sizes);
    const cost = costs.of(kernel, step.scalars, groups);
    return predictSeconds(step, kernel, groups[0] * groups[1] * groups[2], cost, rates);
  });
}

/** As many steps in each submit as fit. */
export function slicesOf(seconds: readonly number[], most: number): readonly Submit[] {
  const submits: Submit[] = [];
  let sum = 0;
  seconds.forEach((each, step) => {
    if (sum > 0 && sum + each > most) {
      submits.push({ end: step, seconds: sum });
      sum = 0;
    }
    sum += each;
  });
  return seconds.length === 0 ? submits : [...submits, { end: seconds.length, seconds: sum }];
}
