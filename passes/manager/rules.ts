/**
 * Rewrite rules as objects: an equation with its side condition, what it promises about rounding, and examples that
 * run as tests on 0.5, -0, infinity and NaN. `applyRules` applies them to a function until none matches. A rule sees
 * one op and the definitions of its operands; it never looks at uses, so its equation is all there is to know.
 */
import { InternalError } from "../../src/support/errors.ts";
import type { Builder } from "../../src/ir/builder.ts";
import type { Func, Op, Value } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { sameType, typeText } from "../../src/ir/type.ts";
import type { NumericPromise } from "./pass.ts";

export interface RuleExample {
  /** A function as IR text; its result is compared on special values before and after. */
  readonly before: string;
  /** The text after the rule; absent in a near miss: the rule must leave `before` as it is. */
  readonly after?: string;
}

/** One op in front of a rule. */
export interface Match {
  readonly op: Op;
  readonly b: Builder;
  /** The op's operand; throws `InternalError` where it is absent. */
  operand(index: number): Value;
  /** The op that makes a value, if it stands in this function. */
  definition(value: Value): Op | undefined;
}

export interface Rule {
  readonly name: string;
  /** `x * 1 = x`. */
  readonly equation: string;
  /** When it holds; absent: always. */
  readonly condition?: string;
  readonly promise: NumericPromise;
  /** Names of the ops that it starts at. */
  readonly roots: readonly string[];
  /** A value of the same type that stands for the op's only result, or undefined where the rule does not match. */
  rewrite(match: Match): Value | undefined;
  readonly examples: readonly RuleExample[];
}

/** Sweeps after which a set of rules is taken not to end; each sweep goes through the whole function. */
const MAX_SWEEPS = 100;

/** The function after as many applications of the rules as there are; the same object where none matched. */
export function applyRules(func: Func, ops: OpTable, rules: readonly Rule[]): Func {
  const byRoot = new Map<string, Rule[]>();
  for (const rule of rules) for (const root of rule.roots) byRoot.set(root, [...(byRoot.get(root) ?? []), rule]);
  let current = func;
  for (let sweeps = 0; sweeps < MAX_SWEEPS; sweeps++) {
    const next = sweep(current, ops, byRoot);
    if (next === undefined) return current;
    current = next;
  }
  throw new InternalError(
    `rules still match in @${func.name} after ${MAX_SWEEPS} sweeps: ${rules.map((r) => r.name).join(", ")}`,
  );
}

function sweep(func: Func, ops: OpTable, byRoot: ReadonlyMap<string, readonly Rule[]>): Func | undefined {
  const definitions = new Definitions();
  let isChanged = false;
  const next = rewriteFunc(func, ops, (op, operands, b, rewriter) => {
    definitions.record(b);
    const rules = byRoot.get(op.name);
    if (rules === undefined || op.results.length !== 1) return undefined;
    const match = matchOf({ ...op, operands }, b, definitions);
    for (const rule of rules) {
      const replacement = rule.rewrite(match);
      if (replacement === undefined) continue;
      checkType(rule, op, replacement);
      isChanged = true;
      return [replacement];
    }
    return rewriter.copy(op, operands, b);
  });
  return isChanged ? next : undefined;
}

function matchOf(op: Op, b: Builder, definitions: Definitions): Match {
  return {
    op,
    b,
    operand(index) {
      const found = op.operands[index];
      if (found === undefined || found === null) throw new InternalError(`${op.name} has no operand ${index}`);
      return found;
    },
    definition: (value) => definitions.of(value, b),
  };
}

function checkType(rule: Rule, op: Op, replacement: Value): void {
  const [old] = op.results;
  if (old === undefined || !sameType(old.type, replacement.type))
    throw new InternalError(`the rule ${rule.name} changes ${op.name} to ${typeText(replacement.type)}`);
}

/** The ops emitted so far, by result, over all builders of the new function. */
class Definitions {
  private readonly ops = new Map<Value, Op>();
  private readonly seen = new Map<Builder, number>();

  record(b: Builder): void {
    const start = this.seen.get(b) ?? 0;
    for (const op of b.ops.slice(start)) for (const made of op.results) this.ops.set(made, op);
    this.seen.set(b, b.ops.length);
  }

  of(value: Value, b: Builder): Op | undefined {
    this.record(b);
    return this.ops.get(value);
  }
}
