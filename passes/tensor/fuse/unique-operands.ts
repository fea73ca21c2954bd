/** A group that gets the same value more than once gets it once: each operand is a binding. */
import type { Func, Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { Rewriter, rewriteFunc } from "../../../src/ir/rewrite.ts";
import { Builder } from "../../../src/ir/builder.ts";

export function uniqueOperands(func: Func, ops: OpTable): Func {
  return rewriteFunc(func, ops, (op, operands, b) => {
    if (op.name !== "group" || new Set(operands).size === operands.length) return undefined;
    return b.push(withUnique({ ...op, operands }, ops)).results;
  });
}

function withUnique(group: Op, ops: OpTable): Op {
  const [body] = group.regions;
  if (body === undefined) return group;
  const argOf = new Map<Value | null, Value>();
  const args = body.args.map((arg, i): Value => {
    const operand = group.operands[i] ?? null;
    const first = argOf.get(operand) ?? arg;
    argOf.set(operand, first);
    return first;
  });
  const b = new Builder(ops);
  const yields = new Rewriter(ops, () => undefined).inline(b, body, args);
  return { ...group, operands: [...argOf.keys()], regions: [b.block([...argOf.values()], yields)] };
}
