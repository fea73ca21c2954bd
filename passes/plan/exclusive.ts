/** Which conditions of a kernel cannot hold together, as far as `and` and `not` say. */
import type { Expression, KValue } from "../../src/kernel/ir.ts";

interface Part {
  readonly value: KValue;
  readonly holds: boolean;
}

export class Conditions {
  /** What holds where the condition does. */
  private readonly parts = new Map<KValue, readonly Part[]>();

  /** Takes in how a value of the kernel is made; operands come before. */
  learn(made: KValue, expression: Expression): void {
    if (made.type.scalar !== "bool") return;
    if (expression.kind === "binary" && expression.op === "and")
      this.parts.set(made, [...this.partsOf(expression.x), ...this.partsOf(expression.y)]);
    if (expression.kind === "unary" && expression.op === "not")
      this.parts.set(made, [{ value: expression.x, holds: false }]);
  }

  /** Whether one holding means that the other does not. */
  areExclusive(a: KValue, b: KValue): boolean {
    const others = this.partsOf(b);
    return this.partsOf(a).some(({ value, holds }) => others.some((other) => other.value === value && other.holds !== holds)); // prettier-ignore
  }

  /** A condition is also a part of itself, so that its negation is exclusive with it, whatever it is made of. */
  private partsOf(value: KValue): readonly Part[] {
    return [...(this.parts.get(value) ?? []), { value, holds: true }];
  }
}
