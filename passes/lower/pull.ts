/**
 * The pull engine: the value of a tensor of a group's body at one index, as a value of the kernel. It walks from the
 * element asked for to the arguments it depends on: elementwise ops become scalar operations, ops that move elements
 * become index arithmetic, arguments become loads. An index with a lane asks for four neighbours at once.
 *
 * A schedule seeds what it has computed its own way (a row's sum, a product); a reduction or product that nobody has
 * seeded is folded on the spot by a loop, which is right everywhere and fast nowhere.
 */
import type { Block, Op, Value } from "../../src/ir/ir.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import type { Dims } from "../../src/ir/type.ts";
import type { KValue } from "../../src/kernel/ir.ts";
import type { WeightLayout } from "../../src/plan/ir.ts";
import type { Dim } from "../../src/support/dim.ts";
import { InternalError, defined } from "../../src/support/errors.ts";
import type { Emitter } from "./emitter.ts";
import type { GroupMemory } from "./group-memory.ts";
import { kernelScalars } from "./kernel-scalars.ts";
import { placeIn } from "./flat-index.ts";
import { LANES, LinearIndex } from "./linear-index.ts";
import { isFold, pullFold } from "./pull-fold.ts";
import { isMove, pullMove } from "./pull-move.ts";

export type Index = readonly LinearIndex[];

export class Puller {
  private readonly producers = new Map<Value, Op>();
  private readonly numbers = new Map<Value, number>();
  private readonly leaves = new Map<KValue, LinearIndex>();
  private readonly definitions = new Map<Value, (index: Index) => KValue>();

  constructor(
    readonly emitter: Emitter,
    readonly body: Block,
    private readonly ops: OpTable,
    private readonly memory: GroupMemory,
  ) {
    const inner = body.ops.flatMap((op) => op.regions);
    for (const op of [body, ...inner].flatMap((block) => block.ops))
      for (const result of op.results) this.producers.set(result, op);
    const args = [body, ...inner].flatMap((block) => block.args);
    for (const value of [...args, ...this.producers.keys()]) this.numbers.set(value, this.numbers.size);
  }

  /** The element of `value` at `index`: a scalar, or a vector of four where the index has a lane that matters. */
  at(value: Value, index: Index): KValue {
    const key = this.key(value, index);
    const known = this.emitter.find(key);
    if (known !== undefined) return known;
    const made = this.compute(value, index);
    this.emitter.rememberHere(key, made);
    return made;
  }

  /** Says what an element is, for as long as the scope that is being built lasts. */
  seed(value: Value, index: Index, element: KValue): void {
    this.emitter.rememberHere(this.key(value, index), element);
  }

  /** From here on the elements of a value are what `element` says, until it is forgotten. */
  define(value: Value, element: (index: Index) => KValue): void {
    this.definitions.set(value, element);
  }
  forget(value: Value): void {
    this.definitions.delete(value);
  }

  /** The op that makes a value of the body, unless it is an argument. */
  producer(value: Value): Op | undefined {
    return this.producers.get(value);
  }

  /** The order of the elements of an argument of the body, where it is not row-major. */
  layoutOf(value: Value): WeightLayout | undefined {
    const argument = this.body.args.indexOf(value);
    return argument < 0 ? undefined : this.memory.layoutOf(argument);
  }

  /** A value of the kernel as an index; the same value gives the same index. */
  leafOf(value: KValue, extent: Dim): LinearIndex {
    const known = this.leaves.get(value);
    if (known !== undefined) return known;
    const made = this.emitter.leaf(value, extent);
    this.leaves.set(value, made);
    return made;
  }

  /** `min(max(index, 0), size - 1)`, for reads that a predicate makes harmless. A lane stays a lane where index and
   * size are multiples of four; otherwise the index must have none. */
  clamped(index: LinearIndex, size: Dim): LinearIndex {
    if (index.isBelow(size)) return index;
    const { emitter } = this;
    if (!index.hasLane()) {
      const last = emitter.index(LinearIndex.of(size.sub(1)));
      const low = emitter.binary("max", emitter.index(index), emitter.i32(0));
      return this.leafOf(emitter.binary("min", low, last), size);
    }
    const vectors = defined(size.div(LANES), "a vector access to an axis that is no multiple of four");
    const vector = defined(index.atLane(0).dividedBy(LANES), "a vector access that is not aligned");
    return this.clamped(vector, vectors)
      .scale(LANES)
      .add(LinearIndex.atom({ kind: "lane" }));
  }

  /** Four elements one by one, where an index along the vector is not one step in memory. */
  byLanes(index: Index, element: (index: Index) => KValue): KValue {
    return this.emitter.vector(
      Array.from({ length: LANES }, (_, lane) => element(index.map((axis) => axis.atLane(lane)))),
    );
  }

  private compute(value: Value, index: Index): KValue {
    const element = this.definitions.get(value);
    if (element !== undefined) return element(index);
    const op = this.producers.get(value);
    if (op === undefined) {
      const argument = this.body.args.indexOf(value);
      if (argument < 0) throw new InternalError(`the group uses a value from outside: ${value.name}`);
      return this.memory.load(argument, placeIn(index, value.type.dims, this.memory.layoutOf(argument)));
    }
    const def = this.ops.get(op.name);
    if (def?.scalar !== undefined) {
      const operands = op.operands.map((operand) => defined(operand, `${op.name} without an operand`));
      const args = operands.map((operand) => this.at(operand, alignRight(index, operand.type.dims)));
      const typed = operands.find((operand) => operand.type.dtype !== "bool") ?? defined(operands[0], "no operand");
      return def.scalar(kernelScalars(this.emitter), args, op.attrs, typed.type.dtype);
    }
    if (isMove(op)) return pullMove(this, op, index);
    if (isFold(op)) return pullFold(this, op, index);
    const why = hasTrait(def, "composite") ? "it must be decomposed first" : "only its own schedule can compute it";
    throw new InternalError(`\`${op.name}\` inside a group: ${why}`);
  }

  private key(value: Value, index: Index): string {
    return `${defined(this.numbers.get(value), "a value of another body")} @ ${index.map((axis) => axis.key).join(" , ")}`;
  }
}

/** The index into an operand that NumPy broadcasting stretches to the result's dims. */
export function alignRight(index: Index, dims: Dims): Index {
  const skip = index.length - dims.length;
  return dims.map((dim, axis) =>
    dim.equals(1) ? LinearIndex.of(0) : defined(index[skip + axis], "an operand has more axes than the result"),
  );
}
