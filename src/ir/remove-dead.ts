/**
 * Dead code elimination: ops that are pure and whose results nobody uses, also inside blocks of region ops, and
 * results and operands of a group that nobody uses. Carried values and ys of loops stay while any result of the loop is used.
 */
import type { Block, Func, Op, Value } from "./ir.ts";
import type { OpTable } from "./op-def.ts";
import { hasTrait } from "./op-def.ts";
import { isRegionName } from "./region-types.ts";

/** The function without its dead ops. Arguments and results stay. */
export function removeDead(func: Func, ops: OpTable): Func {
  return { ...func, body: liveBlock(func.body, ops, new Set()) };
}

/** `live` collects the values that are used, also those of enclosing blocks. */
function liveBlock(block: Block, ops: OpTable, live: Set<Value>): Block {
  for (const yielded of block.yields) live.add(yielded);
  const kept: Op[] = [];
  for (const op of [...block.ops].reverse()) {
    if (isPure(op, ops) && !op.results.some((result) => live.has(result))) continue;
    const trimmed = op.name === "group" ? withoutDeadResults(op, live) : op;
    const regions = trimmed.regions.map((region) => liveBlock(region, ops, live));
    const rebuilt = regions.length === 0 ? trimmed : withoutDeadArgs({ ...trimmed, regions }, live);
    for (const operand of rebuilt.operands) if (operand !== null) live.add(operand);
    kept.push(rebuilt);
  }
  return { ...block, ops: kept.reverse() };
}

function withoutDeadResults(op: Op, live: ReadonlySet<Value>): Op {
  const isLive = op.results.map((result) => live.has(result));
  if (isLive.every(Boolean)) return op;
  return {
    ...op,
    results: op.results.filter((_, i) => isLive[i]),
    regions: op.regions.map((region) => ({ ...region, yields: region.yields.filter((_, i) => isLive[i]) })),
  };
}

/** A group without the operands that its body does not use; loops keep theirs. */
function withoutDeadArgs(op: Op, live: ReadonlySet<Value>): Op {
  const [body] = op.regions;
  if (op.name !== "group" || body === undefined) return op;
  const isLive = body.args.map((arg) => live.has(arg));
  return {
    ...op,
    operands: op.operands.filter((_, i) => isLive[i]),
    regions: [{ ...body, args: body.args.filter((_, i) => isLive[i]) }],
  };
}

function isPure(op: Op, ops: OpTable): boolean {
  if (op.name === "param") return true;
  if (isRegionName(op.name)) return op.regions.every((region) => region.ops.every((inner) => isPure(inner, ops)));
  return hasTrait(ops.get(op.name), "pure");
}
