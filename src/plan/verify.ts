/**
 * What must hold of a program before it runs, as sentences: steps name kernels and buffers that exist, ranges lie
 * inside their buffers at aligned offsets, no launch breaks WebGPU's rules about one buffer bound twice
 * (DECISIONS.md 21), and a temporary is read only after it was written. It trusts the kernels (`src/kernel` verifies
 * those).
 */
import type { Kernel } from "../kernel/ir.ts";
import type { Limits } from "../kernel/target-info.ts";
import type { LaunchStep, Plan, PlanBuffer, Program, Range } from "./ir.ts";
import { groupsOf } from "./grid.ts";
import { usageOf } from "./usage.ts";

/** The broken promises of `program`, empty where there are none. `limits` are those of the profile it was built for. */
export function verifyProgram(program: Program, limits: Limits): readonly string[] {
  const problems: string[] = [];
  const kernels = new Map<string, Kernel>();
  for (const kernel of program.kernels) {
    if (kernels.has(kernel.name)) problems.push(`two kernels are named @${kernel.name}`);
    kernels.set(kernel.name, kernel);
  }
  const entries = new Set<string>();
  for (const plan of program.plans) {
    const key = `${plan.entry} ${JSON.stringify(plan.bucket)}`;
    if (entries.has(key)) problems.push(`two plans serve ${key}`);
    entries.add(key);
    verifyPlan(plan, kernels, limits, problems);
  }
  verifySharedBuffers(program, problems);
  return problems;
}

/** A buffer that several plans name is one buffer: its kind is the same everywhere. */
function verifySharedBuffers(program: Program, problems: string[]): void {
  const kinds = new Map<string, PlanBuffer>();
  for (const plan of program.plans)
    for (const buffer of plan.buffers) {
      if (buffer.kind === "temporary") continue;
      const other = kinds.get(buffer.name);
      if (other === undefined) kinds.set(buffer.name, buffer);
      else if (other.kind !== buffer.kind)
        problems.push(
          `@${plan.entry}: buffer "${buffer.name}" is ${buffer.kind} here and ${other.kind} in another plan`,
        );
    }
}

function verifyPlan(plan: Plan, kernels: ReadonlyMap<string, Kernel>, limits: Limits, problems: string[]): void {
  const at = `@${plan.entry}`;
  const buffers = new Map<string, PlanBuffer>();
  for (const buffer of plan.buffers) {
    if (buffers.has(buffer.name)) problems.push(`${at}: two buffers are named "${buffer.name}"`);
    if (buffer.bytes > limits.maxBufferBytes)
      problems.push(`${at}: buffer "${buffer.name}" has ${buffer.bytes} bytes, the limit is ${limits.maxBufferBytes}`);
    buffers.set(buffer.name, buffer);
  }
  const ranges = [...Object.entries(plan.inputs), ...Object.entries(plan.outputs)];
  for (const [name, range] of ranges) problems.push(...rangeProblems(range, buffers, `${at}: "${name}"`));

  const written = new Set<string>();
  plan.steps.forEach((step, index) => {
    const place = `${at}: step ${index} (@${step.kernel})`;
    const kernel = kernels.get(step.kernel);
    if (kernel === undefined) {
      problems.push(`${place}: there is no such kernel`);
      return;
    }
    verifyLaunch(step, kernel, buffers, limits, place, problems);
    verifyGrid(step, plan.bucket, limits, place, problems);
    verifyLifetimes(step, kernel, buffers, written, place, problems);
  });
}

function rangeProblems(range: Range, buffers: ReadonlyMap<string, PlanBuffer>, place: string): string[] {
  const buffer = buffers.get(range.buffer);
  if (buffer === undefined) return [`${place} lies in the unknown buffer "${range.buffer}"`];
  const isInside = range.offset >= 0 && range.bytes > 0 && range.offset + range.bytes <= buffer.bytes;
  if (isInside) return [];
  return [
    `${place}: bytes ${range.offset} to ${range.offset + range.bytes} are outside "${buffer.name}" of ${buffer.bytes}`,
  ];
}

function verifyLaunch(
  step: LaunchStep,
  kernel: Kernel,
  buffers: ReadonlyMap<string, PlanBuffer>,
  limits: Limits,
  place: string,
  problems: string[],
): void {
  if (step.bindings.length !== kernel.buffers.length)
    problems.push(`${place}: ${step.bindings.length} bindings for ${kernel.buffers.length} buffers`);
  const launchScalars = kernel.scalars.filter((scalar) => scalar.from === "launch").length;
  if (step.scalars.length !== launchScalars)
    problems.push(`${place}: ${step.scalars.length} values for ${launchScalars} launch scalars`);
  step.bindings.forEach((range, i) => {
    const name = `${place}: binding ${i}`;
    problems.push(...rangeProblems(range, buffers, name));
    if (range.offset % limits.bindingOffsetAlignment !== 0)
      problems.push(`${name}: offset ${range.offset} is not a multiple of ${limits.bindingOffsetAlignment}`);
    if (range.bytes > limits.maxBindingBytes)
      problems.push(`${name}: ${range.bytes} bytes, the limit is ${limits.maxBindingBytes}`);
    for (let j = 0; j < i; j++) {
      const other = step.bindings[j];
      if (other === undefined || other.buffer !== range.buffer) continue;
      const isRead = (k: number): boolean => kernel.buffers[k]?.access === "read";
      if (isRead(i) !== isRead(j))
        problems.push(`${name}: "${range.buffer}" is bound read and read_write in one launch`);
      else if (!isRead(i) && range.offset < other.offset + other.bytes && other.offset < range.offset + range.bytes)
        problems.push(`${name} overlaps binding ${j} in "${range.buffer}"`);
    }
  });
}

/** The largest grid, at the bucket's capacities, respects the limit of each dimension. */
function verifyGrid(
  step: LaunchStep,
  bucket: Readonly<Record<string, number>>,
  limits: Limits,
  place: string,
  problems: string[],
): void {
  const unknown = step.grid.flatMap((extent) => extent.flatMap(({ size }) => [...size.symbols()])).filter((name) => !(name in bucket)); // prettier-ignore
  if (unknown.length > 0) problems.push(`${place}: the grid depends on ${unknown.join(", ")}, which the bucket does not bound`); // prettier-ignore
  else
    for (const [axis, count] of groupsOf(step, bucket).entries())
      if (count > limits.maxWorkgroupsPerDimension)
        problems.push(`${place}: ${count} workgroups along ${"xyz"[axis]}, the limit is ${limits.maxWorkgroupsPerDimension}`); // prettier-ignore
}

function verifyLifetimes(
  step: LaunchStep,
  kernel: Kernel,
  buffers: ReadonlyMap<string, PlanBuffer>,
  written: Set<string>,
  place: string,
  problems: string[],
): void {
  const usage = usageOf(kernel);
  const isTemporary = (range: Range): boolean => buffers.get(range.buffer)?.kind === "temporary";
  const writesHere = new Set(step.bindings.filter((_, i) => usage[i]?.writes === true).map((range) => range.buffer));
  step.bindings.forEach((range, i) => {
    const use = usage[i];
    if (use === undefined) return;
    const buffer = buffers.get(range.buffer);
    if (use.writes && (buffer?.kind === "weight" || buffer?.kind === "constant"))
      problems.push(`${place}: writes "${range.buffer}", which is a ${buffer.kind}`);
    // A kernel that both reads and writes one scratch binding fills it itself; its own verifier looks at that.
    if (use.reads && !use.writes && isTemporary(range) && !written.has(range.buffer))
      problems.push(`${place}: reads "${range.buffer}" before anything wrote it`);
  });
  for (const name of writesHere) written.add(name);
}
