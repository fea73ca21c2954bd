/**
 * The tensor IR: what is computed. Immutable; a pass builds a new function. Values are compared by identity, their
 * names are hints for people. Region ops (`repeat`, `scan`, `group`) and `param` are known here; all other ops are
 * records in `src/ops`, and this folder knows none of them.
 *
 * - `param {path}`: a weight. Inside a `repeat` the path names a family: `model.layers.{i}.mlp.up_proj.weight`,
 *   N separate tensors. The braces hold `i`, or `a*i+b`, of an enclosing repeat.
 * - `repeat {index, count, carries}`: operands are the `carries` initial values, then `xs`, each a family of `count`
 *   tensors. The block's arguments are the carried values, then one member of each xs; it yields the next carried
 *   values, then one member of each ys. Results: the last carried values, then ys as families. The body may use
 *   values from outside.
 * - `scan {axis, carries}`: the same over the positions of axis `axis` of the xs (removed in the body); ys are
 *   stacked along that axis.
 * - `group {name, ...decisions}`: isolated from above: the block's arguments stand for the operands, one each. It
 *   means its body; it becomes one kernel.
 */
import type { Loc } from "../support/source.ts";
import type { Dim } from "../support/dim.ts";
import type { DType, TensorType } from "./type.ts";

/** A compile-time tensor: row-major, integers and booleans (0, 1) exact. `dims` are numbers. */
export interface Literal {
  readonly kind: "literal";
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: readonly number[] | Float64Array;
}

/** An attribute. Integers, floats and booleans as they are; words (`causal`) as strings; sizes as `Dim`. */
export type Attr = number | boolean | string | Dim | Literal | readonly Attr[];
export type Attrs = Readonly<Record<string, Attr>>;

export interface Value {
  readonly type: TensorType;
  /** A hint for the printer, from the source where there is one; not unique, may be "". */
  readonly name: string;
}

/** One operation. `null` operands are optional ones that are absent (printed `_`, trailing ones not at all). */
export interface Op {
  readonly name: string;
  readonly operands: readonly (Value | null)[];
  readonly attrs: Attrs;
  readonly results: readonly Value[];
  readonly regions: readonly Block[];
  readonly loc?: Loc;
}

export interface Block {
  readonly args: readonly Value[];
  readonly ops: readonly Op[];
  readonly yields: readonly Value[];
}

/** `inout` arguments are state: a result with `into` = the argument's name is its next value. */
export interface FuncArg {
  readonly name: string;
  readonly mode: "in" | "inout";
  readonly value: Value;
}

export interface FuncResult {
  readonly name: string;
  readonly into?: string;
}

/** `body.args` are the arguments' values, `body.yields` the results', in order. */
export interface Func {
  readonly name: string;
  readonly args: readonly FuncArg[];
  readonly results: readonly FuncResult[];
  readonly body: Block;
  /** Where its signature stands, if it was written in a source. */
  readonly loc?: Loc;
}

export interface Module {
  readonly name: string;
  readonly funcs: readonly Func[];
}

export function value(type: TensorType, name = ""): Value {
  return { type, name };
}

/** The only result of an op that has one. */
export function result(op: Op, index = 0): Value {
  const found = op.results[index];
  if (found === undefined) throw new RangeError(`${op.name} has no result ${index}`);
  return found;
}

/** Visits each op of the block and of its regions, outer before inner, in program order. */
export function walk(block: Block, visit: (op: Op, parents: readonly Op[]) => void, parents: readonly Op[] = []): void {
  for (const op of block.ops) {
    visit(op, parents);
    for (const region of op.regions) walk(region, visit, [...parents, op]);
  }
}

export function funcNamed(module: Module, name: string): Func | undefined {
  return module.funcs.find((func) => func.name === name);
}
