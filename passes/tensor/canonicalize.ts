/**
 * canonicalize: the rules of `rules/` until none matches, then common subexpressions, then dead code. All of it is
 * bit-exact, so it may stand anywhere and as often as one likes; other passes may rely on nothing but speed from it.
 */
import type { Module } from "../../src/ir/ir.ts";
import { removeDead } from "../../src/ir/remove-dead.ts";
import type { Pass } from "../manager/pass.ts";
import { applyRules } from "../manager/rules.ts";
import { mapFuncs } from "./map-funcs.ts";
import { mergeEqual } from "./merge-equal.ts";
import { CANONICAL_RULES } from "./rules/index.ts";

export const canonicalize: Pass<Module> = {
  name: "canonicalize",
  summary: "Applies exact rewrite rules, merges equal ops and removes dead ones.",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (module, { ops }) =>
    mapFuncs(module, (func) => removeDead(mergeEqual(applyRules(func, ops, CANONICAL_RULES), ops), ops)),
};
