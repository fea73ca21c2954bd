/**
 * A kernel some of whose storage buffers have become one: each access goes to the place of its old buffer in the new
 * one, `index + base`, where the host passes `base`. The new buffer has the vectors and the elements of the old ones if
 * those are alike; else it has single elements, and words without a type: `x = bitcast(words[base + i])`.
 */
import { I32, loadType } from "../../src/kernel/ir.ts";
import type { Buffer, Element, KScalarParam, KType, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { Copier } from "../../src/kernel/rename.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import { Sequence } from "../kernel/sequence.ts";

/** `indices` are those of buffers with elements of 4 bytes; `bytes` the size of the new one. `names` gets the new kernel's. */
export function mergeBuffers(
  kernel: Kernel,
  indices: readonly number[],
  bytes: number,
  wanted: string,
  names: Set<string>,
): Kernel {
  const old = indices.map((i) => defined(kernel.buffers[i], `@${kernel.name} has no buffer ${i}`));
  const lanes = allSame(old.map((buffer) => buffer.lanes)) ?? 1;
  const element = allSame(old.map((buffer) => buffer.element)) ?? "u32";
  const taken = new Set([...kernel.buffers, ...kernel.locals, ...kernel.scalars].map(({ name }) => name));
  const name = fresh(wanted, taken);
  const length = Dim.of(bytes / (4 * lanes));
  const whole: Buffer = { name, space: "storage", access: "read_write", element, lanes, length };
  const scalars = old.map((buffer): KScalarParam => {
    return { name: fresh(`${buffer.name}_base`, taken), type: I32, from: "launch" };
  });
  const bases = scalars.map((scalar): KValue => ({ type: I32, name: scalar.name }));
  const parts = new Map(old.map((buffer, i) => [buffer, new Part(buffer, whole, defined(bases[i], "a base"))]));
  return {
    ...kernel,
    name: fresh(`${kernel.name}_merged`, names),
    buffers: kernel.buffers.flatMap((buffer, i) => (i === indices[0] ? [whole] : indices.includes(i) ? [] : [buffer])),
    scalars: [...kernel.scalars, ...scalars],
    scalarValues: [...kernel.scalarValues, ...bases],
    inPlace: [],
    body: rewrite(kernel.body, parts),
  };
}

function rewrite(body: readonly Statement[], parts: ReadonlyMap<Buffer, Part>): readonly Statement[] {
  const copier = new Copier();
  const visit = (statements: readonly Statement[]): readonly Statement[] =>
    statements.flatMap((statement): readonly Statement[] => {
      const copied = copier.shallow(statement, visit);
      const sequence = new Sequence();
      if (copied.kind === "store") {
        const part = parts.get(copied.buffer);
        if (part === undefined) return [copied];
        part.store(sequence, copied.index, copied.value);
        return sequence.statements;
      }
      if (copied.kind !== "let" || statement.kind !== "let" || copied.expression.kind !== "load") return [copied];
      const part = parts.get(copied.expression.buffer);
      if (part === undefined) return [copied];
      const loaded = sequence.named(copied.result.name, part.load(sequence, copied.expression.index));
      copier.substitute(statement.result, loaded);
      return sequence.statements;
    });
  return visit(body);
}

/** What was a buffer, as a part of the merged one. */
class Part {
  constructor(
    private readonly old: Buffer,
    private readonly whole: Buffer,
    private readonly base: KValue,
  ) {}

  load(s: Sequence, index: KValue): KValue {
    const type = loadType(this.old);
    const word = (at: KValue): KValue => {
      const loaded = s.load(this.whole, at);
      return loaded.type.scalar === type.scalar ? loaded : s.bitcast(loaded, { ...type, lanes: this.whole.lanes });
    };
    if (this.old.lanes === this.whole.lanes) return word(s.binary("add", index, this.base));
    const first = this.firstOf(s, index);
    return s.vector(
      lanesOf(this.old).map((lane) => word(s.binary("add", first, lane))),
      type,
    );
  }

  store(s: Sequence, index: KValue, value: KValue): void {
    const type: KType = loadType(this.whole);
    const put = (at: KValue, one: KValue): void =>
      s.store(this.whole, at, one.type.scalar === type.scalar ? one : s.bitcast(one, type));
    if (this.old.lanes === this.whole.lanes) return put(s.binary("add", index, this.base), value);
    const first = this.firstOf(s, index);
    for (const lane of lanesOf(this.old)) put(s.binary("add", first, lane), s.extract(value, lane));
  }

  /** Where the first element of a vector lies. */
  private firstOf(s: Sequence, index: KValue): KValue {
    return s.binary("add", s.binary("mul", index, this.old.lanes), this.base);
  }
}

function lanesOf({ lanes }: Buffer): readonly number[] {
  return Array.from({ length: lanes }, (_, lane) => lane);
}

function allSame<V extends Element | Buffer["lanes"]>(values: readonly V[]): V | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

/** `wanted`, with a number where it is taken; it is taken afterwards. */
function fresh(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`;
  taken.add(name);
  return name;
}
