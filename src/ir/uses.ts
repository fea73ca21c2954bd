/** Who uses which value: questions that passes ask about a block. Blocks of region ops count as part of it. */
import type { Block, Func, Op, Value } from "./ir.ts";
import { walk } from "./ir.ts";

/** One use of a value: an operand of `op`, or what a block of `op` (undefined: the asked block itself) yields. */
export interface Use {
  readonly op: Op | undefined;
  readonly kind: "operand" | "yield";
  readonly index: number;
}

/** The uses of each value inside the block, in program order; values without uses are not in the map. */
export function usesOf(block: Block): ReadonlyMap<Value, readonly Use[]> {
  const uses = new Map<Value, Use[]>();
  const add = (value: Value | null, use: Use): void => {
    if (value === null) return;
    const known = uses.get(value);
    if (known === undefined) uses.set(value, [use]);
    else known.push(use);
  };
  walk(block, (op) => {
    op.operands.forEach((value, index) => add(value, { op, kind: "operand", index }));
    for (const region of op.regions) region.yields.forEach((value, index) => add(value, { op, kind: "yield", index }));
  });
  block.yields.forEach((value, index) => add(value, { op: undefined, kind: "yield", index }));
  return uses;
}

/** The op that makes each value; arguments of blocks are not in the map. */
export function definitionsOf(block: Block): ReadonlyMap<Value, Op> {
  const definitions = new Map<Value, Op>();
  walk(block, (op) => {
    for (const made of op.results) definitions.set(made, op);
  });
  return definitions;
}

/** The values a block uses and does not define, in order of first use. */
export function freeValues(block: Block): readonly Value[] {
  const bound = new Set<Value>(block.args);
  walk(block, (op) => {
    for (const made of op.results) bound.add(made);
    for (const region of op.regions) for (const arg of region.args) bound.add(arg);
  });
  return [...usesOf(block).keys()].filter((value) => !bound.has(value));
}

/** The symbols in the types of a function's arguments: what a call must give sizes for. */
export function symbolsOf(func: Func): ReadonlySet<string> {
  return new Set(func.args.flatMap((arg) => arg.value.type.dims.flatMap((dim) => [...dim.symbols()])));
}
