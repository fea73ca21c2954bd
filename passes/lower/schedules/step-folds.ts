/**
 * Sums and products of a scan's step that are one number to an invocation: computed once in front of the loop over what
 * the invocation keeps, which would else compute each of them for each of its elements.
 */
import type { Block, Op, Value } from "../../../src/ir/ir.ts";
import { definitionsOf } from "../../../src/ir/uses.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { ScanAxes } from "../../tensor/scan-axes.ts";
import { LinearIndex } from "../linear-index.ts";
import { isFold } from "../pull-fold.ts";
import type { Index, Puller } from "../pull.ts";

export class StepFolds {
  private readonly axes: ScanAxes;
  private readonly makers: ReadonlyMap<Value, Op>;

  constructor(
    private readonly block: Block,
    carries: number,
    ops: OpTable,
  ) {
    this.axes = new ScanAxes(block, carries, ops);
    this.makers = definitionsOf(block);
  }

  /** Pulls the folds that `value` is computed from, except through what is `kept` already; lanes are axes of the first state. */
  prepare(value: Value, kept: ReadonlySet<Value>, lanes: readonly number[], lane: Index, puller: Puller): void {
    const needed = this.needed(value, kept);
    for (const op of this.block.ops) {
      const [made] = op.results;
      if (made === undefined || !needed.has(op) || !isFold(op)) continue;
      const index = this.indexOf(made, lanes, lane);
      if (index !== undefined) puller.at(made, index);
    }
  }

  private needed(value: Value, kept: ReadonlySet<Value>): ReadonlySet<Op> {
    const found = new Set<Op>();
    const visit = (at: Value): void => {
      const maker = kept.has(at) ? undefined : this.makers.get(at);
      if (maker === undefined || found.has(maker)) return;
      found.add(maker);
      for (const operand of maker.operands) if (operand !== null) visit(operand);
    };
    visit(value);
    return found;
  }

  /** The one index of a value that an invocation reads; undefined where it may read several, or another's. */
  private indexOf(value: Value, lanes: readonly number[], lane: Index): Index | undefined {
    const [first] = this.block.args;
    if (first === undefined || !this.axes.dependents.has(value)) return undefined;
    const classes = lanes.map((axis) => this.axes.classOf(first, axis));
    const index = value.type.dims.map((dim, axis) =>
      dim.equals(1) ? LinearIndex.of(0) : lane[classes.indexOf(this.axes.classOf(value, axis))],
    );
    return index.every((one) => one !== undefined) ? index : undefined;
  }
}
