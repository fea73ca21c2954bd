/** A cluster as a `group` op: isolated, its inputs as operands, named after what it holds. */
import { Builder } from "../../../src/ir/builder.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { inlineBlock } from "../../../src/ir/rewrite.ts";
import { defined } from "../../../src/support/errors.ts";
import { inputsOf } from "./clusters.ts";
import type { Candidate } from "./legal-group.ts";
import { groupKind } from "./legal-group.ts";
import { roleOf } from "./roles.ts";

/** Parts of a name; more would not help a reader. */
const MAX_NAME_PARTS = 4;

/**
 * Takes reshapes off the edge of a candidate: a reshape of something from outside is the same bytes under another
 * shape, no work for a kernel. Returns the rest and the reshapes, which then stand before it.
 */
export function peel(candidate: Candidate): { readonly rest: Candidate; readonly peeled: readonly Op[] } {
  const made = new Set(candidate.ops.flatMap((op) => op.results));
  const peeled: Op[] = [];
  const rest: Op[] = [];
  for (const op of candidate.ops) {
    const operand = op.operands[0] ?? null;
    const isEdge = op.name === "reshape" && operand !== null && !made.has(operand);
    const isYielded = op.results.some((result) => candidate.yields.includes(result));
    if (isEdge && !isYielded) {
      peeled.push(op);
      for (const result of op.results) made.delete(result);
    } else rest.push(op);
  }
  return { rest: { ops: rest, yields: candidate.yields }, peeled };
}

/** The group op; its results are the candidate's yields themselves, so users need no change. */
export function formGroup(candidate: Candidate, table: OpTable): Op {
  const kind = defined(groupKind(candidate, table), "clusters are legal groups");
  const inputs = inputsOf(candidate.ops);
  const args = inputs.map((input) => value(input.type, input.name));
  const b = new Builder(table);
  const yields = inlineBlock(b, { args: inputs, ops: candidate.ops, yields: candidate.yields }, args);
  const loc = candidate.ops.find((op) => op.loc !== undefined)?.loc;
  const group: Op = {
    name: "group",
    operands: inputs,
    attrs: { name: nameOf(candidate, table), kind },
    results: candidate.yields,
    regions: [b.block(args, yields)],
  };
  return loc === undefined ? group : { ...group, loc };
}

/** The weights of products, then the ops that say most: `gate_weight_up_weight_silu`, `mean_rsqrt`. */
function nameOf(candidate: Candidate, table: OpTable): string {
  const weights = candidate.ops.flatMap((op) => (op.name === "matmul" ? [weightName(op, candidate)] : []));
  const telling = candidate.ops.map((op) => op.name).filter((name) => !PLAIN.has(name) && name !== "matmul");
  const plain = candidate.ops.filter((op) => roleOf(op, table) !== "leaf").map((op) => op.name);
  const parts = [...new Set([...weights, ...telling])].filter((part) => part !== "");
  return (parts.length > 0 ? parts : [...new Set(plain)]).slice(0, MAX_NAME_PARTS).join("_");
}

const PLAIN: ReadonlySet<string> = new Set([
  ...["constant", "iota", "reshape", "transpose", "broadcast", "slice", "pad", "concat", "cast"],
  ...["add", "sub", "mul", "neg", "select", "eq", "or"],
]);

/** The hint of the right operand, seen through moves and casts; "matmul" where it has none. */
function weightName(product: Op, candidate: Candidate): string {
  let current: Value | null | undefined = product.operands[1];
  for (let op = producer(current, candidate); op !== undefined; op = producer(current, candidate))
    current = op.operands[0];
  const name = current?.name.replace(/_weight$/, "") ?? "";
  return /^[A-Za-z_]\w*$/.test(name) ? name : "matmul";
}

function producer(made: Value | null | undefined, candidate: Candidate): Op | undefined {
  return candidate.ops.find((op) => op.results.some((result) => result === made));
}
