/**
 * Which axes of what a scan's step computes go together: element [.., l, ..] of one value needs of another only elements
 * with the same l along that axis. Axes that go together are one class; a class that some op sums, shifts, splits or
 * looks up along is mixed. Only what depends on the state counts: everything else may be read from anywhere.
 */
import type { Block, Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import type { Dims } from "../../src/ir/type.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { axisAttr, numberAttr, numbersAttr, operandType } from "./attrs.ts";

/** Where an axis of an operand is in the result: an axis of it, nowhere (size 1, repeated or dropped), or spread over it. */
type Flow = number | "one" | "mixed";

export class ScanAxes {
  readonly dependents: ReadonlySet<Value>;
  private readonly numbers = new Map<Value, number>();
  private readonly parents: number[] = [];
  private readonly mixers = new Map<number, Op>();

  constructor(
    body: Block,
    carries: number,
    private readonly table: OpTable,
  ) {
    this.dependents = dependentValues(body, carries);
    for (const value of this.dependents) {
      this.numbers.set(value, this.parents.length);
      for (const _ of value.type.dims) this.parents.push(this.parents.length);
    }
    for (const op of body.ops) op.operands.forEach((_, which) => this.follow(op, which));
    // A state is what it was after the step before.
    body.yields.slice(0, carries).forEach((next, i) => {
      const state = defined(body.args[i], "a state");
      if (this.dependents.has(next)) next.type.dims.forEach((_, axis) => this.unite([next, axis], [state, axis]));
    });
  }

  /** The class of an axis of a dependent value. */
  classOf(value: Value, axis: number): number {
    return this.root(defined(this.numbers.get(value), `${value.name} depends on the state`) + axis);
  }

  /** The op that mixes the class of this axis. */
  mixerOf(value: Value, axis: number): Op | undefined {
    return this.mixers.get(this.classOf(value, axis));
  }

  private follow(op: Op, which: number): void {
    const operand = op.operands[which] ?? null;
    const made = op.results[0];
    if (operand === null || made === undefined || !this.dependents.has(operand)) return;
    flowOf(op, which, this.table).forEach((to, axis) => {
      if (to === "mixed") this.mix(this.classOf(operand, axis), op);
      else if (to !== "one") this.unite([operand, axis], [made, to]);
    });
  }

  private mix(of: number, by: Op): void {
    if (!this.mixers.has(of)) this.mixers.set(of, by);
  }

  private unite(a: readonly [Value, number], b: readonly [Value, number]): void {
    const [from, to] = [this.classOf(...a), this.classOf(...b)];
    if (from === to) return;
    this.parents[from] = to;
    const mixer = this.mixers.get(from);
    if (mixer !== undefined) this.mix(to, mixer);
  }

  private root(node: number): number {
    let at = node;
    for (let up = this.parents[at]; up !== undefined && up !== at; up = this.parents[at]) at = up;
    return at;
  }
}

/** Whether a kernel can compute an element of what the op makes wherever it needs one. */
export function fitsStep(op: Op, table: OpTable): boolean {
  const def = table.get(op.name);
  if (op.name === "constant" || op.name === "iota") return true;
  return (["elementwise", "move", "gather", "reduce", "row", "contract"] as const).some((trait) =>
    hasTrait(def, trait),
  );
}

/** The values of the body that are computed from the carried ones. */
export function dependentValues(body: Block, carries: number): ReadonlySet<Value> {
  const found = new Set<Value>(body.args.slice(0, carries));
  for (const op of body.ops)
    if (op.operands.some((operand) => operand !== null && found.has(operand)))
      for (const made of op.results) found.add(made);
  return found;
}

/** For each axis of an operand, where it is in the result. */
function flowOf(op: Op, which: number, table: OpTable): readonly Flow[] {
  const from = operandType(op, which).dims;
  const to = defined(op.results[0], `${op.name} has a result`).type.dims;
  const def = table.get(op.name);
  if (hasTrait(def, "elementwise")) return from.map((_, axis) => aligned(from, to, axis));
  if (op.name === "segment_sum") return flowOfSegments(op, which, from);
  if (hasTrait(def, "reduce") || hasTrait(def, "row")) {
    const folded = axisAttr(op, from.length);
    const isDropped = to.length < from.length;
    return from.map((_, axis) => (axis === folded ? "mixed" : isDropped && axis > folded ? axis - 1 : axis));
  }
  switch (op.name) {
    case "broadcast":
      return from.map((_, axis) => aligned(from, to, axis));
    case "reshape":
      return from.map((dim, axis) => flowOfReshape(from, to, dim, axis));
    case "transpose": {
      const perm = numbersAttr(op, "perm");
      return from.map((_, axis) => perm.indexOf(axis));
    }
    case "slice":
    case "pad":
    case "concat": {
      const along = axisAttr(op, from.length);
      return from.map((_, axis) => (axis === along ? "mixed" : axis));
    }
    case "take":
      return flowOfTake(op, which, from);
    case "matmul":
      return flowOfProduct(op, which, from, to);
    default:
      return from.map(() => "mixed");
  }
}

/** As NumPy aligns axes: from the back. */
function aligned(from: Dims, to: Dims, axis: number): Flow {
  const at = axis + to.length - from.length;
  return to[at]?.equals(defined(from[axis], "an axis")) === true ? at : "one";
}

/** An axis stays where one of its size has as many elements in front. */
function flowOfReshape(from: Dims, to: Dims, dim: Dim, axis: number): Flow {
  const before = Dim.product(from.slice(0, axis));
  const at = to.findIndex((other, i) => other.equals(dim) && Dim.product(to.slice(0, i)).equals(before));
  return at >= 0 ? at : dim.equals(1) ? "one" : "mixed";
}

/** `out[b..., o..., i..., n...] = x[b..., o..., index[b..., i...], n...]`. */
function flowOfTake(op: Op, which: number, from: Dims): readonly Flow[] {
  const batch = numberAttr(op, "batch");
  const indexed = axisAttr(op, operandType(op, 0).dims.length);
  if (which === 1) return from.map((_, axis) => (axis < batch ? axis : indexed + axis - batch));
  const more = operandType(op, 1).dims.length - batch - 1;
  return from.map((_, axis) => (axis === indexed ? "mixed" : axis < indexed ? axis : axis + more));
}

/** Rows of x are summed by segments; order and starts say which. */
function flowOfSegments(op: Op, which: number, from: Dims): readonly Flow[] {
  const summed = axisAttr(op, operandType(op, 0).dims.length);
  const batch = numberAttr(op, "batch");
  return from.map((_, axis) => ((which === 0 ? axis !== summed : axis < batch) ? axis : "mixed"));
}

function flowOfProduct(op: Op, which: number, from: Dims, to: Dims): readonly Flow[] {
  const isTurned = op.attrs[which === 0 ? "transpose_a" : "transpose_b"] === true;
  const summed = from.length - ((which === 0) === isTurned ? 2 : 1);
  const own = to.length - (which === 0 ? 2 : 1);
  return from.map((_, axis) => {
    if (axis < from.length - 2) return aligned(from, to, axis);
    return axis === summed ? "mixed" : own;
  });
}
