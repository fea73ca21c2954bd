/**
 * What fuse decides, as data for whoever asks why (`PassContext.decided`): which clusters became one, which did not and
 * by which rule, and the kernels at the end. The rules are where they were; each names its refusal by a `Reason`.
 */
import type { Func, Value } from "../../../src/ir/ir.ts";

/** The rules by which two clusters stay apart, each as the sentence that a person is told. */
export const REASONS = {
  "fuse-off": "fuse is switched off, so every op is a kernel of its own",
  "no-computation":
    "one of them is a parameter, a loop, a load-time table or a large constant, which no kernel computes",
  "two-anchors":
    "each has an op that a kernel is built around (a product, a reduction, an attention, ...), and these two do not share one",
  "result-shapes":
    "the results of the kernel would have different shapes, and an elementwise kernel has one invocation an element",
  "reduction-axis": "a reduction does not run along the last axis of the rows that the others run along",
  "row-shapes": "behind the reduction stands an op that is not pointwise along the same rows",
  "product-grid": "products share a kernel only with the same left operand and the same number of rows",
  "product-operand":
    "an operand of a product may be moved and cast on the way into its kernel; computed there are only rows of the left one, by reductions along them",
  "product-epilogue":
    "behind a product its kernel computes only pointwise ops of the product's shape, a rotation within heads, and writes to caches",
  "product-rows":
    "products of many rows are tiled: their kernel has products of one shape and pointwise ops behind them, nothing else",
  "attention-operand":
    "q, k and v of an attention may be moved and cast on the way into its kernel, and only a window is computed there",
  "cache-write-operand": "the kernel of a cache_write computes what it writes and nothing else",
  "sample-epilogue": "the kernel of a sample computes only what has one value a row behind it",
  alone: "an op of this kind is a kernel by itself",
  "needed-elsewhere":
    "what is between them is needed by others as well, and a kernel of this kind hands on nothing beside its result",
  bindings: "together they bind more buffers than a stage may have",
  "state-order": "together they would replace state that others still read and make what those wait for",
  cost: "an element between them would be computed again for each use, which costs more than storing it saves",
  cycle: "a third kernel lies between them: together they would wait for it and it for them",
} as const;

export type Reason = keyof typeof REASONS;

/** Sets of ops are given by the values that they make: those of the program before the pass, or copies of them. */
export type Decision =
  /** The function as the pass was given it. */
  | { readonly kind: "given"; readonly func: Func }
  /** Each user of a cheap op gets a copy of it. */
  | { readonly kind: "copied"; readonly from: Value; readonly to: Value }
  | { readonly kind: "merged"; readonly producer: readonly Value[]; readonly consumer: readonly Value[] }
  | {
      readonly kind: "apart";
      readonly producer: readonly Value[];
      readonly consumer: readonly Value[];
      readonly reason: Reason;
      /** What was counted: buffers needed and allowed. */
      readonly facts?: Readonly<Record<string, number>>;
    }
  /** A kernel as it is at the end, with its name; without one the op stays outside of kernels. */
  | { readonly kind: "kernel"; readonly values: readonly Value[]; readonly name?: string };

export type Tell = (decision: Decision) => void;
