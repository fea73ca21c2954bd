/**
 * A schedule: how the kernel of one kind of group works. It writes the body through the emission and answers with the
 * sizes of a workgroup and of the grid. Its arithmetic is a function of shapes and tile sizes only.
 */
import type { Block, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import type { KernelBuilder } from "../../../src/kernel/builder.ts";
import type { Extent, KValue } from "../../../src/kernel/ir.ts";
import type { TargetInfo } from "../../../src/kernel/target-info.ts";
import { Dim } from "../../../src/support/dim.ts";
import type { Emitter } from "../emitter.ts";
import type { GroupMemory } from "../group-memory.ts";
import type { GroupSpec } from "../group-spec.ts";
import { LinearIndex } from "../linear-index.ts";
import type { Puller } from "../pull.ts";

export interface Emission {
  readonly spec: GroupSpec;
  readonly body: Block;
  readonly ops: OpTable;
  readonly info: TargetInfo;
  /** The largest values of the symbols. */
  readonly capacities: Readonly<Record<string, number>>;
  readonly builder: KernelBuilder;
  readonly emitter: Emitter;
  readonly memory: GroupMemory;
  readonly puller: Puller;
}

/**
 * Whether all invocations have the same of an operand that they read at one index: it is computed of what no kernel in
 * flight may write. A loop with barriers may be bounded by nothing else.
 */
export function isUniform(emission: Emission, value: Value | null | undefined): boolean {
  if (value === null || value === undefined) return true;
  const { body, puller, spec } = emission;
  const producer = puller.producer(value);
  if (producer !== undefined) return producer.operands.every((operand) => isUniform(emission, operand));
  const source = spec.args[body.args.indexOf(value)];
  return source?.kind === "launch" || (source?.kind === "slot" && spec.slots[source.slot]?.access === "read");
}

export interface LaunchShape {
  readonly workgroup: readonly [number, number, number];
  readonly grid: readonly [Extent, Extent, Extent];
}

export type Schedule = (emission: Emission) => LaunchShape;

/** One workgroup along a dimension. */
export const ONE: Extent = [];

/** `ceil(size / per)` workgroups along a dimension. */
export function along(size: Dim | number, per = 1): Extent {
  return [{ size: Dim.of(size), per }];
}

export interface Work {
  /** The number of this piece of work, for use where it is inside. */
  readonly index: LinearIndex;
  /** The same, also where there is no such piece. */
  readonly number: KValue;
  /** Whether there is such a piece; absent where that is certain. */
  readonly isInside?: KValue;
  readonly x: Extent;
  readonly y: Extent;
}

/**
 * Deals `count` pieces of work to workgroups of `size` invocations along x: one piece an invocation, or one a
 * workgroup where `each` is "workgroup". More workgroups than one dimension holds go on along y.
 */
export function deal(emission: Emission, count: Dim, size: number, each: "invocation" | "workgroup"): Work {
  const { builder, emitter, info, capacities } = emission;
  const per = each === "invocation" ? size : 1;
  const most = Math.ceil(count.evaluate(capacities) / per);
  const limit = info.limits.maxWorkgroupsPerDimension;
  const number = each === "invocation" ? invocationAlong(emission, "x", size) : builder.builtin("workgroup_x");
  if (most <= limit) {
    const isExact = each === "workgroup" || count.div(per) !== undefined;
    return {
      index: emitter.leaf(number, count),
      number,
      ...(isExact ? {} : { isInside: builder.lt(number, builder.dim(count)) }),
      x: along(count, per),
      y: ONE,
    };
  }
  // A power of two keeps the last, partly idle stretch of workgroups short.
  const width = 2 ** Math.floor(Math.log2(Math.min(limit, Math.ceil(Math.sqrt(most)) * 2)));
  const wide = builder.add(number, builder.mul(builder.builtin("workgroup_y"), width * per));
  return {
    index: emitter.leaf(wide, count),
    number: wide,
    isInside: builder.lt(wide, builder.dim(count)),
    x: along(width),
    y: along(count, per * width),
  };
}

/** The number of this invocation along a dimension, in workgroups of `size`. */
export function invocationAlong({ builder }: Emission, axis: "x" | "y", size: number): KValue {
  const workgroup = builder.mul(builder.builtin(`workgroup_${axis}`), size);
  return size === 1 ? workgroup : builder.add(workgroup, builder.builtin(`local_${axis}`));
}

/** Runs `make` under the condition, or without one where there is none. */
export function guarded(emitter: Emitter, condition: KValue | undefined, make: () => void): void {
  if (condition === undefined) make();
  else emitter.when(condition, make);
}
