/**
 * Index arithmetic as algebra: an index is a sum `c0 + c1*a1 + c2*a2 + ...` of atoms (a loop counter, an invocation id,
 * a loaded position, a quotient or a remainder) with sizes as coefficients, in a normal form. Splitting a row number
 * into (b, t) and joining them again gives the row number back, so no division reaches a kernel unless an access needs
 * it, and whether four neighbouring elements lie side by side in memory is read off a coefficient.
 *
 * Atoms are at least 0 and below their extent; symbols of sizes are at least 1. Nothing here emits code.
 */
import { Dim } from "../../src/support/dim.ts";
import type { KValue } from "../../src/kernel/ir.ts";

/** Elements of a vector access. */
export const LANES = 4;

export type Atom =
  /** A value of the kernel, `0 <= value < extent`. */
  | { readonly kind: "leaf"; readonly id: number; readonly value: KValue; readonly extent: Dim }
  /** The position in a vector of four. It never becomes a value: accesses read off its coefficient. */
  | { readonly kind: "lane" }
  | { readonly kind: "quotient"; readonly of: LinearIndex; readonly by: Dim }
  | { readonly kind: "remainder"; readonly of: LinearIndex; readonly by: Dim };

interface Term {
  readonly atom: Atom;
  readonly coefficient: Dim;
}

export class LinearIndex {
  /** Equal exactly when the normal forms are. */
  readonly key: string;

  private constructor(
    private readonly terms: ReadonlyMap<string, Term>,
    readonly constant: Dim,
  ) {
    const parts = [...terms].map(([key, { coefficient }]) => `${coefficient}.${key}`);
    this.key = [...parts.sort(), `${constant}`].join("|");
  }

  static of(constant: number | Dim): LinearIndex {
    return new LinearIndex(new Map(), Dim.of(constant));
  }

  static atom(atom: Atom): LinearIndex {
    if (atom.kind === "leaf" && atom.extent.equals(1)) return LinearIndex.of(0);
    return new LinearIndex(new Map([[atomKey(atom), { atom, coefficient: Dim.of(1) }]]), Dim.of(0));
  }

  add(other: LinearIndex | number | Dim): LinearIndex {
    const right = other instanceof LinearIndex ? other : LinearIndex.of(other);
    const terms = new Map(this.terms);
    for (const [key, { atom, coefficient }] of right.terms) {
      const total = terms.get(key)?.coefficient.add(coefficient) ?? coefficient;
      if (total.equals(0)) terms.delete(key);
      else terms.set(key, { atom, coefficient: total });
    }
    return joined(new LinearIndex(terms, this.constant.add(right.constant)));
  }

  scale(factor: number | Dim): LinearIndex {
    const by = Dim.of(factor);
    if (by.equals(0)) return LinearIndex.of(0);
    const terms = new Map<string, Term>();
    for (const [key, { atom, coefficient }] of this.terms) terms.set(key, { atom, coefficient: coefficient.mul(by) });
    return new LinearIndex(terms, this.constant.mul(by));
  }

  sub(other: LinearIndex | number | Dim): LinearIndex {
    return this.add((other instanceof LinearIndex ? other : LinearIndex.of(other)).scale(-1));
  }

  /** `floor(this / by)`, for an index that is at least 0. */
  quotient(by: Dim): LinearIndex {
    return divide(this, by).quotient;
  }

  /** `this mod by`, for an index that is at least 0. */
  remainder(by: Dim): LinearIndex {
    return divide(this, by).remainder;
  }

  entries(): readonly Term[] {
    return [...this.terms.values()];
  }

  /** The size it always equals, where no atom occurs. */
  asDim(): Dim | undefined {
    return this.terms.size === 0 ? this.constant : undefined;
  }

  equals(other: LinearIndex): boolean {
    return this.key === other.key;
  }

  /** The largest value as a size, where every coefficient is known not to be negative. */
  max(): Dim | undefined {
    if (!isAtLeastZero(this.constant)) return undefined;
    let total = this.constant;
    for (const { atom, coefficient } of this.terms.values()) {
      if (!isAtLeastZero(coefficient)) return undefined;
      total = total.add(coefficient.mul(extentOf(atom).sub(1)));
    }
    return total;
  }

  /** Whether `0 <= this < bound` is certain. */
  isBelow(bound: Dim): boolean {
    const max = this.max();
    return max !== undefined && isAtLeastZero(bound.sub(1).sub(max));
  }

  /** How far one step along the vector moves this index; `undefined` where that is not one constant. */
  laneStride(): Dim | undefined {
    let stride = Dim.of(0);
    for (const { atom, coefficient } of this.terms.values()) {
      if (atom.kind === "lane") stride = coefficient;
      else if (atom.kind !== "leaf" && atom.of.hasLane()) return undefined;
    }
    return stride;
  }

  hasLane(): boolean {
    return this.entries().some(({ atom }) => atom.kind === "lane" || (atom.kind !== "leaf" && atom.of.hasLane()));
  }

  /** The index of one element of the vector. */
  atLane(lane: number): LinearIndex {
    return this.hasLane() ? this.replace((atom) => (atom.kind === "lane" ? LinearIndex.of(lane) : undefined)) : this;
  }

  /** This index where every multiple of `by` is known: `this / by`, or `undefined`. */
  dividedBy(by: number): LinearIndex | undefined {
    const constant = this.constant.div(by);
    const terms = new Map<string, Term>();
    for (const [key, { atom, coefficient }] of this.terms) {
      const rest = coefficient.div(by);
      if (rest === undefined) return undefined;
      terms.set(key, { atom, coefficient: rest });
    }
    return constant === undefined ? undefined : new LinearIndex(terms, constant);
  }

  /** Replaces atoms, also inside quotients and remainders. */
  replace(replacement: (atom: Atom) => LinearIndex | undefined): LinearIndex {
    let result = LinearIndex.of(this.constant);
    for (const { atom, coefficient } of this.terms.values()) {
      const by = replacement(atom);
      const inner = atom.kind === "quotient" || atom.kind === "remainder" ? atom.of.replace(replacement) : undefined;
      const made =
        by !== undefined ? by
        : atom.kind === "quotient" && inner !== undefined ? inner.quotient(atom.by)
        : atom.kind === "remainder" && inner !== undefined ? inner.remainder(atom.by)
        : LinearIndex.atom(atom); // prettier-ignore
      result = result.add(made.scale(coefficient));
    }
    return result;
  }
}

export function extentOf(atom: Atom): Dim {
  switch (atom.kind) {
    case "leaf":
      return atom.extent;
    case "lane":
      return Dim.of(LANES);
    case "remainder":
      return atom.by;
    case "quotient": {
      const extent = atom.of.max()?.add(1);
      if (extent === undefined) return Dim.of(Number.MAX_SAFE_INTEGER >> 1);
      const count = extent.asNumber();
      const by = atom.by.asNumber();
      const exact = extent.div(atom.by);
      return exact ?? (count !== undefined && by !== undefined ? Dim.of(Math.ceil(count / by)) : extent);
    }
  }
}

/** Whether a size is at least 0 whatever the symbols, which are at least 1: after `s = 1 + s'` no coefficient is negative. */
export function isAtLeastZero(dim: Dim): boolean {
  const number = dim.asNumber();
  if (number !== undefined) return number >= 0;
  const shifted = Object.fromEntries([...dim.symbols()].map((name) => [name, Dim.symbol(name).add(1)]));
  return dim.substitute(shifted).entries().every(([, coefficient]) => coefficient >= 0); // prettier-ignore
}

function atomKey(atom: Atom): string {
  switch (atom.kind) {
    case "leaf":
      return `v${atom.id}`;
    case "lane":
      return "lane";
    case "quotient":
      return `(${atom.of.key})/(${atom.by})`;
    case "remainder":
      return `(${atom.of.key})%(${atom.by})`;
  }
}

/** `c*d * (x / d) + c * (x mod d)` is `c * x`. */
function joined(index: LinearIndex): LinearIndex {
  for (const { atom, coefficient } of index.entries()) {
    if (atom.kind !== "remainder") continue;
    const partner = index
      .entries()
      .find(
        (term) =>
          term.atom.kind === "quotient" &&
          term.atom.of.key === atom.of.key &&
          term.atom.by.equals(atom.by) &&
          term.coefficient.equals(coefficient.mul(atom.by)),
      );
    if (partner === undefined) continue;
    return index
      .sub(LinearIndex.atom(atom).scale(coefficient))
      .sub(LinearIndex.atom(partner.atom).scale(partner.coefficient))
      .add(atom.of.scale(coefficient));
  }
  return index;
}

interface Division {
  readonly quotient: LinearIndex;
  readonly remainder: LinearIndex;
}

/**
 * Division with remainder. With `x = d*y + r`: where `0 <= r < d` is certain, `y` and `r` are the answer. Otherwise,
 * where a common factor `c` of `d` leaves a small rest, `x = c*y + s` with `s < c`, the division by `d / c` of `y` is
 * smaller. What is left becomes atoms.
 */
function divide(x: LinearIndex, by: Dim): Division {
  if (by.equals(1)) return { quotient: x, remainder: LinearIndex.of(0) };
  const { multiple, rest } = split(x, by);
  if (rest.isBelow(by)) return { quotient: multiple, remainder: rest };
  for (const { coefficient } of rest.entries()) {
    const smaller = by.div(coefficient);
    if (smaller === undefined || coefficient.equals(1) || !isAtLeastZero(coefficient)) continue;
    const parts = split(rest, coefficient);
    if (!parts.rest.isBelow(coefficient)) continue;
    const inner = divide(parts.multiple, smaller);
    return {
      quotient: multiple.add(inner.quotient),
      remainder: inner.remainder.scale(coefficient).add(parts.rest),
    };
  }
  return {
    quotient: multiple.add(LinearIndex.atom({ kind: "quotient", of: rest, by })),
    remainder: LinearIndex.atom({ kind: "remainder", of: rest, by }),
  };
}

/** `x = by * multiple + rest`, with every term that `by` divides in `multiple`. */
function split(x: LinearIndex, by: Dim): { readonly multiple: LinearIndex; readonly rest: LinearIndex } {
  let multiple = LinearIndex.of(0);
  let rest = LinearIndex.of(0);
  for (const { atom, coefficient } of x.entries()) {
    const factor = coefficient.div(by);
    if (factor === undefined) rest = rest.add(LinearIndex.atom(atom).scale(coefficient));
    else multiple = multiple.add(LinearIndex.atom(atom).scale(factor));
  }
  const constants = splitConstant(x.constant, by);
  return { multiple: multiple.add(constants.multiple), rest: rest.add(constants.rest) };
}

function splitConstant(constant: Dim, by: Dim): { readonly multiple: Dim; readonly rest: Dim } {
  const exact = constant.div(by);
  if (exact !== undefined) return { multiple: exact, rest: Dim.of(0) };
  const value = constant.asNumber();
  const divisor = by.asNumber();
  if (value === undefined || divisor === undefined) return { multiple: Dim.of(0), rest: constant };
  const whole = Math.floor(value / divisor);
  return { multiple: Dim.of(whole), rest: Dim.of(value - whole * divisor) };
}
