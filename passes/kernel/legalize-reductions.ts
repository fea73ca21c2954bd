/**
 * Operations over the workgroup, written out: a tree in workgroup memory for reductions, one element of it for
 * broadcasts. In a workgroup of one invocation both are the value itself, and barriers are nothing. The order of the
 * additions is a function of the workgroup's size only.
 */
import { Dim } from "../../src/support/dim.ts";
import type { BinaryOp, Buffer, KType, KValue, Kernel } from "../../src/kernel/ir.ts";
import { BOOL, I32 } from "../../src/kernel/ir.ts";
import { InternalError } from "../../src/support/errors.ts";
import { Sequence, expandLets } from "./sequence.ts";

export function legalizeReductions(kernel: Kernel): Kernel {
  const invocations = kernel.workgroup.reduce((all, size) => all * size, 1);
  const locals = new Map<string, Buffer>();
  /** One array per type; every use ends with a barrier, so that the next may follow at once. */
  const scratch = (type: KType): Buffer => {
    if (type.scalar === "bool" || type.scalar === "f16")
      throw new InternalError(`kernel ${kernel.name}: ${type.scalar} does not lie in workgroup memory`);
    const key = `${type.scalar}x${type.lanes}`;
    const taken = [...kernel.buffers, ...kernel.locals].map(({ name }) => name);
    let name = type.lanes === 1 ? `shared_${type.scalar}` : `shared_${key}`;
    while (taken.includes(name)) name = `${name}_again`;
    const made: Buffer = locals.get(key) ?? {
      name, space: "workgroup", access: "read_write", element: type.scalar, lanes: type.lanes, length: Dim.of(invocations),
    }; // prettier-ignore
    locals.set(key, made);
    return made;
  };
  const legal = expandLets(
    kernel,
    (expression, result, sequence) => {
      if (expression.kind !== "workgroup_reduce" && expression.kind !== "workgroup_broadcast") return undefined;
      if (invocations === 1) return expression.x;
      const shared = scratch(result.type);
      const lane = linearLane(sequence, kernel.workgroup);
      return expression.kind === "workgroup_reduce"
        ? reduce(sequence, shared, lane, expression.op, expression.x, invocations)
        : broadcast(sequence, shared, lane, expression.x, expression.lane);
    },
    (statement) => statement.kind !== "barrier" || invocations > 1,
  );
  return { ...legal, locals: [...legal.locals, ...locals.values()] };
}

/** The number of an invocation: along x, then y, then z. */
function linearLane(s: Sequence, workgroup: Kernel["workgroup"]): KValue {
  const axes = (["local_x", "local_y", "local_z"] as const).map((name) => s.emit({ kind: "builtin", name }, I32, name));
  let lane: KValue | undefined;
  let stride = 1;
  axes.forEach((axis, i) => {
    if ((workgroup[i] ?? 1) > 1) {
      const term = stride === 1 ? axis : s.binary("mul", axis, stride);
      lane = lane === undefined ? term : s.binary("add", lane, term);
    }
    stride *= workgroup[i] ?? 1;
  });
  return lane ?? s.literal(0);
}

/** Halves the width until one is left; an odd element in the middle waits for the next round. */
function reduce(s: Sequence, shared: Buffer, lane: KValue, op: BinaryOp, x: KValue, invocations: number): KValue {
  s.store(shared, lane, x);
  s.barrier();
  for (let width = invocations; width > 1; width = Math.ceil(width / 2)) {
    const half = Math.ceil(width / 2);
    const then = new Sequence();
    const other = then.load(shared, then.binary("add", lane, half));
    then.store(shared, lane, then.binary(op, then.load(shared, lane), other));
    s.when(s.emit({ kind: "binary", op: "lt", x: lane, y: s.literal(width - half) }, BOOL), then);
    s.barrier();
  }
  const total = s.load(shared, s.literal(0));
  s.barrier();
  return total;
}

function broadcast(s: Sequence, shared: Buffer, lane: KValue, x: KValue, from: number): KValue {
  const then = new Sequence();
  then.store(shared, then.literal(0), x);
  s.when(s.binary("eq", lane, from), then);
  s.barrier();
  const value = s.load(shared, s.literal(0));
  s.barrier();
  return value;
}
