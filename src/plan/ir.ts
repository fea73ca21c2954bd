/**
 * The plan: what runs when, and where bytes live. Straight-line: layers are expanded, kernels shared. One plan per
 * entry point and size bucket. Sizes of buffers are numbers (from the declared capacities); grids and copies may
 * depend on the actual `B`, `T` of a call.
 */
import type { Extent, Kernel } from "../kernel/ir.ts";
import type { ParamRows } from "../ir/param-rows.ts";
import type { DType } from "../ir/type.ts";

/**
 * Where a buffer's bytes come from and how long they live.
 * `weight`: from the checkpoint. `constant`: computed or copied at load. `state`: lives between calls (the KV cache,
 * the session). `input`, `output`: one call, reached by the host. `temporary`: one value inside a call, before
 * memory-plan. `arena`: one block of memory, shared by all temporaries at offsets, after it.
 */
export type BufferKind = "weight" | "constant" | "state" | "input" | "output" | "temporary" | "arena";

export interface PlanBuffer {
  readonly name: string;
  readonly kind: BufferKind;
  readonly bytes: number;
  /** weight: the parameter's path and how it is stored. */
  readonly path?: string;
  readonly dtype?: DType;
  readonly dims?: readonly (number | string)[];
  /** weight: the order of its elements, where it is not row-major. */
  readonly layout?: WeightLayout;
  /** weight: which rows of the parameter it holds, and how many that has, along its first axes; absent: all. */
  readonly rows?: ParamRows;
  /** weight: kernels rely on every element being a finite number. */
  readonly isFinite?: boolean;
  /** constant: how to fill it. */
  readonly fill?: ConstantFill;
}

/**
 * The order of a tensor's elements in memory: it is cut into tiles of `tile` elements along each axis, and the tiles
 * follow one another, as do the elements of each, the axis `order[0]` slowest. `tile` divides the sizes.
 */
export interface WeightLayout {
  readonly tile: readonly number[];
  readonly order: readonly number[];
}

export type ConstantFill =
  | { readonly kind: "data"; readonly dtype: DType; readonly values: readonly number[] }
  /** f32[rows, 2, frequencies]: cos, then sin of `row * frequency`, times `scale`, in f64 and then rounded. */
  | {
      readonly kind: "angles";
      readonly rows: number;
      readonly frequencies: readonly number[];
      readonly scale: number;
    };

/** A range of bytes in a buffer. */
export interface Range {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Later: copy, host, signal, wait, collective. */
export type Step = LaunchStep;

export interface LaunchStep {
  readonly kind: "launch";
  readonly lane: "compute";
  readonly kernel: string;
  readonly grid: readonly [Extent, Extent, Extent];
  /** In the kernel's binding order. */
  readonly bindings: readonly Range[];
  /** Values of the kernel's `launch` scalars, in order. */
  readonly scalars: readonly number[];
  /** What lies in the one binding that merge-bindings made of several. */
  readonly merged?: readonly Range[];
  /** Only these workgroups along one axis of the grid: `count` from `from` on, or as many as there are. */
  readonly part?: { readonly axis: 0 | 1 | 2; readonly from: number; readonly count: number };
  /** Which loop and iteration it was expanded from, for folded display. */
  readonly loop?: { readonly index: string; readonly i: number };
}

/** Everything a build makes for one profile: kernels by name, each text once, and the plans that launch them. */
export interface Program {
  readonly profile: string;
  readonly kernels: readonly Kernel[];
  readonly plans: readonly Plan[];
}

/** Steps that are submitted together: up to `end`, exclusive; `seconds` are predicted at the largest sizes of the plan. */
export interface Submit {
  readonly end: number;
  readonly seconds: number;
}

export interface Plan {
  /** Entry point: `forward`, `extend`, `prefill`, `decode`. */
  readonly entry: string;
  /** Largest sizes this plan serves. */
  readonly bucket: Readonly<Record<string, number>>;
  readonly buffers: readonly PlanBuffer[];
  readonly steps: readonly Step[];
  /** Absent: all steps are one submit. */
  readonly submits?: readonly Submit[];
  /** The entry's arguments and results by name, and where they lie. */
  readonly inputs: Readonly<Record<string, Range>>;
  readonly outputs: Readonly<Record<string, Range>>;
  readonly memory: { readonly peak: number; readonly lowerBound: number };
}
