/**
 * In place: where a kernel may write its output over an input (`Kernel.inPlace`) and that input dies there, the two
 * temporaries become one, bound once. Works on one plan, step by step; offsets come later.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { LaunchStep, Plan, PlanBuffer, Range } from "../../src/plan/ir.ts";
import { usageOf } from "../../src/plan/usage.ts";
import { defined } from "../../src/support/errors.ts";
import type { KernelVariants } from "./kernel-variant.ts";
import { lifetimesOf } from "./lifetimes.ts";

export interface InPlaceResult {
  readonly plan: Plan;
  /** The kernels that the plan now launches and that were made here. */
  readonly kernels: readonly Kernel[];
}

export function mergeInPlace(
  plan: Plan,
  kernels: ReadonlyMap<string, Kernel>,
  variants: KernelVariants,
): InPlaceResult {
  const lifetimes = lifetimesOf(plan);
  const buffers = new Map(plan.buffers.map((buffer) => [buffer.name, buffer]));
  const reached = new Set([...Object.values(plan.inputs), ...Object.values(plan.outputs)].map(({ buffer }) => buffer));
  /** A merged temporary to the one that it now is. */
  const merged = new Map<string, string>();
  const resolve = (name: string): string => merged.get(name) ?? name;
  const made = new Map<string, Kernel>();

  const steps = plan.steps.map((original, index): LaunchStep => {
    const step = { ...original, bindings: original.bindings.map((range) => ({ ...range, buffer: resolve(range.buffer) })) }; // prettier-ignore
    const kernel = defined(kernels.get(step.kernel), `the plan launches the unknown kernel @${step.kernel}`);
    const pair = kernel.inPlace.find(([output, input]) => {
      const out = original.bindings[output];
      const inn = original.bindings[input];
      if (out === undefined || inn === undefined || reached.has(out.buffer) || reached.has(inn.buffer)) return false;
      const dies = plan.steps.findLastIndex((later) => later.bindings.some((r) => resolve(r.buffer) === resolve(inn.buffer))) === index; // prettier-ignore
      const isBorn = lifetimes.get(out.buffer)?.first === index;
      const onlyOnce = step.bindings.filter((r) => r.buffer === resolve(inn.buffer)).length === 1;
      return dies && isBorn && onlyOnce && fits(kernel, output, input) && isWhole(out, buffers) && isWhole(inn, buffers) && sameBytes(out, inn); // prettier-ignore
    });
    if (pair === undefined) return step;
    const [output, input] = pair;
    const target = defined(step.bindings[input], "the pair was just looked at");
    const replaced = defined(original.bindings[output], "the pair was just looked at");
    merged.set(replaced.buffer, target.buffer);
    const variant = variants.get(kernel, { readWrite: [output], inPlace: pair });
    made.set(variant.name, variant);
    const bindings = step.bindings.map((range, i) => (i === output ? target : range)).filter((_, i) => i !== input);
    return { ...step, kernel: variant.name, bindings };
  });
  const kept = plan.buffers.filter((buffer) => !merged.has(buffer.name));
  return { plan: { ...plan, buffers: kept, steps }, kernels: [...made.values()] };
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
