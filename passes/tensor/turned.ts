/**
 * A transposition that an elementwise kernel does on the way: neighbours in what it writes are far apart in what it reads.
 * For the schedule `transpose`, which it is worth, and for its lowering.
 */
import type { Block, Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { definitionsOf } from "../../src/ir/uses.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { sameDims } from "../../src/support/dim.ts";
import { numbersAttr } from "./attrs.ts";

export interface Turned {
  /** What the transposition gives; the results are points of it, of the same dims. */
  readonly value: Value;
  /** The axis of it whose elements lie side by side in the argument that it is read from; not the last one. */
  readonly axis: number;
}

/** The transposition of an elementwise body, if it has just one that the results depend on element by element. */
export function turnedIn(body: Block, ops: OpTable): Turned | undefined {
  const makers = definitionsOf(body);
  const found = body.ops.flatMap((op): readonly Turned[] => {
    const axes = op.name === "transpose" ? sourceAxes(result(op), makers) : undefined;
    const value = result(op);
    const axis = axes?.indexOf(axes.length - 1) ?? -1;
    const isTurned = axis >= 0 && axis < value.type.dims.length - 1;
    return isTurned && isWholeBehind(value, body, ops) ? [{ value, axis }] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** For each axis of a value that is an argument seen through transpositions and casts, which of the argument's it is. */
function sourceAxes(value: Value, makers: ReadonlyMap<Value, Op>): readonly number[] | undefined {
  const op = makers.get(value);
  if (op === undefined) return value.type.dims.map((_, axis) => axis);
  const source = op.operands[0];
  if (!source || (op.name !== "transpose" && op.name !== "cast")) return undefined;
  const axes = sourceAxes(source, makers);
  if (op.name === "cast" || axes === undefined) return axes;
  return numbersAttr(op, "perm").map((from) => axes[from] ?? from);
}

/** Whether all that depends on the value is computed from its element at the same index, and all results are. */
function isWholeBehind(value: Value, body: Block, ops: OpTable): boolean {
  const behind = new Set([value]);
  for (const op of body.ops) {
    if (!op.operands.some((operand) => operand !== null && behind.has(operand))) continue;
    if (!hasTrait(ops.get(op.name), "elementwise")) return false;
    for (const made of op.results) {
      if (!sameDims(made.type.dims, value.type.dims)) return false;
      behind.add(made);
    }
  }
  return body.yields.every((made) => behind.has(made));
}
