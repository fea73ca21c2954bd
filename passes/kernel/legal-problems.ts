/** What no rewriting makes legal for a target, as diagnostics that name the kernel and the buffer. */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { containsCollective } from "../../src/kernel/walk.ts";
import { diagnostic } from "../../src/support/diagnostic.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import { foreignStores } from "./legalize-half.ts";
import { invocationsOf } from "./legalize-reductions.ts";

/** LLM0407 for workgroup memory that the profile lacks, LLM0408 for a float type that it cannot store. */
export function legalProblems(kernel: Kernel, info: TargetInfo): readonly Diagnostic[] {
  const at = kernel.locs[0] === undefined ? {} : { loc: kernel.locs[0] };
  const problems: Diagnostic[] = [];
  const shares = kernel.locals.some(({ space }) => space === "workgroup") || containsCollective(kernel.body);
  if (!info.hasWorkgroupMemory && shares && invocationsOf(kernel) > 1)
    problems.push(
      diagnostic("LLM0407", `kernel \`${kernel.name}\` shares values between ${invocationsOf(kernel)} invocations`, {
        ...at,
        notes: [`profile ${info.name} has no workgroup memory (\`hasWorkgroupMemory\`)`],
        help: "use tiles of one invocation in the profile, or a profile with workgroup memory",
      }),
    );
  for (const { name, element } of foreignStores(kernel, info))
    problems.push(
      diagnostic("LLM0408", `kernel \`${kernel.name}\` stores ${element} in \`${name}\``, {
        ...at,
        notes: [`profile ${info.name} stores ${info.storage.join(", ")}`],
        help: "return `cast(..., f32)`, or choose a profile that stores this type",
      }),
    );
  return problems;
}
