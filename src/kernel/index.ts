/** The kernel IR: records, text, verifier, interpreter, builder, and facts about targets. */
export * from "./ir.ts";
export * from "./target-info.ts";
export { KernelBuilder } from "./builder.ts";
export type { KernelOptions, LoopOptions, Operand, Yields } from "./builder.ts";
export { sameKernel } from "./equal.ts";
export { INTRINSICS } from "./intrinsics.ts";
export type { Datum, Intrinsic } from "./intrinsics.ts";
export { KernelFault, gridSize, interpretKernel } from "./interpret.ts";
export type { Bytes, InterpretOptions } from "./interpret.ts";
export { parseKernel, parseKernels } from "./parse.ts";
export { printKernel, signatureText } from "./print.ts";
export type { PrintOptions } from "./print.ts";
export { verifyKernel } from "./verify.ts";
