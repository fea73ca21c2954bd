/**
 * Operations over the workgroup, written out for what the target has. A reduction is a tree in workgroup memory, or one
 * over each subgroup and then over their results; a broadcast is one element of workgroup memory. In a workgroup of one
 * invocation both are the value itself, and barriers are nothing. The results are read by `workgroup_load`: uniform, and
 * with a barrier after it, so that the same memory serves the next.
 */
import { Dim } from "../../src/support/dim.ts";
import type { Buffer, KType, KValue, Kernel } from "../../src/kernel/ir.ts";
import { I32 } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { InternalError } from "../../src/support/errors.ts";
import { reduceBySubgroups, reduceInTree } from "./reduce-workgroup.ts";
import { Sequence, expandLets } from "./sequence.ts";

export function legalizeReductions(kernel: Kernel, info: TargetInfo): Kernel {
  const invocations = invocationsOf(kernel);
  // Subgroups of 4 to 128 tile a workgroup without a rest only where its size is a power of two.
  const isWhole = Number.isInteger(Math.log2(invocations)) && invocations >= (info.wholeSubgroups ?? 1);
  const usesSubgroups = info.hasSubgroups && isWhole;
  const top = new Sequence();
  let lane: KValue | undefined;
  const locals = new Map<string, Buffer>();
  const scratch = (type: KType): Buffer => {
    const key = `${type.scalar}x${type.lanes}`;
    const made = locals.get(key) ?? scratchOf(kernel, type, invocations + (usesSubgroups ? 1 : 0));
    locals.set(key, made);
    return made;
  };
  let reduces = false;
  const legal = expandLets(
    kernel,
    (expression, result, sequence) => {
      if (expression.kind !== "workgroup_reduce" && expression.kind !== "workgroup_broadcast") return undefined;
      if (invocations === 1) return expression.x;
      lane ??= linearLane(top, kernel.workgroup);
      const work = { shared: scratch(result.type), lane, invocations, name: result.name };
      if (expression.kind === "workgroup_broadcast") {
        const body = new Sequence();
        body.store(work.shared, body.literal(0), expression.x);
        sequence.when(sequence.binary("eq", lane, expression.lane), body);
        return sequence.workgroupLoad(work.shared, sequence.literal(0), result.name);
      }
      reduces = true;
      const reduce = usesSubgroups ? reduceBySubgroups : reduceInTree;
      return reduce(sequence, work, expression.op, expression.x);
    },
    (statement) => statement.kind !== "barrier" || invocations > 1,
  );
  const requires = usesSubgroups && reduces ? [...new Set([...kernel.requires, "subgroups"])] : kernel.requires;
  return {
    ...legal,
    requires,
    locals: [...legal.locals, ...locals.values()],
    body: [...top.statements, ...legal.body],
  };
}

export function invocationsOf({ workgroup }: Kernel): number {
  return workgroup[0] * workgroup[1] * workgroup[2];
}

/** One array per type; every use ends with a barrier, so that the next may follow at once. */
function scratchOf(kernel: Kernel, type: KType, length: number): Buffer {
  if (type.scalar === "bool" || type.scalar === "f16")
    throw new InternalError(`kernel ${kernel.name}: ${type.scalar} does not lie in workgroup memory`);
  const taken = [...kernel.buffers, ...kernel.locals].map(({ name }) => name);
  let name = type.lanes === 1 ? `shared_${type.scalar}` : `shared_${type.scalar}x${type.lanes}`;
  while (taken.includes(name)) name = `${name}_again`;
  return {
    name,
    space: "workgroup",
    access: "read_write",
    element: type.scalar,
    lanes: type.lanes,
    length: Dim.of(length),
  };
}

/** The number of an invocation: along x, then y, then z. */
function linearLane(s: Sequence, workgroup: Kernel["workgroup"]): KValue {
  let lane: KValue | undefined;
  let stride = 1;
  (["local_x", "local_y", "local_z"] as const).forEach((name, i) => {
    const size = workgroup[i] ?? 1;
    if (size > 1) {
      const axis = s.emit({ kind: "builtin", name }, I32, name);
      const term = stride === 1 ? axis : s.binary("mul", axis, stride);
      lane = lane === undefined ? term : s.binary("add", lane, term, "lane");
    }
    stride *= size;
  });
  return lane ?? s.literal(0);
}
