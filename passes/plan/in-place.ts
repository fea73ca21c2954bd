/**
 * In place: where a kernel may write its output over an input (`Kernel.inPlace`) and that input dies there, the two
 * temporaries become one, bound once. Works step by step; offsets come later.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { LaunchStep, Plan, PlanBuffer, Range } from "../../src/plan/ir.ts";
import { usageOf } from "../../src/plan/usage.ts";
import { defined } from "../../src/support/errors.ts";
import type { KernelVariants } from "./kernel-variant.ts";
import { lifetimesOf } from "./lifetimes.ts";

export interface InPlaceResult {
  readonly plans: readonly Plan[];
  /** The kernels that the plans now launch and that were made here. */
  readonly kernels: readonly Kernel[];
}

/** `everywhere`: each launch that allows it; `whole kernels`: only kernels all launches of which allow it, so that no
 * kernel is needed in two forms. */
export type InPlaceMode = "everywhere" | "whole kernels";

/** Merges in all plans of a program, which share `kernels`. */
export function mergeInPlace(
  plans: readonly Plan[],
  kernels: ReadonlyMap<string, Kernel>,
  variants: KernelVariants,
  mode: InPlaceMode,
): InPlaceResult {
  const excluded = new Set<string>();
  for (;;) {
    const merged = plans.map((plan) => mergePlan(plan, kernels, variants, excluded));
    const mixed = mode === "everywhere" ? [] : mixedKernels(merged);
    // Each round excludes kernels that were not excluded before, so this ends.
    if (mixed.length === 0)
      return { plans: merged.map(({ plan }) => plan), kernels: merged.flatMap(({ made }) => made) };
    for (const name of mixed) excluded.add(name);
  }
}

interface MergedPlan {
  readonly plan: Plan;
  readonly made: readonly Kernel[];
  /** Kernels of the program that some step launches as they are, and those that some step launches in place. */
  readonly plain: ReadonlySet<string>;
  readonly inPlace: ReadonlySet<string>;
}

function mixedKernels(merged: readonly MergedPlan[]): readonly string[] {
  const plain = new Set(merged.flatMap((plan) => [...plan.plain]));
  return merged.flatMap((plan) => [...plan.inPlace]).filter((name) => plain.has(name));
}

function mergePlan(
  plan: Plan,
  kernels: ReadonlyMap<string, Kernel>,
  variants: KernelVariants,
  excluded: ReadonlySet<string>,
): MergedPlan {
  const lifetimes = lifetimesOf(plan);
  const buffers = new Map(plan.buffers.map((buffer) => [buffer.name, buffer]));
  const reached = new Set([...Object.values(plan.inputs), ...Object.values(plan.outputs)].map(({ buffer }) => buffer));
  /** A merged temporary to the one that it now is. */
  const merged = new Map<string, string>();
  const resolve = (name: string): string => merged.get(name) ?? name;
  /** The last step that binds a temporary, or what has become one with it. */
  const lastUse = new Map([...lifetimes].map(([name, { last }]) => [name, last]));
  const made = new Map<string, Kernel>();
  const [plain, inPlace] = [new Set<string>(), new Set<string>()];

  const steps = plan.steps.map((original, index): LaunchStep => {
    const step = { ...original, bindings: original.bindings.map((range) => ({ ...range, buffer: resolve(range.buffer) })) }; // prettier-ignore
    const kernel = defined(kernels.get(step.kernel), `the plan launches the unknown kernel @${step.kernel}`);
    const isFree = ([output, input]: readonly [number, number]): boolean => {
      const out = original.bindings[output];
      const inn = original.bindings[input];
      if (out === undefined || inn === undefined || reached.has(out.buffer) || reached.has(inn.buffer)) return false;
      const dies = lastUse.get(resolve(inn.buffer)) === index;
      const isBorn = lifetimes.get(out.buffer)?.first === index;
      const onlyOnce = step.bindings.filter((r) => r.buffer === resolve(inn.buffer)).length === 1;
      return dies && isBorn && onlyOnce && fits(kernel, output, input) && isWhole(out, buffers) && isWhole(inn, buffers) && sameBytes(out, inn); // prettier-ignore
    };
    const pair = excluded.has(kernel.name) ? undefined : kernel.inPlace.find(isFree);
    (pair === undefined ? plain : inPlace).add(kernel.name);
    if (pair === undefined) return step;
    const [output, input] = pair;
    const target = defined(step.bindings[input], "the pair was just looked at");
    const replaced = defined(original.bindings[output], "the pair was just looked at");
    merged.set(replaced.buffer, target.buffer);
    lastUse.set(target.buffer, defined(lastUse.get(replaced.buffer), "a result of a launch is bound by it"));
    const variant = variants.get(kernel, { readWrite: [output], inPlace: pair });
    made.set(variant.name, variant);
    const bindings = step.bindings.map((range, i) => (i === output ? target : range)).filter((_, i) => i !== input);
    return { ...step, kernel: variant.name, bindings };
  });
  const kept = plan.buffers.filter((buffer) => !merged.has(buffer.name));
  return { plan: { ...plan, buffers: kept, steps }, made: [...made.values()], plain, inPlace };
}

/** The two buffers hold the same elements in the same order, the kernel only reads one and only writes the other. */
function fits(kernel: Kernel, output: number, input: number): boolean {
  const to = kernel.buffers[output];
  const from = kernel.buffers[input];
  const usage = usageOf(kernel);
  if (to === undefined || from === undefined) return false;
  const isSameShape = to.element === from.element && to.lanes === from.lanes && to.length.equals(from.length);
  return isSameShape && usage[output]?.reads === false && usage[input]?.writes === false;
}

function isWhole(range: Range, buffers: ReadonlyMap<string, PlanBuffer>): boolean {
  const buffer = buffers.get(range.buffer);
  return buffer?.kind === "temporary" && range.offset === 0 && range.bytes === buffer.bytes;
}

function sameBytes(a: Range, b: Range): boolean {
  return a.bytes === b.bytes;
}
