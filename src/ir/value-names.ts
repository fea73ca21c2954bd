/**
 * Gives each value of a function the name it is printed under: its hint, made unique by a numbered suffix
 * (`%x`, `%x.1`), or a number where it has no hint. `hintOf` undoes the suffix, so that a function which went through
 * text is named like one that did not.
 */
import type { Value } from "./ir.ts";

/** The hint behind a printed or a proposed name: no suffix, no characters that the lexer refuses; "" for numbers. */
export function hintOf(name: string): string {
  const legal = name.replace(/[^A-Za-z0-9_.$]+/g, "_").replace(/(\.\d+)+$/, "");
  if (/^\d*$/.test(legal)) return "";
  return /^[A-Za-z0-9_]/.test(legal) ? legal : `_${legal}`;
}

export class ValueNames {
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  private readonly nextSuffix = new Map<string, number>();
  private nextNumber = 0;

  /** Keeps a name from being given to a value: arguments of the function and loop indices. */
  reserve(name: string): void {
    this.taken.add(name);
  }

  /** Gives a value exactly this name, which must have been reserved. */
  assign(value: Value, name: string): void {
    this.names.set(value, name);
  }

  of(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.fresh(hintOf(value.name));
    this.names.set(value, name);
    return name;
  }

  /** All names that were given so far. */
  all(): ReadonlyMap<Value, string> {
    return this.names;
  }

  private fresh(hint: string): string {
    if (hint === "") {
      while (this.taken.has(String(this.nextNumber))) this.nextNumber++;
      return String(this.nextNumber++);
    }
    let name = hint;
    let suffix = this.nextSuffix.get(hint) ?? 0;
    while (this.taken.has(name)) name = `${hint}.${++suffix}`;
    this.nextSuffix.set(hint, suffix);
    this.taken.add(name);
    return name;
  }
}
