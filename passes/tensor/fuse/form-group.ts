/** A cluster as a `group` op: isolated, its inputs as operands, named after what it holds. */
import { Builder } from "../../../src/ir/builder.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import { equalAttrs } from "../../../src/ir/equal.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { inlineBlock } from "../../../src/ir/rewrite.ts";
import { defined } from "../../../src/support/errors.ts";
import { inputsOf } from "./clusters.ts";
import type { Candidate } from "./candidate.ts";
import { groupKind } from "./legal-group.ts";
import { groupName } from "./group-name.ts";

/**
 * Takes reshapes off the edge of a candidate: a reshape of something from outside is the same bytes under another
 * shape, no work for a kernel. Returns the rest and the reshapes, which then stand before it, copies of one only once.
 */
export function peel(candidate: Candidate): { readonly rest: Candidate; readonly peeled: readonly Op[] } {
  const made = new Set(candidate.ops.flatMap((op) => op.results));
  const peeled: Op[] = [];
  const rest: Op[] = [];
  const twins = new Map<Value | null, Value>();
  for (const given of candidate.ops) {
    const op: Op = { ...given, operands: given.operands.map((used) => twins.get(used) ?? used) };
    const operand = op.operands[0] ?? null;
    const isEdge = op.name === "reshape" && operand !== null && !made.has(operand);
    const isYielded = op.results.some((result) => candidate.yields.includes(result));
    if (isEdge && !isYielded) {
      const twin = peeled.find((other) => other.operands[0] === operand && equalAttrs(other.attrs, op.attrs));
      op.results.forEach((made, i) => twin?.results[i] && twins.set(made, twin.results[i]));
      if (twin === undefined) peeled.push(op);
      for (const result of op.results) made.delete(result);
    } else rest.push(op);
  }
  return { rest: { ops: rest, yields: candidate.yields }, peeled };
}

/**
 * The group op; its results are the candidate's yields themselves, so users need no change. Its ops stand in the order
 * in which the results need them, so equal computations have equal texts wherever their ops stood.
 */
export function formGroup(candidate: Candidate, table: OpTable): Op {
  const kind = defined(groupKind(candidate, table), "clusters are legal groups");
  const sorted: Candidate = { ops: byNeed(candidate), yields: candidate.yields };
  const inputs = inputsOf(sorted.ops);
  const args = inputs.map((input) => value(input.type, input.name));
  const b = new Builder(table);
  const yields = inlineBlock(b, { args: inputs, ops: sorted.ops, yields: sorted.yields }, args);
  const loc = candidate.ops.find((op) => op.loc !== undefined)?.loc;
  const group: Op = {
    name: "group",
    operands: inputs,
    attrs: { name: groupName(sorted, table), kind },
    results: candidate.yields,
    regions: [b.block(args, yields)],
  };
  return loc === undefined ? group : { ...group, loc };
}

/** The ops by depth first search from the results: operands before their users, in the order of operands. */
function byNeed({ ops, yields }: Candidate): readonly Op[] {
  const producers = new Map(ops.flatMap((op) => op.results.map((made) => [made, op] as const)));
  const sorted = new Set<Op>();
  const visit = (needed: Value | null): void => {
    const op = needed === null ? undefined : producers.get(needed);
    if (op === undefined || sorted.has(op)) return;
    op.operands.forEach(visit);
    sorted.add(op);
  };
  yields.forEach(visit);
  return [...sorted];
}
