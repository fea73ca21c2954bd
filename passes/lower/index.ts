/**
 * Lowering: a module of grouped tensor IR to a program, which is kernels and one straight-line plan for each entry
 * function. Buffers of plans are placed later (`passes/plan`), kernels made legal later (`passes/kernel`).
 */
import type { Module } from "../../src/ir/ir.ts";
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import type { Program } from "../../src/plan/ir.ts";
import type { PassContext } from "../manager/pass.ts";
import { KernelStore } from "./kernel-store.ts";
import { bindingProblems, workgroupSizeProblems } from "./limits.ts";
import { lowerFunc } from "./lower-func.ts";
import type { ConstantNames } from "./sources.ts";

export { lowerGroup } from "./lower-group.ts";
export type { LoweredGroup, LoweringContext } from "./lower-group.ts";
export type { ArgumentSource, GroupSpec, Slot } from "./group-spec.ts";

/**
 * One plan for each function of the module, with the capacities as sizes of buffers, and each distinct group as one
 * kernel. A kernel or tensor that the profile cannot hold is an LLM04xx diagnostic; each is told once.
 */
export function lowerModule(
  module: Module,
  context: PassContext,
): { readonly program: Program; readonly diagnostics: readonly Diagnostic[] } {
  const store = new KernelStore(context);
  const constants: ConstantNames = new Map();
  const lowered = module.funcs.map((func) => lowerFunc(func, store, constants, context));
  const { info, capacities } = context;
  const tooLarge = bindingProblems(lowered.flatMap(({ oversized }) => oversized), info, capacities); // prettier-ignore
  const kernels = store.kernels.flatMap((kernel) => workgroupSizeProblems(kernel, info));
  const told = new Map<string, Diagnostic>();
  for (const found of [...lowered.flatMap(({ diagnostics }) => diagnostics), ...tooLarge, ...kernels])
    told.set(`${found.code} ${found.message}`, found);
  const program: Program = {
    profile: context.info.name,
    kernels: store.kernels,
    plans: lowered.map(({ plan }) => plan),
  };
  return { program, diagnostics: [...told.values()] };
}
