/** What each value of a kernel is: literals, sums with literals, and whether an index moves evenly with a loop. */
import type { Expression, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { walkStatements } from "../../src/kernel/walk.ts";

type Loop = Extract<Statement, { kind: "for" }>;

/** An index as a value, or none, plus a literal. */
export interface Place {
  readonly root: KValue | undefined;
  readonly literal: number;
}

/** `sum(terms) + factor * index` of a loop, the terms being the same in every round. */
export interface Linear {
  readonly terms: readonly KValue[];
  readonly factor: number;
  readonly literal: number;
}

export class Definitions {
  readonly literals = new Map<KValue, number>();
  private readonly expressions = new Map<KValue, Expression>();
  /** What is new in every round, by loop. */
  private readonly inside = new Map<Loop, ReadonlySet<KValue>>();

  constructor(kernel: Kernel) {
    walkStatements(kernel.body, (statement) => {
      if (statement.kind !== "let") return;
      const { result, expression } = statement;
      this.expressions.set(result, expression);
      if (expression.kind === "constant") this.literals.set(result, expression.value);
    });
  }

  of(value: KValue): Expression | undefined {
    return this.expressions.get(value);
  }

  /** The number that all lanes of a value are known to be. */
  literalOf(value: KValue): number | undefined {
    const definition = this.expressions.get(value);
    const part = definition?.kind === "vector" && definition.parts.length === 1 ? definition.parts[0] : undefined;
    return this.literals.get(value) ?? (part === undefined ? undefined : this.literals.get(part));
  }

  /** Value and literal of `value + literal`. */
  sumOf(value: KValue): { readonly value: KValue; readonly literal: number } | undefined {
    const definition = this.expressions.get(value);
    if (definition?.kind !== "binary" || definition.op !== "add") return undefined;
    const [x, y] = [this.literals.get(definition.x), this.literals.get(definition.y)];
    if (y !== undefined) return { value: definition.x, literal: y };
    return x === undefined ? undefined : { value: definition.y, literal: x };
  }

  placeOf(index: KValue): Place {
    let [root, literal] = [index, 0];
    for (let sum = this.sumOf(root); sum !== undefined; sum = this.sumOf(root))
      [root, literal] = [sum.value, literal + sum.literal];
    const own = this.literals.get(root);
    return own === undefined ? { root, literal } : { root: undefined, literal: literal + own };
  }

  /** An integer as it moves with a loop; undefined where that is not even. */
  linearIn(loop: Loop, value: KValue): Linear | undefined {
    const literal = this.literals.get(value);
    if (literal !== undefined) return { terms: [], factor: 0, literal };
    if (value === loop.index) return { terms: [], factor: 1, literal: 0 };
    if (!this.valuesInside(loop).has(value)) return { terms: [value], factor: 0, literal: 0 };
    const definition = this.expressions.get(value);
    if (definition?.kind !== "binary") return undefined;
    const [x, y] = [this.linearIn(loop, definition.x), this.linearIn(loop, definition.y)];
    if (x === undefined || y === undefined) return undefined;
    if (definition.op === "add")
      return { terms: [...x.terms, ...y.terms], factor: x.factor + y.factor, literal: x.literal + y.literal };
    const [number, other] = isNumber(y) ? [y, x] : [x, y];
    if (definition.op !== "mul" || !isNumber(number) || other.terms.length > 0) return undefined;
    return { terms: [], factor: other.factor * number.literal, literal: other.literal * number.literal };
  }

  private valuesInside(loop: Loop): ReadonlySet<KValue> {
    const known = this.inside.get(loop);
    if (known !== undefined) return known;
    const values = new Set<KValue>([loop.index, ...loop.carried.map(({ arg }) => arg)]);
    walkStatements(loop.body, (statement) => {
      if (statement.kind === "let") values.add(statement.result);
      if (statement.kind === "if") for (const value of statement.results) values.add(value);
      if (statement.kind !== "for") return;
      values.add(statement.index);
      for (const { arg, result } of statement.carried) values.add(arg).add(result);
    });
    this.inside.set(loop, values);
    return values;
  }
}

function isNumber({ terms, factor }: Linear): boolean {
  return terms.length === 0 && factor === 0;
}
