/**
 * Two ways to reduce a value over the invocations of a workgroup. Both give all of them the same result, in an order of
 * additions that depends on the sizes of the workgroup and of a subgroup only.
 */
import type { BinaryOp, Buffer, KValue } from "../../src/kernel/ir.ts";
import { BOOL, I32 } from "../../src/kernel/ir.ts";
import { Sequence } from "./sequence.ts";

export interface WorkgroupReduction {
  /** Workgroup memory: an element for each invocation, by subgroups one more. */
  readonly shared: Buffer;
  /** The number of this invocation. */
  readonly lane: KValue;
  readonly invocations: number;
  /** The result's name. */
  readonly name: string;
}

type ReduceOp = Extract<BinaryOp, "add" | "max" | "min">;

/** Halves the width until one element is left; an odd one in the middle waits for the next round. */
export function reduceInTree(s: Sequence, work: WorkgroupReduction, op: ReduceOp, x: KValue): KValue {
  const { shared, lane, invocations } = work;
  s.store(shared, lane, x);
  const rounds = Math.ceil(Math.log2(invocations));
  const range = { from: s.literal(0), to: s.literal(rounds), step: s.literal(1), name: "round" };
  s.loop(range, [s.literal(invocations, I32, "width")], (round, [width = lane]) => {
    round.barrier();
    const half = round.binary("shr", round.binary("add", width, 1), 1, "half");
    const add = new Sequence();
    const other = add.load(shared, add.binary("add", lane, half));
    add.store(shared, lane, add.binary(op, add.load(shared, lane), other));
    round.when(round.emit({ kind: "binary", op: "lt", x: lane, y: round.binary("sub", width, half) }, BOOL), add);
    return [half];
  });
  return s.workgroupLoad(shared, s.literal(0), work.name);
}

/**
 * Each subgroup reduces its own values, and then all their results: every subgroup does the second step, for nothing
 * says which invocations make up a subgroup. Right for subgroups of any power of two, also larger than the workgroup.
 */
export function reduceBySubgroups(s: Sequence, work: WorkgroupReduction, op: ReduceOp, x: KValue): KValue {
  const { shared, lane, invocations } = work;
  const part = s.emit({ kind: "subgroup_reduce", op, x }, x.type, "part");
  const subgroupLane = s.emit({ kind: "builtin", name: "subgroup_lane" }, I32, "subgroup_lane");
  const size = s.emit({ kind: "builtin", name: "subgroup_size" }, I32, "subgroup_size");
  // A sum counts each part once; a maximum may count it as often as there are invocations.
  const zero = s.literal(0, x.type);
  s.store(shared, lane, op === "add" ? s.select(s.binary("eq", subgroupLane, 0), part, zero) : part);
  s.barrier();
  const range = { from: subgroupLane, to: s.literal(invocations), step: size, name: "other" };
  const [own = part] = s.loop(range, [op === "add" ? zero : part], (body, [sofar = part], other) => [
    body.binary(op, sofar, body.load(shared, other)),
  ]);
  const total = s.emit({ kind: "subgroup_reduce", op, x: own }, x.type, "total");
  const first = new Sequence();
  first.store(shared, first.literal(invocations), total);
  s.when(s.binary("eq", lane, 0), first);
  return s.workgroupLoad(shared, s.literal(invocations), work.name);
}
