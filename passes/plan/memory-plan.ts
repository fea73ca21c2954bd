/**
 * memory-plan: where each temporary lives. Lifetimes over the straight-line steps at the bucket's capacities, in-place
 * merging, then offsets in one arena that all plans of the program share. WebGPU's rules are constraints here: offsets
 * are multiples of the binding alignment, every binding into the arena is `read_write`, and two temporaries bound by
 * one launch never overlap, because both are live there. The trivial mode leaves each temporary a buffer of its own.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { LaunchStep, Plan, PlanBuffer, Program, Range } from "../../src/plan/ir.ts";
import { defined } from "../../src/support/errors.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { verifyProgram } from "../../src/plan/verify.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import type { Pass, Property } from "../manager/pass.ts";
import { allocate, largestLiveSum } from "./allocate.ts";
import type { Block } from "./allocate.ts";
import { mergeInPlace } from "./in-place.ts";
import type { InPlaceResult } from "./in-place.ts";
import { KernelVariants } from "./kernel-variant.ts";
import { lifetimesOf } from "./lifetimes.ts";
import type { Lifetime } from "./lifetimes.ts";
import { memoryProblems } from "./total-memory.ts";

/** The name of the buffer that all temporaries share. */
export const ARENA = "arena";

export const bindable: Property<Program> = {
  name: "bindable",
  doc: "Every launch binds ranges that exist, are aligned and break no rule of WebGPU; temporaries are written first.",
  check: (program, { info }) => verifyProgram(program, info.limits)[0],
};

export const memoryPlan: Pass<Program> = {
  name: "memory-plan",
  summary: "gives each temporary an offset in one arena, in place where a kernel allows it",
  promise: "bit-exact",
  requires: [],
  establishes: [bindable],
  destroys: [],
  required: true,
  trivial: (program, { info }) => {
    const plans = program.plans.map((plan) => withoutArena(plan, info.limits.bindingOffsetAlignment));
    const ir = { ...program, plans };
    return { ir, diagnostics: memoryProblems(ir, info) };
  },
  run: (program, { info }) => {
    const ir = planMemory(program, info.limits.bindingOffsetAlignment);
    const tooLarge = arenaTooLarge(ir, info);
    return { ir, diagnostics: tooLarge.length > 0 ? tooLarge : memoryProblems(ir, info) };
  },
};

/** The arena is one buffer; a profile whose buffers are smaller cannot hold the model. */
function arenaTooLarge(program: Program, info: TargetInfo): readonly Diagnostic[] {
  const limit = info.limits.maxBufferBytes;
  const largest = program.plans.find((plan) => plan.memory.peak > limit);
  if (largest === undefined) return [];
  const message = `the activations of \`${largest.entry}\` need ${largest.memory.peak} bytes in one buffer, \`${info.name}\` has ${limit}`;
  const notes = [`no order of these kernels needs less than ${largest.memory.lowerBound} bytes`];
  return [diagnostic("LLM0401", message, { notes, help: "build with a smaller `--chunk` or `--batch`" })];
}

/** Places all temporaries of `program` in one arena; `alignment` in bytes. */
export function planMemory(program: Program, alignment: number): Program {
  const variants = new KernelVariants(program.kernels);
  const kernels = new Map(program.kernels.map((kernel) => [kernel.name, kernel]));
  const merged = mergedInPlace(program.plans, kernels, variants, alignment);
  for (const kernel of merged.kernels) kernels.set(kernel.name, kernel);
  const placed = merged.plans.map((plan) => intoArena(plan, kernels, variants, alignment));
  const bytes = Math.max(0, ...placed.map((plan) => plan.memory.peak));
  const plans = placed.map((plan) => withArenaBytes(plan, bytes));
  const used = new Set(plans.flatMap((plan) => plan.steps.map((step) => step.kernel)));
  return { ...program, kernels: [...kernels.values()].filter((kernel) => used.has(kernel.name)), plans };
}

/** In place without a second form of any kernel, unless that makes the arena larger. */
function mergedInPlace(
  plans: readonly Plan[],
  kernels: ReadonlyMap<string, Kernel>,
  variants: KernelVariants,
  alignment: number,
): InPlaceResult {
  const everywhere = mergeInPlace(plans, kernels, variants, "everywhere");
  const whole = mergeInPlace(plans, kernels, variants, "whole kernels");
  const bytes = (merged: InPlaceResult): number =>
    Math.max(0, ...merged.plans.map((plan) => largestLiveSum(blocksOf(plan, alignment).blocks)));
  return bytes(whole) > bytes(everywhere) ? everywhere : whole;
}

function intoArena(plan: Plan, kernels: Map<string, Kernel>, variants: KernelVariants, alignment: number): Plan {
  const { blocks, temporaries } = blocksOf(plan, alignment);
  const { offsets, peak, lowerBound } = allocate(blocks);
  const places = new Map(
    temporaries.map((buffer, i) => [buffer.name, defined(offsets[i], "each block has an offset")]),
  );
  const moved = (range: Range): Range => {
    const base = places.get(range.buffer);
    return base === undefined ? range : { buffer: ARENA, offset: base + range.offset, bytes: range.bytes };
  };
  const steps = plan.steps.map((step): LaunchStep => {
    const bindings = step.bindings.map(moved);
    const readWrite = bindings.flatMap((range, i) => (range.buffer === ARENA ? [i] : []));
    const kernel = variants.get(defined(kernels.get(step.kernel), `unknown kernel @${step.kernel}`), { readWrite });
    kernels.set(kernel.name, kernel);
    return { ...step, kernel: kernel.name, bindings };
  });
  const rest = plan.buffers.filter((buffer) => buffer.kind !== "temporary");
  const arena: readonly PlanBuffer[] = peak === 0 ? [] : [{ name: ARENA, kind: "arena", bytes: peak }];
  return {
    ...plan,
    buffers: [...rest, ...arena],
    steps,
    inputs: mapRanges(plan.inputs, moved),
    outputs: mapRanges(plan.outputs, moved),
    memory: { peak, lowerBound },
  };
}

/** Plans of one program run one after the other, so the largest arena serves them all. */
function withArenaBytes(plan: Plan, bytes: number): Plan {
  return { ...plan, buffers: plan.buffers.map((buffer) => (buffer.kind === "arena" ? { ...buffer, bytes } : buffer)) };
}

function withoutArena(plan: Plan, alignment: number): Plan {
  const { blocks } = blocksOf(plan, alignment);
  const peak = blocks.reduce((sum, block) => sum + block.size, 0);
  return { ...plan, memory: { peak, lowerBound: largestLiveSum(blocks) } };
}

function blocksOf(
  plan: Plan,
  alignment: number,
): { readonly blocks: readonly Block[]; readonly temporaries: readonly PlanBuffer[] } {
  const lifetimes = lifetimesOf(plan);
  const temporaries = plan.buffers.filter((buffer) => buffer.kind === "temporary" && lifetimes.has(buffer.name));
  const blocks = temporaries.map((buffer): Block => {
    const { first, last }: Lifetime = defined(lifetimes.get(buffer.name), "only temporaries with a lifetime are here");
    return { start: first, end: last + 1, size: Math.ceil(buffer.bytes / alignment) * alignment };
  });
  return { blocks, temporaries };
}

function mapRanges(
  ranges: Readonly<Record<string, Range>>,
  moved: (range: Range) => Range,
): Readonly<Record<string, Range>> {
  return Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, moved(range)]));
}
