/**
 * Tables of queries against keys that are made of positions alone: the buckets of `relative_buckets`, and what is looked
 * up or computed by them, such as the bias of T5. In `extend` the queries stand at `pos[b] + t` and the keys are all that
 * the cache may hold, so `[T, T]` becomes `[B, T, S]`.
 */
import type { Builder } from "../../../src/ir/builder.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import type { Mapped } from "./lift.ts";
import { emitLifted, withRank } from "./lift.ts";
import { CONTEXT, tokenAxis } from "./positions.ts";

export class PositionPairs {
  /** Values of `forward` that are 0, 1, ..., T - 1. */
  private readonly counts = new Set<Value>();
  /** Tables of `forward`; the new ones have an axis of keys S. */
  private readonly tables = new Set<Value>();

  constructor(private readonly ops: OpTable) {}

  /** Notes a value that is 0, 1, ..., T - 1. */
  count(value: Value): void {
    this.counts.add(value);
  }

  /** Whether the op makes such a table, or works on one. */
  concern(op: Op): boolean {
    return this.isStart(op) || op.operands.some((operand) => operand !== null && this.tables.has(operand));
  }

  /** Emits an op that concerns tables; a sentence where it has no form in `extend`. */
  emit(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped | string {
    const made = this.isStart(op) ? emitBuckets(op, operands, b) : this.emitPointwise(op, operands, b);
    if (typeof made !== "string") op.results.forEach((result) => this.tables.add(result));
    return made;
  }

  /** Whether a table is made here: its keys are the positions of the call. */
  private isStart(op: Op): boolean {
    return op.name === "relative_buckets" && this.counts.has(defined(op.operands[1], "keys"));
  }

  /** An op works pair by pair where nothing else of it has positions. */
  private emitPointwise(op: Op, operands: readonly (Mapped | null)[], b: Builder): Mapped | string {
    const isFree = (operand: Value | null): boolean =>
      operand === null || this.tables.has(operand) || tokenAxis(operand.type) === undefined;
    const isKnown = hasTrait(this.ops.get(op.name), "elementwise") || op.name === "take" || op.name === "transpose";
    const made = isKnown && op.operands.every(isFree) ? emitLifted(op, operands, b) : undefined;
    return made === undefined || typeof made === "string"
      ? `\`${op.name}\` sets positions against positions in a way that has no cache`
      : made;
  }
}

function emitBuckets(op: Op, [queries]: readonly (Mapped | null)[], b: Builder): Mapped | string {
  if (!queries?.isLifted) return "`relative_buckets` has keys at positions of this call and queries elsewhere";
  const keys = b.emit("iota", [], { shape: [Dim.symbol(CONTEXT)], axis: 0 });
  return { value: b.emit(op.name, [queries.value, keys], op.attrs, op.results[0]?.name), isLifted: true };
}

/** A bias that broadcasts to [B, H, T, S], or the sentence that says why the cache has none. */
export function continuedBias({ value, isLifted }: Mapped, b: Builder): Value | string {
  const bias = isLifted ? withRank(value, 3, b) : value;
  const along = bias.type.dims.at(-1) ?? Dim.of(1);
  return along.equals(1) || along.equals(Dim.symbol(CONTEXT))
    ? bias
    : "`attention` has a `bias` for the keys of this call, and the keys before it are in a cache";
}
