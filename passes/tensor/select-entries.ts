/**
 * select-entries: keeps the functions that a build is asked for. `forward` computes all logits; `generate` stands for
 * `@extend`, `@extend1`, `@prefill` and `@decode`. Runs as soon as they exist, so that no later pass works for nothing.
 */
import type { Module } from "../../src/ir/ir.ts";
import type { Pass } from "../manager/pass.ts";

/** What can be called in a program: all logits, or generation with a cache. */
export type Entry = "forward" | "generate";

export function selectEntries(entries: readonly Entry[]): Pass<Module> {
  const isWanted = (name: string): boolean => entries.includes(name === "forward" ? "forward" : "generate");
  return {
    name: "select-entries",
    summary: "Removes the functions that the build does not ask for.",
    promise: "bit-exact",
    requires: [],
    establishes: [],
    destroys: [],
    required: true,
    run: (module) => ({
      ir: { ...module, funcs: module.funcs.filter(({ name }) => isWanted(name)) },
      diagnostics: [],
    }),
  };
}
