/**
 * What a profile's limits cannot hold, as diagnostics that name the tensor or kernel and the limit: what launches bind,
 * and what a kernel asks for whatever it is bound to.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import type { LaunchStep, PlanBuffer, Program } from "../../src/plan/ir.ts";
import { groupsOf } from "../../src/plan/grid.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import type { Loc } from "../../src/support/source.ts";
import { elementBytes } from "../../src/kernel/ir.ts";
import type { PlanBuffers } from "./place.ts";

/** A buffer of which more is bound than a profile allows. */
export interface Oversized {
  readonly name: string;
  readonly bytes: number;
  /** What is known of it. */
  readonly buffer: PlanBuffer | undefined;
  /** The place in the source that it is owed to. */
  readonly loc: Loc | undefined;
}

/** The bindings of a launch that are too large; `placeOf` says what a buffer is owed to. */
export function oversizedOf(
  step: LaunchStep,
  buffers: PlanBuffers,
  { limits }: TargetInfo,
  placeOf: (buffer: string) => Loc | undefined,
): readonly Oversized[] {
  return step.bindings
    .filter(({ bytes }) => bytes > limits.maxBindingBytes)
    .map(({ buffer: name, bytes }) => ({ name, bytes, buffer: buffers.find(name), loc: placeOf(name) }));
}

/** The option that sets a capacity. */
const OPTIONS: Readonly<Record<string, string>> = { B: "--batch", T: "--chunk", S: "--context" };

/**
 * LLM0401 for the largest buffer of a program that is too large: the same sizes make the others too large, from layer
 * to layer and in each entry.
 */
export function bindingProblems(
  oversized: readonly Oversized[],
  { name: profile, limits }: TargetInfo,
  capacities: Readonly<Record<string, number>>,
): readonly Diagnostic[] {
  const [largest] = [...oversized].sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined) return [];
  const { name, bytes, buffer, loc } = largest;
  const dims = buffer?.dims ?? [];
  const isUsed = (symbol: string): boolean => dims.some((dim) => wordsOf(dim).includes(symbol));
  const symbols = Object.keys(capacities).filter((symbol) => isUsed(symbol) && (capacities[symbol] ?? 1) > 1);
  const type = buffer?.dtype === undefined ? "" : ` (${buffer.dtype}[${dims.join(", ")}])`;
  const others = new Set(oversized.map((other) => other.name)).size - 1;
  const smaller = symbols.map((symbol) => OPTIONS[symbol]).filter((option) => option !== undefined);
  return [
    diagnostic("LLM0401", `\`${buffer?.path ?? name}\`${type} has ${bytes} bytes, more than the ${limits.maxBindingBytes} of a binding`, {
      ...(loc === undefined ? {} : { loc }),
      notes: [
        `\`maxBindingBytes\` of profile ${profile}`,
        ...(symbols.length > 0 ? [`with ${symbols.map((symbol) => `${symbol} = ${capacities[symbol]}`).join(", ")}`] : []),
        ...(others > 0 ? [`${others} more tensor${others === 1 ? " is" : "s are"} too large`] : []),
      ],
      help:
        smaller.length > 0
          ? `build with a smaller ${smaller.map((option) => `\`${option}\``).join(" or ")}, or choose a profile with larger bindings`
          : "choose a profile with larger bindings, a smaller storage type, or a smaller tensor",
    }),
  ]; // prettier-ignore
}

/** The names in a size: `2*T + 1` has `T`. */
function wordsOf(dim: number | string): readonly string[] {
  return typeof dim === "number" ? [] : (dim.match(/[A-Za-z_]\w*/g) ?? []);
}

/** LLM0402 for the launch that needs most workgroups along one axis, if those are too many: sizes decide that. */
export function gridProblems(
  { kernels, plans }: Pick<Program, "kernels" | "plans">,
  { name: profile, limits }: TargetInfo,
): readonly Diagnostic[] {
  const [most] = plans
    .flatMap((plan) => plan.steps.map((step) => ({ step, groups: groupsOf(step, plan.bucket) })))
    .flatMap(({ step, groups }) => groups.map((count, axis) => ({ name: step.kernel, count, axis })))
    .filter(({ count }) => count > limits.maxWorkgroupsPerDimension)
    .sort((a, b) => b.count - a.count);
  if (most === undefined) return [];
  const { name, count, axis } = most;
  const loc = kernels.find((kernel) => kernel.name === name)?.locs[0];
  return [
    diagnostic("LLM0402", `kernel \`${name}\` needs ${count} workgroups along ${"xyz"[axis]}, the limit is ${limits.maxWorkgroupsPerDimension}`, {
      ...(loc === undefined ? {} : { loc }),
      notes: [`\`maxWorkgroupsPerDimension\` of profile ${profile}`],
      help: "build with a smaller `--batch`, `--chunk` or `--context`",
    }),
  ]; // prettier-ignore
}

/** LLM0403 for each kernel that binds more buffers than a stage has, at one place of the source once. */
export function bindingCountProblems(
  kernels: readonly Kernel[],
  { name: profile, limits }: TargetInfo,
): readonly Diagnostic[] {
  const told = new Set<string>();
  return kernels.flatMap(({ name, buffers, locs: [loc] }) => {
    const place = JSON.stringify([loc ?? name, buffers.length]);
    if (buffers.length <= limits.maxStorageBuffers || told.has(place)) return [];
    told.add(place);
    return diagnostic("LLM0403", `kernel \`${name}\` binds ${buffers.length} buffers, the limit is ${limits.maxStorageBuffers}`, {
      ...(loc === undefined ? {} : { loc }),
      notes: [`\`maxStorageBuffers\` of profile ${profile}: ${buffers.map((buffer) => buffer.name).join(", ")}`],
      help: "choose a profile with more bindings, or give the op fewer inputs, parameters and states: join some with `concat`",
    });
  }); // prettier-ignore
}

/** LLM0404: what a legal kernel, with its operations over the workgroup written out, needs of the workgroup's memory. */
export function workgroupMemoryProblems(kernel: Kernel, { name: profile, limits }: TargetInfo): readonly Diagnostic[] {
  const bytes = kernel.locals
    .filter(({ space }) => space === "workgroup")
    .reduce((sum, { element, lanes, length }) => sum + elementBytes(element) * lanes * (length.asNumber() ?? 0), 0);
  if (bytes <= limits.maxWorkgroupMemoryBytes) return [];
  return [
    diagnostic("LLM0404", `kernel \`${kernel.name}\` needs ${bytes} bytes of workgroup memory, the limit is ${limits.maxWorkgroupMemoryBytes}`, {
      ...placeOf(kernel),
      notes: [`\`maxWorkgroupMemoryBytes\` of profile ${profile}`],
      help: "build with another `--profile`; whoever writes a profile can make its tiles smaller",
    }),
  ]; // prettier-ignore
}

/** LLM0405: the invocations of a workgroup. */
export function workgroupSizeProblems(kernel: Kernel, { name: profile, limits }: TargetInfo): readonly Diagnostic[] {
  const invocations = kernel.workgroup[0] * kernel.workgroup[1] * kernel.workgroup[2];
  if (invocations <= limits.maxInvocationsPerWorkgroup) return [];
  return [
    diagnostic("LLM0405", `kernel \`${kernel.name}\` has workgroups of ${invocations} invocations, the limit is ${limits.maxInvocationsPerWorkgroup}`, {
      ...placeOf(kernel),
      notes: [`\`maxInvocationsPerWorkgroup\` of profile ${profile}`],
      help: "build with another `--profile`; whoever writes a profile can make its tiles smaller",
    }),
  ]; // prettier-ignore
}

function placeOf({ locs: [loc] }: Kernel): { readonly loc?: Loc } {
  return loc === undefined ? {} : { loc };
}
