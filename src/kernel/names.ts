/** How types look in kernel text (`f32`, `f32x4`), and unique names made from hints for printers and emitters. */
import type { KType, KValue, Scalar } from "./ir.ts";

export function ktypeText(type: KType): string {
  return type.lanes === 1 ? type.scalar : `${type.scalar}x${type.lanes}`;
}

const TYPE = /^(f32|f16|i32|u32|bool)(?:x(2|4))?$/;

/** Inverse of `ktypeText`; undefined for what is no type. */
export function parseKType(text: string): KType | undefined {
  const match = TYPE.exec(text);
  if (match === null) return undefined;
  return { scalar: match[1] as Scalar, lanes: match[2] === undefined ? 1 : (Number(match[2]) as 2 | 4) };
}

/**
 * Gives each value a name that no other has: its hint with what no identifier may hold replaced by `_`, then with
 * `_1`, `_2`, ... where that is one of `taken`. A hint for which `isReserved` holds gets `_value`.
 */
export class NameTable<V extends object = KValue> {
  private readonly names = new Map<V, string>();
  private readonly taken: Set<string>;
  private readonly counters = new Map<string, number>();

  constructor(
    taken: Iterable<string> = [],
    private readonly isReserved: (name: string) => boolean = () => false,
  ) {
    this.taken = new Set(taken);
  }

  /** The name of `value`, made at the first call. */
  of(value: V, hint: string): string {
    const found = this.names.get(value);
    if (found !== undefined) return found;
    const name = this.fresh(hint);
    this.names.set(value, name);
    return name;
  }

  /** A name that belongs to no value. */
  fresh(hint: string): string {
    const clean = hint
      .replace(/[^A-Za-z0-9_]/g, "_")
      .replace(/^_+/, "")
      .replace(/^(?=\d)/, "v")
      .replace(/(_\d+)+$/, "");
    const plain = clean === "" ? "v" : clean;
    const base = this.isReserved(plain) ? `${plain}_value` : plain;
    let count = this.counters.get(base) ?? 0;
    let name = count === 0 ? base : `${base}_${count}`;
    while (this.taken.has(name) || this.isReserved(name)) name = `${base}_${++count}`;
    this.counters.set(base, count);
    this.taken.add(name);
    return name;
  }

  /** Gives `value` this very name. */
  bind(value: V, name: string): void {
    this.taken.add(name);
    this.names.set(value, name);
  }

  has(value: V): boolean {
    return this.names.has(value);
  }
}
