/** A set of ops that may become one kernel, with the questions that the rules of `legal-group.ts` ask about it. */
import { equalAttrs } from "../../../src/ir/equal.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import type { Dims } from "../../../src/ir/type.ts";
import { sameDims } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import type { Reason } from "./decision.ts";
import type { Role } from "./roles.ts";
import { roleOf } from "./roles.ts";

/** Ops in program order, and the values that others need. */
export interface Candidate {
  readonly ops: readonly Op[];
  readonly yields: readonly Value[];
}

/** A candidate with the questions that the kinds ask, and the first one whose answer was no. */
export class View {
  readonly producers = new Map<Value, Op>();
  refused: Reason | undefined;
  private readonly roles = new Map<Op, Role>();

  constructor(
    readonly candidate: Candidate,
    readonly table: OpTable,
  ) {
    for (const op of candidate.ops) {
      this.roles.set(op, roleOf(op, table));
      for (const made of op.results) this.producers.set(made, op);
    }
  }

  /** Notes the rule by which this is no kernel; false, to stand behind the rule. */
  refuse(reason: Reason): false {
    this.refused ??= reason;
    return false;
  }

  role(op: Op): Role {
    return defined(this.roles.get(op), "an op of the candidate");
  }

  /** The op's operand `index` comes from outside, or is absent. */
  isInput(op: Op, index: number): boolean {
    const operand = op.operands[index] ?? null;
    return operand === null || !this.producers.has(operand);
  }

  /** Copies of cheap ops become one again when the pass ends: two values that are made in the same way are one. */
  isSame(a: Value | null | undefined, b: Value | null | undefined): boolean {
    if (a === b) return true;
    const [x, y] = [a && this.producers.get(a), b && this.producers.get(b)];
    if (!x || !y || x.name !== y.name || x.operands.length !== y.operands.length) return false;
    return equalAttrs(x.attrs, y.attrs) && x.operands.every((operand, i) => this.isSame(operand, y.operands[i])); // prettier-ignore
  }

  /** All ops of the candidate that a value is computed from. */
  behind(value: Value | null | undefined, found: Set<Op> = new Set()): ReadonlySet<Op> {
    const op = value === null || value === undefined ? undefined : this.producers.get(value);
    if (op === undefined || found.has(op)) return found;
    found.add(op);
    for (const operand of op.operands) this.behind(operand, found);
    return found;
  }

  /** Ops that use, directly or not, what the anchors make; in program order, without the anchors. */
  after(anchors: readonly Op[]): readonly Op[] {
    const dependent = new Set(anchors.flatMap((op) => op.results));
    return this.candidate.ops.filter((op) => {
      if (!op.operands.some((operand) => operand !== null && dependent.has(operand))) return false;
      for (const made of op.results) dependent.add(made);
      return !anchors.includes(op);
    });
  }
}

export function haveOneShape(values: readonly Value[]): boolean {
  const [first] = values;
  return first !== undefined && values.every((value) => sameDims(value.type.dims, first.type.dims));
}

export function dimsOf(op: Op): Dims {
  return defined(op.results[0], `${op.name} has a result`).type.dims;
}

export function operandOf(op: Op): Value {
  return defined(op.operands[0], `${op.name} has an operand`);
}

export function isMoveOrCast(view: View, op: Op): boolean {
  return view.role(op) === "move" || op.name === "cast";
}
