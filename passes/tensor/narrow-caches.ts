/**
 * Caches in a narrower type: what attention reads of them is rounded anyhow, so it is rounded when it is written. A state
 * argument is a cache here if `cache_write` makes its next value and nothing else does, in every function that has it.
 */
import type { Func, FuncArg, Module, Op, Value } from "../../src/ir/ir.ts";
import { value, walk } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { rewriteWithArgs } from "../../src/ir/rewrite.ts";
import type { DType } from "../../src/ir/type.ts";
import { CastOnce } from "./cast-once.ts";

export function narrowCaches(module: Module, ops: OpTable, type: DType): Module {
  const caches = new Set(module.funcs.flatMap((func) => func.args.filter(isState).map(({ name }) => name)));
  for (const func of module.funcs)
    for (const arg of func.args) if (isState(arg) && !isCache(arg, func)) caches.delete(arg.name);
  return caches.size === 0
    ? module
    : { ...module, funcs: module.funcs.map((func) => narrowFunc(func, caches, ops, type)) };
}

function isState({ mode, value: { type } }: FuncArg): boolean {
  return mode === "inout" && type.dtype === "f32";
}

/** Whether the argument's next value is the argument itself with some rows written. */
function isCache({ name, value: before }: FuncArg, func: Func): boolean {
  const versions = new Set<Value>([before]);
  let isWritten = false;
  const visit = (op: Op): void => {
    const [cache] = op.operands;
    if (op.name === "cache_write" && cache && versions.has(cache)) {
      isWritten = true;
      for (const made of op.results) versions.add(made);
    }
    const [body] = op.name === "repeat" ? op.regions : [];
    if (body === undefined) return;
    op.operands.forEach((operand, i) => operand && versions.has(operand) && body.args[i] && versions.add(body.args[i]));
    body.ops.forEach(visit);
    op.results.forEach((made, i) => body.yields[i] && versions.has(body.yields[i]) && versions.add(made));
  };
  func.body.ops.forEach(visit);
  const after = func.body.yields[func.results.findIndex(({ into }) => into === name)];
  let isRead = true;
  // Another block than a loop's would see the narrow numbers as they are.
  walk(func.body, (op) => {
    if (op.regions.length > 0 && op.name !== "repeat")
      isRead &&= !op.operands.some((used) => used && versions.has(used));
  });
  return isWritten && isRead && after !== undefined && versions.has(after);
}

function narrowFunc(func: Func, caches: ReadonlySet<string>, ops: OpTable, dtype: DType): Func {
  const args = func.args.map((arg) =>
    isState(arg) && caches.has(arg.name) ? { ...arg, value: value({ ...arg.value.type, dtype }, arg.value.name) } : arg,
  );
  const casts = new CastOnce();
  return rewriteWithArgs(func, args, ops, (op, operands, b, rewriter) => {
    const [cache, fresh] = operands;
    if (op.name === "cache_write" && cache && fresh)
      return cache.type.dtype === fresh.type.dtype ? undefined : rewriter.copy(op, [cache, casts.to(cache.type.dtype, fresh, b), ...operands.slice(2)], b); // prettier-ignore
    if (op.regions.length > 0) return undefined;
    // Whoever read the cache in f32 still does.
    const wide = operands.map((operand, i) => {
      const before = op.operands[i]?.type.dtype;
      return operand && before !== undefined && operand.type.dtype !== before ? casts.to(before, operand, b) : operand;
    });
    return wide.every((operand, i) => operand === operands[i]) ? undefined : rewriter.copy(op, wide, b);
  });
}
