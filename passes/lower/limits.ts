/**
 * What a profile's limits cannot hold, as diagnostics that name the tensor or kernel and the limit: what one launch
 * binds, and what a kernel asks for whatever it is bound to.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import type { LaunchStep, PlanBuffer } from "../../src/plan/ir.ts";
import { gridOf } from "../../src/plan/grid.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import { elementBytes } from "../../src/kernel/ir.ts";

/** LLM0401 for each binding that is too large. */
export function bindingProblems(
  step: LaunchStep,
  kernel: Kernel,
  bufferNamed: (name: string) => PlanBuffer | undefined,
  { name: profile, limits }: TargetInfo,
): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const at = { ...(kernel.locs[0] === undefined ? {} : { loc: kernel.locs[0] }) };
  for (const { buffer, bytes } of step.bindings) {
    if (bytes <= limits.maxBindingBytes) continue;
    const found = bufferNamed(buffer);
    const type = found?.dtype === undefined ? "" : ` (${found.dtype}[${(found.dims ?? []).join(", ")}])`;
    problems.push(
      diagnostic("LLM0401", `\`${found?.path ?? buffer}\`${type} has ${bytes} bytes, more than a binding of ${limits.maxBindingBytes}`, {
        ...at,
        notes: [`\`maxBindingBytes\` of profile ${profile}`],
        help: "choose a profile with larger bindings, a smaller storage type, or smaller capacities",
      }),
    ); // prettier-ignore
  }
  return problems;
}

/** LLM0402 to LLM0405: grid, bindings, workgroup memory and workgroup size. Asked once a kernel. */
export function kernelProblems(
  kernel: Kernel,
  { name: profile, limits }: TargetInfo,
  capacities: Readonly<Record<string, number>>,
): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const at = { ...(kernel.locs[0] === undefined ? {} : { loc: kernel.locs[0] }) };
  gridOf(kernel.grid, capacities).forEach((count, axis) => {
    if (count <= limits.maxWorkgroupsPerDimension) return;
    const dimension = ["x", "y", "z"][axis] ?? "";
    problems.push(
      diagnostic("LLM0402", `kernel \`${kernel.name}\` needs ${count} workgroups along ${dimension}, the limit is ${limits.maxWorkgroupsPerDimension}`, {
        ...at,
        notes: [`\`maxWorkgroupsPerDimension\` of profile ${profile}`],
        help: "choose smaller capacities",
      }),
    ); // prettier-ignore
  });
  if (kernel.buffers.length > limits.maxStorageBuffers)
    problems.push(
      diagnostic("LLM0403", `kernel \`${kernel.name}\` binds ${kernel.buffers.length} buffers, the limit is ${limits.maxStorageBuffers}`, {
        ...at,
        notes: [`\`maxStorageBuffers\` of profile ${profile}: ${kernel.buffers.map(({ name }) => name).join(", ")}`],
        help: "build with `--passes=-fuse`, or choose a profile with more bindings",
      }),
    ); // prettier-ignore
  const workgroupBytes = kernel.locals
    .filter(({ space }) => space === "workgroup")
    .reduce((sum, { element, lanes, length }) => sum + elementBytes(element) * lanes * (length.asNumber() ?? 0), 0);
  if (workgroupBytes > limits.maxWorkgroupMemoryBytes)
    problems.push(
      diagnostic("LLM0404", `kernel \`${kernel.name}\` needs ${workgroupBytes} bytes of workgroup memory, the limit is ${limits.maxWorkgroupMemoryBytes}`, {
        ...at,
        notes: [`\`maxWorkgroupMemoryBytes\` of profile ${profile}`],
        help: "choose smaller tiles in the profile",
      }),
    ); // prettier-ignore
  const invocations = kernel.workgroup[0] * kernel.workgroup[1] * kernel.workgroup[2];
  if (invocations > limits.maxInvocationsPerWorkgroup)
    problems.push(
      diagnostic("LLM0405", `kernel \`${kernel.name}\` has workgroups of ${invocations} invocations, the limit is ${limits.maxInvocationsPerWorkgroup}`, {
        ...at,
        notes: [`\`maxInvocationsPerWorkgroup\` of profile ${profile}`],
        help: "choose smaller tiles in the profile",
      }),
    ); // prettier-ignore
  return problems;
}
