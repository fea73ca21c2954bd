/** The figures of a build, as `llmc build --json` prints them (ECOSYSTEM.md says how each is counted). */
import type { Plan, Program } from "../plan/ir.ts";
import { defined } from "../support/errors.ts";
import type { Compilation } from "./compile.ts";

export interface Dispatches {
  /** Launches inside the layer loops, a layer. */
  readonly perLayer: number;
  readonly total: number;
}

export interface Memory {
  /** Bytes of activations and workspace; weights and caches not counted. */
  readonly peak: number;
  readonly lowerBound: number;
}

export function dispatchesOf(plan: Plan): Dispatches {
  const inLoops = plan.steps.filter((step) => step.loop !== undefined);
  const layers = new Set(inLoops.map((step) => `${step.loop?.index} ${step.loop?.i}`));
  return { perLayer: layers.size === 0 ? 0 : inLoops.length / layers.size, total: plan.steps.length };
}

export function memoryOf(plan: Plan): Memory {
  return { peak: plan.memory.peak, lowerBound: plan.memory.lowerBound };
}

export interface BuildFigures {
  readonly targets: readonly string[];
  readonly profiles: readonly string[];
  /** Elements of all weights. */
  readonly parameters: number;
  /** Of the first profile, as all figures behind this one. */
  readonly kernels: number;
  readonly pipelines: number;
  readonly dispatches: Readonly<Record<string, Dispatches>>;
  readonly memory: Readonly<Record<string, Memory>>;
}

/** The figures of a compilation that has at least one build. */
export function buildFigures({ model, builds }: Compilation): BuildFigures {
  const { program, code } = defined(builds[0], "a compilation without a build has no figures");
  const elements = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  return {
    targets: [...new Set(builds.map((build) => build.profile.target))],
    profiles: builds.map((build) => build.profile.name),
    parameters: (model?.parameters ?? []).reduce((sum, { dims }) => sum + elements(dims), 0),
    kernels: program.kernels.length,
    pipelines: new Set(code.values()).size,
    dispatches: byPlan(program, dispatchesOf),
    memory: byPlan(program, memoryOf),
  };
}

/** A figure of each plan under its key: `extend1`, `extend128`, `forward`. */
export function byPlan<F>(program: Program, figure: (plan: Plan) => F): Readonly<Record<string, F>> {
  return Object.fromEntries(program.plans.map((plan) => [planKey(plan), figure(plan)]));
}

/** `extend1` for the plan of one token, `extend128` for that of up to 128; other entries by their name. */
export function planKey(plan: Plan): string {
  if (!/^extend\d*$/.test(plan.entry)) return plan.entry;
  return `extend${plan.bucket["T"] ?? 1}`;
}
