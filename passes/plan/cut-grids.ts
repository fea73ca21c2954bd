/**
 * cut-grids: a launch whose grid has more workgroups along an axis than the device takes, or which would by itself take
 * longer than a submit may, becomes several launches of parts of its grid. Workgroups of one launch do not wait for each
 * other, so the parts give the same bits in any order. At smaller sizes of a call the later parts are empty.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { gridOf } from "../../src/plan/grid.ts";
import type { LaunchStep, Plan, Program } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import { gridProblems } from "../lower/limits.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { bindable } from "./memory-plan.ts";
import { isPartible, partKernel } from "./part-kernel.ts";
import type { Axis } from "./part-kernel.ts";
import { LaunchCosts, predictSeconds } from "./predict-launch.ts";

/** More launches of one kernel are a mistake in its sizes (LLM0402). */
export const MOST_PARTS = 64;

export const cutGrids: Pass<Program> = {
  name: "cut-grids",
  summary: "launches in parts what has too many workgroups or takes too long at once",
  promise: "bit-exact",
  requires: [bindable],
  establishes: [],
  destroys: [],
  required: true,
  trivial: (ir, context) => ({ ir, diagnostics: gridProblems(ir, context.info) }),
  run: (program, context) => {
    const ir = cutProgram(program, context);
    return { ir, diagnostics: gridProblems(ir, context.info) };
  },
};

/** Cuts every launch of `program` that needs it. */
export function cutProgram(program: Program, context: Pick<PassContext, "info" | "capacities">): Program {
  const parts = new Parts(program.kernels);
  const plans = program.plans.map((plan): Plan => {
    const sizes = { ...context.capacities, ...plan.bucket };
    const costs = new LaunchCosts(sizes);
    const cut = (step: LaunchStep): readonly LaunchStep[] => {
      const kernel = parts.whole(step.kernel);
      const groups = gridOf(step.grid, sizes);
      const axis = ([0, 1, 2] as const).reduce<Axis>((a, b) => (groups[b] > groups[a] ? b : a), 0);
      const count = partsOf(step, kernel, groups, axis, costs, context.info);
      return count <= 1 || !isPartible(kernel)
        ? [step]
        : inParts(step, groups[axis], count, axis, parts.of(kernel, axis));
    };
    return { ...plan, steps: plan.steps.flatMap(cut) };
  });
  const used = new Set(plans.flatMap((plan) => plan.steps.map(({ kernel }) => kernel)));
  return { ...program, kernels: parts.all().filter(({ name }) => used.has(name)), plans };
}

/** How many parts keep within the limit of an axis and the time of a submit. */
function partsOf(
  step: LaunchStep,
  kernel: Kernel,
  groups: readonly [number, number, number],
  axis: Axis,
  costs: LaunchCosts,
  { limits, rates }: TargetInfo,
): number {
  const byLimit = Math.ceil(groups[axis] / limits.maxWorkgroupsPerDimension);
  if (byLimit > MOST_PARTS) return 1;
  if (rates === undefined) return byLimit;
  const all = groups[0] * groups[1] * groups[2];
  const cost = costs.of(kernel, step.scalars, groups);
  const seconds = predictSeconds(step, kernel, all, cost, rates) - rates.launchSeconds;
  const byTime = Math.ceil(seconds / (rates.mostSeconds - rates.launchSeconds));
  return Math.max(byLimit, Math.min(byTime, MOST_PARTS, groups[axis]));
}

function inParts(step: LaunchStep, groups: number, parts: number, axis: Axis, kernel: Kernel): readonly LaunchStep[] {
  const count = Math.ceil(groups / parts);
  return Array.from({ length: Math.ceil(groups / count) }, (_, i): LaunchStep => {
    const from = i * count;
    return { ...step, kernel: kernel.name, scalars: [...step.scalars, from], part: { axis, from, count } };
  });
}

/** The kernels of a program and those for parts of their grids, each made once. */
class Parts {
  private readonly kernels: Map<string, Kernel>;
  private readonly known = new Map<string, Kernel>();

  constructor(kernels: readonly Kernel[]) {
    this.kernels = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  }

  all(): readonly Kernel[] {
    return [...this.kernels.values()];
  }

  whole(name: string): Kernel {
    return defined(this.kernels.get(name), `the plan launches the unknown kernel @${name}`);
  }

  of(kernel: Kernel, axis: Axis): Kernel {
    const key = `${kernel.name} ${axis}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    let name = `${kernel.name}_part`;
    while (this.kernels.has(name)) name = `${name}_${"xyz"[axis]}`;
    const made = partKernel(kernel, axis, name);
    this.kernels.set(name, made);
    this.known.set(key, made);
    return made;
  }
}
