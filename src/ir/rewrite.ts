/**
 * Building a new function from an old one. `rewriteFunc` visits each op in program order with its operands already
 * mapped; the visitor emits replacements or lets the op be copied. Copies of ops whose operand types changed get their
 * types inferred anew; ops that nothing touched are kept as they are, values included. Blocks of region ops are
 * rewritten the same way. Nothing is removed here that the visitor does not replace: see `removeDead`.
 */
import { InternalError } from "../support/errors.ts";
import { Builder } from "./builder.ts";
import type { Attrs, Block, Func, FuncArg, Op, Value } from "./ir.ts";
import { value } from "./ir.ts";
import type { OpTable } from "./op-def.ts";
import { padded } from "./op-def.ts";
import { isRegionName, regionArgTypes, regionOperandTypes, regionResultTypes } from "./region-types.ts";
import type { TensorType } from "./type.ts";
import { sameType } from "./type.ts";

/**
 * Called once for each op, outer before inner. `operands` are the op's in the new function; `b` collects the new
 * block and already carries the op's place. Returns one value for each result, or undefined to have the op copied
 * (and, for a region op, its block visited).
 */
export type Visit = (
  op: Op,
  operands: readonly (Value | null)[],
  b: Builder,
  rewriter: Rewriter,
) => readonly Value[] | undefined;

/** The new function: the same arguments and results, ops as `visit` wants them. */
export function rewriteFunc(func: Func, ops: OpTable, visit: Visit): Func {
  return rewriteWithArgs(func, func.args, ops, visit);
}

/** The same for a function whose arguments change: `args` stand for the old ones, in order. */
export function rewriteWithArgs(func: Func, args: readonly FuncArg[], ops: OpTable, visit: Visit): Func {
  const rewriter = new Rewriter(ops, visit);
  const values = args.map((arg) => arg.value);
  func.args.forEach((old, i) => rewriter.map(old.value, values[i] ?? old.value));
  return { ...func, args, body: rewriter.block(func.body, values, new Builder(ops)) };
}

/** Emits the ops of `block` through `b`, with fresh values; `args` stand for its arguments. Returns its yields. */
export function inlineBlock(b: Builder, block: Block, args: readonly Value[]): readonly Value[] {
  const rewriter = new Rewriter(b.table, () => undefined, true);
  return rewriter.inline(b, block, args);
}

export class Rewriter {
  private readonly mapping = new Map<Value, Value>();

  constructor(
    readonly ops: OpTable,
    private readonly visit: Visit,
    /** Whether copies get new values even where nothing changed: needed when one block is copied twice. */
    private readonly fresh = false,
  ) {}

  /** From here on `to` stands for `from`. */
  map(from: Value, to: Value): void {
    this.mapping.set(from, to);
  }

  /** What stands for an old value in the new function; itself where nothing was said. */
  lookup(old: Value): Value {
    return this.mapping.get(old) ?? old;
  }

  lookupAll(olds: readonly (Value | null)[]): readonly (Value | null)[] {
    return olds.map((old) => (old === null ? null : this.lookup(old)));
  }

  /** The rewritten block with these arguments; `b` is empty and collects it. */
  block(block: Block, args: readonly Value[], b: Builder): Block {
    return b.block(args, this.inline(b, block, args));
  }

  /** Rewrites the ops of `block` into `b`; returns the new yields. */
  inline(b: Builder, block: Block, args: readonly Value[]): readonly Value[] {
    block.args.forEach((old, i) => this.map(old, args[i] ?? old));
    for (const op of block.ops) this.op(op, b);
    return block.yields.map((old) => this.lookup(old));
  }

  private op(op: Op, b: Builder): void {
    const outer = b.loc;
    b.loc = op.loc ?? outer;
    const operands = this.lookupAll(op.operands);
    const replaced = this.visit(op, operands, b, this) ?? this.copy(op, operands, b);
    b.loc = outer;
    if (replaced.length !== op.results.length)
      throw new InternalError(`${replaced.length} values replace the ${op.results.length} results of ${op.name}`);
    op.results.forEach((old, i) => this.map(old, replaced[i] ?? old));
  }

  /** The op with other operands, and other attributes where given; types are inferred anew where they may differ. */
  copy(op: Op, operands: readonly (Value | null)[], b: Builder, attrs: Attrs = op.attrs): readonly Value[] {
    if (isRegionName(op.name)) return this.copyRegion(op, operands, b, attrs);
    const isSame = attrs === op.attrs && operands.every((operand, i) => operand === op.operands[i]);
    if (isSame && !this.fresh) return b.push(op).results;
    const isRetyped = attrs !== op.attrs || operands.some((operand, i) => !sameTypes(operand, op.operands[i]));
    const types = isRetyped ? this.inferred(op, operands, attrs) : op.results.map((result) => result.type);
    const results = types.map((type, i) => value(type, op.results[i]?.name));
    return b.push({ ...op, operands, attrs, results }).results;
  }

  private inferred(op: Op, operands: readonly (Value | null)[], attrs: Attrs): readonly TensorType[] {
    if (op.name === "param") return op.results.map((result) => result.type);
    const def = this.ops.get(op.name);
    if (def === undefined) throw new InternalError(`no op named ${op.name}`);
    const types = operands.map((operand) => operand?.type ?? null);
    const inferred = def.infer(padded(def, types), attrs);
    if (typeof inferred === "string") throw new InternalError(`${op.name}: ${inferred}`);
    return inferred;
  }

  private copyRegion(op: Op, operands: readonly (Value | null)[], b: Builder, attrs: Attrs): readonly Value[] {
    const [body] = op.regions;
    const operandTypes = regionOperandTypes({ ...op, operands });
    if (!isRegionName(op.name) || body === undefined || operandTypes === undefined)
      throw new InternalError(`${op.name} is malformed`);
    const argTypes = regionArgTypes(op.name, operandTypes, attrs);
    if (typeof argTypes === "string") throw new InternalError(`${op.name}: ${argTypes}`);
    const args = body.args.map((old, i) => {
      const type = argTypes[i] ?? old.type;
      return !this.fresh && sameType(type, old.type) ? old : value(type, old.name);
    });
    const region = this.block(body, args, b.nested());
    const yields = region.yields.map((yielded) => yielded.type);
    const types = regionResultTypes(op.name, operandTypes, yields, attrs);
    if (typeof types === "string") throw new InternalError(`${op.name}: ${types}`);
    const results = types.map((type, i) => {
      const old = op.results[i];
      return !this.fresh && old !== undefined && sameType(type, old.type) ? old : value(type, old?.name);
    });
    return b.push({ ...op, operands, attrs, results, regions: [region] }).results;
  }
}

function sameTypes(a: Value | null | undefined, b: Value | null | undefined): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return a === b;
  return sameType(a.type, b.type);
}
