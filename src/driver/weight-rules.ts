/** The `weights` clause of a model as the list of rules that the runtime's reader follows. */
import type { WeightNameRule } from "../runtime/weight-names.ts";
import type { WeightRules } from "../sema/index.ts";

export function weightNameRules(rules: WeightRules): readonly WeightNameRule[] {
  return [
    ...rules.renames.map((rule) => ({ kind: "rename", ...rule }) as const),
    ...rules.optionalPrefixes.map((prefix) => ({ kind: "optional_prefix", prefix }) as const),
    ...rules.ignores.map((pattern) => ({ kind: "ignore", pattern }) as const),
    ...rules.ties.map((rule) => ({ kind: "tied", ...rule }) as const),
    ...rules.stacks.map((rule) => ({ kind: "stack", ...rule }) as const),
  ];
}
