/** The tensor IR: what it is made of, its text, its rules, and how passes rewrite it. */
export * from "./type.ts";
export * from "./ir.ts";
export * from "./op-def.ts";
export { Builder, completeAttrs } from "./builder.ts";
export { printFunc, printModule, printOp } from "./print.ts";
export type { PrintOptions } from "./print.ts";
export { parseFunc, parseModule } from "./parse.ts";
export { verifyFunc, verifyModule } from "./verify.ts";
export { equalAttr, equalAttrs, equalFuncs, equalModules } from "./equal.ts";
export { isLiteral } from "./attr-text.ts";
export { pathIndices, resolvePath } from "./param-path.ts";
export {
  familyType,
  isRegionName,
  memberType,
  regionArgTypes,
  regionResultTypes,
  withAxis,
  withoutAxis,
} from "./region-types.ts";
export type { RegionName } from "./region-types.ts";
export { Rewriter, inlineBlock, rewriteFunc, rewriteWithArgs } from "./rewrite.ts";
export type { Visit } from "./rewrite.ts";
export { removeDead } from "./remove-dead.ts";
export { substituteSymbols, substituteType } from "./specialize.ts";
export { definitionsOf, freeValues, symbolsOf, usesOf } from "./uses.ts";
export type { Use } from "./uses.ts";
