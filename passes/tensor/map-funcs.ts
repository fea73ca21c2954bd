/** A pass over a module that treats each function by itself. */
import type { Func, Module } from "../../src/ir/ir.ts";
import type { PassResult } from "../manager/pass.ts";

/** The module with each function replaced; functions that come back as the same object cost nothing. */
export function mapFuncs(module: Module, change: (func: Func) => Func): PassResult<Module> {
  return { ir: { ...module, funcs: module.funcs.map(change) }, diagnostics: [] };
}
