/**
 * Gives each user of a cheap op (index arithmetic, casts, lookups, conditions) a copy of its own, so that every copy
 * can disappear into its user's kernel. Copies that stay alone are merged again when the pass ends. What must be
 * stored anyhow (because a loop reads it, or because it is a result) is read by all and not copied.
 */
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { freeValues } from "../../../src/ir/uses.ts";
import type { Tell } from "./decision.ts";
import { isCheap, roleOf } from "./roles.ts";

/** An op with more users stays one: copies of copies would grow with every step of a long chain of index arithmetic. */
const MAX_COPIES = 16;

/** The block with copies; ops that nobody uses are left out. */
export function duplicateCheap(block: Block, table: OpTable, tell?: Tell): Block {
  // Users come before what they use, so that copies of copies are made in one walk.
  const reversed: Op[] = [];
  for (const op of [...block.ops].reverse()) {
    const [made] = op.results;
    if (made === undefined || !isCheap(op, table)) {
      reversed.push(op);
      continue;
    }
    const users = reversed.flatMap((user, i) => (user.operands.includes(made) ? [i] : []));
    const isLeaf = roleOf(op, table) === "leaf";
    const isHeld = block.yields.includes(made) || reversed.some((user) => usesInside(user, made));
    if (!isLeaf && (isHeld || users.length > MAX_COPIES)) {
      reversed.push(op);
      continue;
    }
    if (isHeld) reversed.push(op);
    for (const [nth, i] of users.entries()) {
      if (nth === 0 && !isHeld) continue;
      const copied = value(made.type, made.name);
      const copy: Op = { ...op, results: [copied] };
      tell?.({ kind: "copied", from: made, to: copied });
      const user = reversed[i];
      if (user !== undefined) reversed[i] = withOperand(user, made, copied);
      reversed.push(copy);
    }
    if (!isHeld && users.length > 0) reversed.push(op);
  }
  return { ...block, ops: reversed.reverse() };
}

function usesInside(op: Op, made: Value): boolean {
  return op.regions.some((region) => freeValues(region).includes(made));
}

function withOperand(op: Op, from: Value, to: Value): Op {
  return { ...op, operands: op.operands.map((operand) => (operand === from ? to : operand)) };
}
