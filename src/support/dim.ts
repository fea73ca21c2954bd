/**
 * Sizes: polynomials over the symbols `B`, `T`, `S` with integer coefficients, in a normal form, so that two sizes are
 * equal exactly when their texts are. Config values are numbers by the time a `Dim` is made.
 */
import { InternalError } from "./errors.ts";

/** Monomial (symbols in alphabetical order, joined by `*`; "" for 1) to its coefficient, never 0. */
type Terms = ReadonlyMap<string, number>;

export class Dim {
  private constructor(
    private readonly terms: Terms,
    private readonly text: string,
  ) {}

  private static from(terms: Map<string, number>): Dim {
    for (const [monomial, coefficient] of terms) {
      if (coefficient === 0) terms.delete(monomial);
      else if (!Number.isSafeInteger(coefficient)) throw new InternalError(`a size is beyond 2^53: ${coefficient}`);
    }
    const sorted = [...terms].sort(([a], [b]) => degree(b) - degree(a) || (a < b ? -1 : 1));
    const parts = sorted.map(([monomial, coefficient], index) => {
      const size = Math.abs(coefficient);
      const body = monomial === "" ? `${size}` : size === 1 ? monomial : `${size}*${monomial}`;
      return index === 0 ? (coefficient < 0 ? `-${body}` : body) : coefficient < 0 ? ` - ${body}` : ` + ${body}`;
    });
    return new Dim(new Map(sorted), parts.length === 0 ? "0" : parts.join(""));
  }

  static of(value: number | Dim): Dim {
    if (value instanceof Dim) return value;
    if (!Number.isSafeInteger(value)) throw new InternalError(`a size is not an integer below 2^53: ${value}`);
    return Dim.from(new Map([["", value]]));
  }

  static symbol(name: string): Dim {
    return Dim.from(new Map([[name, 1]]));
  }

  /** The size that has this text. Throws `InternalError` for a text that no size has. */
  static parse(text: string): Dim {
    const terms =
      text
        .replace(/^-/, "- ")
        .replace(/^(?=[^-])/, "+ ")
        .match(/[+-] [^ ]+/g) ?? [];
    const size = Dim.sum(
      terms.map((term) => {
        const factors = term.slice(2).split("*").map((factor) => (/^\d+$/.test(factor) ? Dim.of(Number(factor)) : Dim.symbol(factor))); // prettier-ignore
        return Dim.product(term.startsWith("-") ? [Dim.of(-1), ...factors] : factors);
      }),
    );
    if (size.text !== text) throw new InternalError(`no size has the text ${text}`);
    return size;
  }

  static sum(dims: readonly Dim[]): Dim {
    return dims.reduce((total, dim) => total.add(dim), Dim.of(0));
  }

  static product(dims: readonly Dim[]): Dim {
    return dims.reduce((all, dim) => all.mul(dim), Dim.of(1));
  }

  add(other: Dim | number): Dim {
    const terms = new Map(this.terms);
    for (const [monomial, coefficient] of Dim.of(other).terms)
      terms.set(monomial, (terms.get(monomial) ?? 0) + coefficient);
    return Dim.from(terms);
  }

  neg(): Dim {
    return this.mul(-1);
  }

  sub(other: Dim | number): Dim {
    return this.add(Dim.of(other).neg());
  }

  mul(other: Dim | number): Dim {
    const terms = new Map<string, number>();
    for (const [a, x] of this.terms)
      for (const [b, y] of Dim.of(other).terms) {
        const monomial = multiply(a, b);
        terms.set(monomial, (terms.get(monomial) ?? 0) + x * y);
      }
    return Dim.from(terms);
  }

  /** `this / divisor` where that is exact for all values of the symbols, else undefined. The divisor has one term. */
  div(divisor: Dim | number): Dim | undefined {
    const entries = [...Dim.of(divisor).terms];
    const only = entries[0];
    if (entries.length !== 1 || only === undefined) return this.equals(divisor) ? Dim.of(1) : undefined;
    const terms = new Map<string, number>();
    for (const [monomial, coefficient] of this.terms) {
      const rest = divideMonomial(monomial, only[0]);
      if (rest === undefined || coefficient % only[1] !== 0) return undefined;
      terms.set(rest, coefficient / only[1]);
    }
    return Dim.from(terms);
  }

  equals(other: Dim | number): boolean {
    return this.text === Dim.of(other).text;
  }

  /** The number, if no symbol occurs. */
  asNumber(): number | undefined {
    if (this.terms.size === 0) return 0;
    return this.terms.size === 1 ? this.terms.get("") : undefined;
  }

  symbols(): ReadonlySet<string> {
    return new Set([...this.terms.keys()].flatMap((monomial) => (monomial === "" ? [] : monomial.split("*"))));
  }

  /** Replaces symbols by sizes; symbols not named stay. */
  substitute(values: Readonly<Record<string, Dim | number>>): Dim {
    let result = Dim.of(0);
    for (const [monomial, coefficient] of this.terms) {
      let term = Dim.of(coefficient);
      for (const name of monomial === "" ? [] : monomial.split("*")) term = term.mul(values[name] ?? Dim.symbol(name));
      result = result.add(term);
    }
    return result;
  }

  /** The number under these values; throws `InternalError` where a symbol has none. */
  evaluate(values: Readonly<Record<string, number>>): number {
    const value = this.substitute(values).asNumber();
    if (value === undefined) throw new InternalError(`no value for a symbol of ${this.text}`);
    return value;
  }

  /** The terms as `[symbols, coefficient]`, for code that emits the polynomial. */
  entries(): readonly (readonly [readonly string[], number])[] {
    return [...this.terms].map(([monomial, c]) => [monomial === "" ? [] : monomial.split("*"), c] as const);
  }

  toString(): string {
    return this.text;
  }
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim.equals(b[i] ?? -1));
}

function degree(monomial: string): number {
  return monomial === "" ? 0 : monomial.split("*").length;
}

function multiply(a: string, b: string): string {
  if (a === "") return b;
  if (b === "") return a;
  return [...a.split("*"), ...b.split("*")].sort().join("*");
}

function divideMonomial(monomial: string, divisor: string): string | undefined {
  const rest = monomial === "" ? [] : monomial.split("*");
  for (const name of divisor === "" ? [] : divisor.split("*")) {
    const at = rest.indexOf(name);
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest.join("*");
}
