/**
 * What a kernel's buffers and scalars are called in emitted text. Names come from the source, where anything may be a
 * name, so what a language keeps for itself gets a suffix; everything else keeps its name.
 */
import { InternalError } from "../../src/support/errors.ts";
import type { Buffer, KScalarParam, Kernel } from "../../src/kernel/ir.ts";

export type MemoryNames = ReadonlyMap<Buffer | KScalarParam, string>;

/** A distinct name for each buffer and scalar, none of them reserved. */
export function memoryNames(kernel: Kernel, isReserved: (name: string) => boolean): MemoryNames {
  const all = [
    ...kernel.scalars.map((of) => ({ of, suffix: "scalar" })),
    ...[...kernel.buffers, ...kernel.locals].map((of) => ({ of, suffix: "buffer" })),
  ];
  const names = distinctNames(all.map(({ of, suffix }) => ({ name: of.name, suffix })), isReserved); // prettier-ignore
  return new Map(all.map(({ of }, i) => [of, names[i] ?? of.name]));
}

/** The name of something that `memoryNames` has named. */
export function nameIn(names: MemoryNames, of: Buffer | KScalarParam): string {
  const name = names.get(of);
  if (name === undefined) throw new InternalError(`${of.name} is not of this kernel`);
  return name;
}

/**
 * Each name, made different from reserved ones by its suffix and from one another by a number. Names that are free stay
 * what they are, wherever they stand in the list.
 */
export function distinctNames(
  wanted: readonly { readonly name: string; readonly suffix: string }[],
  isReserved: (name: string) => boolean,
): readonly string[] {
  const taken = new Set<string>();
  const kept = wanted.map(({ name }) => {
    if (isReserved(name) || taken.has(name)) return undefined;
    taken.add(name);
    return name;
  });
  return wanted.map(({ name, suffix }, i) => {
    const free = kept[i];
    if (free !== undefined) return free;
    // Not `_buffer` of `__`: a name that begins with an underscore may be reserved however it ends.
    const base = [name.replace(/^_+/, ""), suffix].filter((part) => part !== "").join("_");
    let made = base;
    for (let count = 1; taken.has(made) || isReserved(made); count++) made = `${base}_${count}`;
    taken.add(made);
    return made;
  });
}
