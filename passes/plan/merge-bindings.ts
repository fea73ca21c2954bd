/**
 * merge-bindings: a kernel that binds more buffers than a stage has gets those that lie in the arena as one binding. It
 * is the last resort: fuse makes no kernel of several ops that needs it, but one op may have more operands than that (a
 * scan with its states). All that a kernel has in the arena is merged or nothing is, because WebGPU refuses two writable
 * bindings that overlap. What each launch binds is equally long; where the values lie in it are its launch scalars.
 */
import type { Buffer, Kernel } from "../../src/kernel/ir.ts";
import { elementBytes } from "../../src/kernel/ir.ts";
import type { Limits } from "../../src/kernel/target-info.ts";
import type { LaunchStep, Program, Range } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass } from "../manager/pass.ts";
import { bindingCountProblems } from "../lower/limits.ts";
import { ARENA, bindable } from "./memory-plan.ts";
import { mergeBuffers } from "./merged-kernel.ts";

export const mergeBindings: Pass<Program> = {
  name: "merge-bindings",
  summary: "binds what a kernel has in the arena once, where it would bind more buffers than a stage has",
  promise: "bit-exact",
  requires: [bindable],
  establishes: [],
  destroys: [],
  required: true,
  trivial: (ir, { info }) => ({ ir, diagnostics: bindingCountProblems(ir.kernels, info) }),
  run: (program, { info }) => {
    const ir = mergeArena(program, info.limits);
    return { ir, diagnostics: bindingCountProblems(ir.kernels, info) };
  },
};

/** The launches that get one form of a kernel: those that have the same of its buffers in the arena. */
interface Form {
  readonly kernel: Kernel;
  /** Indices of the buffers that are merged. */
  readonly merged: readonly number[];
  /** Bytes that each launch binds: the largest stretch that one of them needs. */
  readonly bytes: number;
}

/** Merges in every kernel that has more than `limits.maxStorageBuffers` buffers, where that makes them few enough. */
export function mergeArena(program: Program, limits: Limits): Program {
  const kernels = new Map(program.kernels.map((kernel) => [kernel.name, kernel]));
  const forms = new Map<string, Form>();
  const steps = program.plans.flatMap((plan) => plan.steps);
  for (const step of steps) {
    const kernel = defined(kernels.get(step.kernel), `the plan launches the unknown kernel @${step.kernel}`);
    if (kernel.buffers.length <= limits.maxStorageBuffers) continue;
    const merged = inArena(step);
    const key = keyOf(step, merged);
    const [from, to] = stretchOf(step, merged);
    forms.set(key, { kernel, merged, bytes: Math.max(forms.get(key)?.bytes ?? 0, to - from) });
  }
  const made = new Map<string, Kernel>();
  const names = new Set(kernels.keys());
  for (const [key, form] of forms)
    if (isPossible(form, limits)) made.set(key, mergeBuffers(form.kernel, form.merged, form.bytes, ARENA, names));

  const plans = program.plans.map((plan) => {
    const arena = plan.buffers.find(({ name }) => name === ARENA)?.bytes ?? 0;
    return {
      ...plan,
      steps: plan.steps.map((step) => {
        const key = keyOf(step, inArena(step));
        const [kernel, form] = [made.get(key), forms.get(key)];
        return kernel === undefined || form === undefined ? step : mergedStep(step, kernel, form, arena);
      }),
    };
  });
  const used = new Set(plans.flatMap((plan) => plan.steps.map((step) => step.kernel)));
  return { ...program, kernels: [...kernels.values(), ...made.values()].filter(({ name }) => used.has(name)), plans };
}

function inArena({ bindings }: LaunchStep): readonly number[] {
  return bindings.flatMap(({ buffer }, i) => (buffer === ARENA ? [i] : []));
}

function keyOf({ kernel }: LaunchStep, merged: readonly number[]): string {
  return `${kernel} ${merged.join()}`;
}

function stretchOf({ bindings }: LaunchStep, merged: readonly number[]): readonly [from: number, to: number] {
  const ranges = merged.map((i) => defined(bindings[i], "an index of a binding"));
  if (ranges.length === 0) return [0, 0];
  return [
    Math.min(...ranges.map(({ offset }) => offset)),
    Math.max(...ranges.map(({ offset, bytes }) => offset + bytes)),
  ];
}

function isPossible({ kernel, merged, bytes }: Form, limits: Limits): boolean {
  const isWord = (buffer: Buffer | undefined): boolean => buffer !== undefined && elementBytes(buffer.element) === 4;
  const left = kernel.buffers.length - merged.length + 1;
  return left <= limits.maxStorageBuffers && bytes <= limits.maxBindingBytes && merged.every((i) => isWord(kernel.buffers[i])); // prettier-ignore
}

function mergedStep(step: LaunchStep, kernel: Kernel, { merged, bytes }: Form, arena: number): LaunchStep {
  // Both are multiples of the alignment of offsets: the arena's size is, and so is every offset in it.
  const from = Math.min(stretchOf(step, merged)[0], Math.max(0, arena - bytes));
  const place = merged[0];
  const values = merged.map((i) => defined(step.bindings[i], "an index of a binding"));
  const bindings = step.bindings.flatMap((range, i): readonly Range[] => {
    if (i === place) return [{ buffer: ARENA, offset: from, bytes }];
    return merged.includes(i) ? [] : [range];
  });
  const lanes = defined(kernel.buffers[place ?? 0], "the merged buffer").lanes;
  const bases = values.map(({ offset }) => (offset - from) / (4 * lanes));
  return { ...step, kernel: kernel.name, bindings, scalars: [...step.scalars, ...bases], merged: values };
}
