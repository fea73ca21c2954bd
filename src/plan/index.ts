/** The plan: types, text, verifier, and the compact form for packages. */
export type * from "./ir.ts";
export { gridOf, groupsOf, workgroups } from "./grid.ts";
export { manifestOf } from "./manifest.ts";
export type * from "./manifest.ts";
export { parseProgram, readPlan } from "./parse.ts";
export { printPlan, printProgram } from "./print.ts";
export { usageOf } from "./usage.ts";
export type { BufferUsage } from "./usage.ts";
export { verifyProgram } from "./verify.ts";
