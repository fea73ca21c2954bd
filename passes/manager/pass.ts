/**
 * A pass: a named, pure function from one IR to the same IR, with what it needs, establishes and destroys, so that an
 * impossible order is refused before it sees a program (`pipeline.ts`).
 */
import type { Diagnostic } from "../../src/support/diagnostic.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import type { Decision } from "../tensor/fuse/decision.ts";

/** How answers may change: not at all; by the order of roundings; by the types that round. */
export type NumericPromise = "bit-exact" | "reassociates" | "changes-precision";

/** A checkable claim about a program: `decomposed`, `grouped`. */
export interface Property<IR> {
  readonly name: string;
  readonly doc: string;
  /** The first place where it does not hold, as a sentence; undefined where it holds. */
  check(ir: IR, context: PassContext): string | undefined;
}

export interface PassContext {
  readonly ops: OpTable;
  readonly info: TargetInfo;
  /** Declared capacities: `{ B: 1, T: 128, S: 1024 }`. */
  readonly capacities: Readonly<Record<string, number>>;
  /** Hears what fuse decides in a function, and why; changes nothing. */
  readonly decided?: (func: string, decision: Decision) => void;
}

export interface PassResult<IR> {
  readonly ir: IR;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Pass<IR> {
  /** kebab-case, as `--passes=-name` takes it. */
  readonly name: string;
  readonly summary: string;
  readonly promise: NumericPromise;
  readonly requires: readonly Property<IR>[];
  readonly establishes: readonly Property<IR>[];
  readonly destroys: readonly Property<IR>[];
  /** A required pass runs even under `--passes=-name`, in its trivial mode. */
  readonly trivial?: (ir: IR, context: PassContext) => PassResult<IR>;
  readonly required: boolean;
  run(ir: IR, context: PassContext): PassResult<IR>;
}
