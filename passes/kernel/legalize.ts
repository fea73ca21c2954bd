/**
 * Makes kernels legal for a target, from its `TargetInfo` alone: storage types, operations over the workgroup, scalar
 * functions that are not accurate enough, infinite literals. One pass, required: code generators only print.
 */
import type { Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import type { Program } from "../../src/plan/ir.ts";
import { workgroupMemoryProblems } from "../lower/limits.ts";
import type { Pass } from "../manager/pass.ts";
import { ACCURATE_UNARY, pow } from "./accurate-math.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { legalProblems } from "./legal-problems.ts";
import { legalizeHalf } from "./legalize-half.ts";
import { legalizeReductions } from "./legalize-reductions.ts";
import { withoutSecondRounding } from "./round-half.ts";
import { expandLets } from "./sequence.ts";

const LARGEST = 3.4028234663852886e38;

export function legalizeKernel(kernel: Kernel, info: TargetInfo): Kernel {
  return requireFma(
    legalizeMath(legalizeReductions(legalizeHalf(withoutSecondRounding(kernel), info), info), info),
    info,
  );
}

/** A kernel says that it uses the relaxed multiply-add of vectors. */
function requireFma(kernel: Kernel, info: TargetInfo): Kernel {
  if (info.hasRelaxedFma !== true) return kernel;
  let isUsed = false;
  walkStatements(kernel.body, (statement) => {
    isUsed ||= statement.kind === "let" && statement.expression.kind === "fma" && statement.result.type.lanes > 1;
  });
  return isUsed ? { ...kernel, requires: [...kernel.requires, "relaxed-simd"] } : kernel;
}

/** `f(x) -> polynomial` for each f that is not in `info.accurate`; `inf -> the largest finite f32` where a target has no
 * such literal. */
function legalizeMath(kernel: Kernel, info: TargetInfo): Kernel {
  return expandLets(kernel, (expression, result, sequence) => {
    if (!info.hasInfinity && expression.kind === "constant" && Math.abs(expression.value) === Infinity)
      return sequence.literal(Math.sign(expression.value) * LARGEST, result.type);
    if (expression.kind === "binary" && expression.op === "pow" && !info.accurate.includes("pow"))
      return pow(sequence, expression.x, expression.y, info);
    if (expression.kind !== "unary" || info.accurate.includes(expression.op)) return undefined;
    return ACCURATE_UNARY[expression.op]?.(sequence, expression.x, info);
  });
}

export const legalize: Pass<Program> = {
  name: "legalize",
  summary: "writes out what the target lacks: f16 storage, reductions over a workgroup, accurate functions",
  promise: "reassociates",
  requires: [],
  establishes: [],
  destroys: [],
  required: true,
  run: (ir, { info }) => {
    const diagnostics = ir.kernels.flatMap((kernel) => legalProblems(kernel, info));
    if (diagnostics.length > 0) return { ir, diagnostics };
    const kernels = ir.kernels.map((kernel) => legalizeKernel(kernel, info));
    return { ir: { ...ir, kernels }, diagnostics: kernels.flatMap((kernel) => workgroupMemoryProblems(kernel, info)) };
  },
};
