/** Statements in the making, for passes that write one operation out as several; and the walk that replaces `let`s. */
import type { BinaryOp, Buffer, Expression, KType, KValue, Kernel, Statement, UnaryOp } from "../../src/kernel/ir.ts";
import { I32, loadType } from "../../src/kernel/ir.ts";
import { Copier } from "../../src/kernel/rename.ts";
import { COMPARISONS } from "../../src/kernel/vocabulary.ts";

export class Sequence {
  readonly statements: Statement[] = [];

  emit(expression: Expression, type: KType, name = ""): KValue {
    const result: KValue = { type, name };
    this.statements.push({ kind: "let", result, expression });
    return result;
  }
  /** Gives the value of the last statement a name, and returns it under that name. */
  named(name: string, value: KValue): KValue {
    const last = this.statements.at(-1);
    if (last?.kind !== "let" || last.result !== value) return value;
    const result: KValue = { type: value.type, name };
    this.statements[this.statements.length - 1] = { ...last, result };
    return result;
  }
  literal(value: number, type: KType = I32, name = ""): KValue {
    return this.emit({ kind: "constant", value }, type, name);
  }
  unary(op: UnaryOp, x: KValue): KValue {
    return this.emit({ kind: "unary", op, x }, x.type);
  }
  /** A number stands for a literal of the left operand's type. */
  binary(op: BinaryOp, x: KValue, right: KValue | number, name = ""): KValue {
    const y = typeof right === "number" ? this.literal(right, x.type) : right;
    const type: KType = COMPARISONS.includes(op) ? { scalar: "bool", lanes: x.type.lanes } : x.type;
    return this.emit({ kind: "binary", op, x, y }, type, name);
  }
  fma(x: KValue, y: KValue | number, z: KValue | number): KValue {
    const [b, c] = [y, z].map((value) => (typeof value === "number" ? this.literal(value, x.type) : value));
    return this.emit({ kind: "fma", x, y: b ?? x, z: c ?? x }, x.type);
  }
  /** Horner's scheme: `coefficients` from the highest power down. */
  polynomial(x: KValue, coefficients: readonly number[]): KValue {
    const [first = 0, ...rest] = coefficients;
    return rest.reduce<KValue>((sum, coefficient) => this.fma(sum, x, coefficient), this.literal(first, x.type));
  }
  select(condition: KValue, x: KValue, y: KValue): KValue {
    return this.emit({ kind: "select", condition, x, y }, x.type);
  }
  cast(x: KValue, type: KType): KValue {
    return this.emit({ kind: "cast", x }, type);
  }
  bitcast(x: KValue, type: KType): KValue {
    return this.emit({ kind: "bitcast", x }, type);
  }
  extract(x: KValue, lane: number): KValue {
    return this.emit({ kind: "extract", x, lane }, { scalar: x.type.scalar, lanes: 1 });
  }
  vector(parts: readonly KValue[], type: KType): KValue {
    return this.emit({ kind: "vector", parts }, type);
  }
  load(buffer: Buffer, index: KValue): KValue {
    return this.emit({ kind: "load", buffer, index }, loadType(buffer), buffer.name);
  }
  workgroupLoad(buffer: Buffer, index: KValue, name: string): KValue {
    return this.emit({ kind: "workgroup_load", buffer, index }, loadType(buffer), name);
  }
  store(buffer: Buffer, index: KValue, value: KValue): void {
    this.statements.push({ kind: "store", buffer, index, value });
  }
  barrier(): void {
    this.statements.push({ kind: "barrier" });
  }
  /** `for (index = from; index < to; index += step)`; gives the carried values after the last iteration. */
  loop(
    {
      from,
      to,
      step,
      name,
    }: { readonly from: KValue; readonly to: KValue; readonly step: KValue; readonly name: string },
    carried: readonly KValue[],
    make: (body: Sequence, args: readonly KValue[], index: KValue) => readonly KValue[],
  ): readonly KValue[] {
    const copy = ({ type, name: own }: KValue): KValue => ({ type, name: own });
    const all = carried.map((init) => ({ init, arg: copy(init), result: copy(init) }));
    const index: KValue = { type: I32, name };
    const args = all.map(({ arg }) => arg);
    const body = new Sequence();
    const yields = make(body, args, index);
    this.statements.push({ kind: "for", index, from, to, step, carried: all, body: body.statements, yields, unroll: false }); // prettier-ignore
    return all.map(({ result }) => result);
  }
  when(condition: KValue, body: Sequence): void {
    this.statements.push({ kind: "if", condition, body: body.statements, yields: [], otherwise: [], otherwiseYields: [], results: [] }); // prettier-ignore
  }
}

/** The value that replaces a `let`'s result, made by statements of `sequence`; undefined keeps the `let`. */
export type Expand = (expression: Expression, result: KValue, sequence: Sequence) => KValue | undefined;

/** The body with every `let` offered to `expand`, inner bodies too; `keep` false drops a statement. */
export function expandLets(
  kernel: Kernel,
  expand: Expand,
  keep: (statement: Statement) => boolean = () => true,
): Kernel {
  const copier = new Copier();
  const visit = (body: readonly Statement[]): readonly Statement[] =>
    body.flatMap((statement): readonly Statement[] => {
      if (!keep(statement)) return [];
      const copied = copier.shallow(statement, visit);
      if (copied.kind !== "let") return [copied];
      const sequence = new Sequence();
      const replaced = expand(copied.expression, copied.result, sequence);
      if (replaced === undefined) return [copied];
      if (statement.kind === "let") copier.substitute(statement.result, replaced);
      const { loc } = copied;
      return sequence.statements.map((made) => (made.kind === "let" && loc !== undefined ? { ...made, loc } : made));
    });
  return { ...kernel, body: visit(kernel.body) };
}
