/**
 * A group as the schedules see it: a body, and the storage buffers ("slots") that its arguments and results lie in.
 * Two arguments that share bytes, and a result that replaces an argument, share one slot, because a device may not
 * bind the same bytes twice when one of the bindings is written.
 */
import type { Attrs, Block } from "../../src/ir/ir.ts";
import type { DType } from "../../src/ir/type.ts";
import type { Dim } from "../../src/support/dim.ts";
import type { Loc } from "../../src/support/source.ts";
import type { BufferKind, WeightLayout } from "../../src/plan/ir.ts";

export interface Slot {
  /** A readable name for the buffer in kernel text; unique among the slots. */
  readonly name: string;
  /** What lies there: the type of its values, or f32 for halves that the target does not store. */
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: Dim;
  readonly access: "read" | "read_write";
  readonly kind: BufferKind;
  /** The order of its elements, where it is not row-major. */
  readonly layout?: WeightLayout;
  /** Every element is a finite number. */
  readonly isFinite?: boolean;
}

/** Where a block argument comes from: a slot, or a scalar that the host passes with the launch. */
export type ArgumentSource = { readonly kind: "slot"; readonly slot: number } | { readonly kind: "launch" };

export interface GroupSpec {
  /** A hint for the kernel's name. */
  readonly name: string;
  readonly block: Block;
  /** `schedule` and its tile sizes, where the schedule pass has put them. */
  readonly attrs: Attrs;
  /** One for each block argument. */
  readonly args: readonly ArgumentSource[];
  readonly slots: readonly Slot[];
  /** The slot of each yield. */
  readonly outputs: readonly number[];
  readonly locs: readonly Loc[];
}
