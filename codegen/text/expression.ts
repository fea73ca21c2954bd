/** Expressions of a kernel as text of a dialect, with the parentheses that are needed and no others. */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { Buffer, Expression, KType, KValue } from "../../src/kernel/ir.ts";
import { operandsOf } from "../../src/kernel/walk.ts";
import { PRECEDENCE } from "./dialect.ts";
import type { Dialect } from "./dialect.ts";
import { nameIn } from "./memory-names.ts";
import type { MemoryNames } from "./memory-names.ts";

interface Text {
  readonly text: string;
  readonly binds: number;
}

/** Longer than this, an expression gets a name even if it is read once. */
const LONGEST_INLINE = 100;

export class ExpressionWriter {
  private readonly inlined = new Map<KValue, Text>();
  /** Written where they are read, however often. */
  private readonly literals = new Set<KValue>();
  private readonly numbers = new Map<KValue, number>();
  private readonly sources = new Map<KValue, readonly KValue[]>();

  constructor(
    private readonly dialect: Dialect,
    private readonly nameOf: (value: KValue) => string,
    private readonly inlinable: ReadonlySet<KValue>,
    private readonly memory: MemoryNames,
  ) {}

  /** Uses of `value` are written as `text`, an atom. */
  inline(value: KValue, text: string): void {
    this.inlined.set(value, { text, binds: PRECEDENCE.atom });
  }

  /** Whether the value is written where it is read, so that no `let` is needed. */
  absorbs(value: KValue, expression: Expression): boolean {
    const operands = operandsOf(expression);
    const isSplat = expression.kind === "vector" && operands.every((operand) => this.literals.has(operand));
    const literal = expression.kind === "constant" || isSplat;
    if (expression.kind === "constant") this.numbers.set(value, expression.value);
    if (literal) this.literals.add(value);
    else if (!this.inlinable.has(value)) return false;
    const made = this.parts(expression, value.type);
    if (!literal && made.text.length > LONGEST_INLINE) return false;
    this.inlined.set(value, made);
    this.sources.set(value, operands);
    return true;
  }

  /** The number that a scalar is known to be. */
  numberOf(value: KValue): number | undefined {
    return this.numbers.get(value);
  }

  /** Whether the text of `value` reads the variable of `target`. */
  mentions(value: KValue, target: KValue): boolean {
    if (value === target) return true;
    return (this.sources.get(value) ?? []).some((source) => this.mentions(source, target));
  }

  /** The text that stands for a value. */
  read(value: KValue): string {
    return this.operand(value).text;
  }

  text(expression: Expression, type: KType): string {
    return this.parts(expression, type).text;
  }

  /** The text of an element of a buffer, as it stands left of an assignment. */
  element(buffer: Buffer, index: KValue): string {
    return `${nameIn(this.memory, buffer)}[${this.read(index)}]`;
  }

  private operand(value: KValue): Text {
    return this.inlined.get(value) ?? { text: this.nameOf(value), binds: PRECEDENCE.atom };
  }

  /** The operand of an operator that binds as tightly as `binds`. */
  private inside(value: KValue, binds: number): string {
    const { text, binds: own } = this.operand(value);
    return own < binds || text.startsWith("-") ? `(${text})` : text;
  }

  private call(name: string, args: readonly KValue[]): Text {
    return { text: `${name}(${args.map((arg) => this.read(arg)).join(", ")})`, binds: PRECEDENCE.atom };
  }

  private parts(expression: Expression, type: KType): Text {
    const atom = (text: string): Text => ({ text, binds: PRECEDENCE.atom });
    switch (expression.kind) {
      case "constant":
        return atom(this.dialect.literal(expression.value, type));
      case "builtin":
        return atom(this.dialect.builtin(expression.name));
      case "unary": {
        const { op, x } = expression;
        const spelling = this.dialect.unary(op, type);
        if (spelling === undefined)
          throw new InternalError(`${this.dialect.name} has no ${op}: legalize writes it out`);
        if (/\w/.test(spelling)) return this.call(spelling, [x]);
        return { text: spelling + this.inside(x, PRECEDENCE.prefix), binds: PRECEDENCE.prefix };
      }
      case "binary":
        return this.binary(expression);
      case "fma":
        return this.call(this.dialect.fma(type), [expression.x, expression.y, expression.z]);
      case "select": {
        const { condition, x, y } = expression;
        return atom(this.dialect.select(this.read(condition), this.read(x), this.read(y), type, condition.type));
      }
      case "cast":
        return atom(this.dialect.cast(this.read(expression.x), expression.x.type, type));
      case "bitcast":
        return atom(this.dialect.bitcast(this.read(expression.x), expression.x.type, type));
      case "vector":
        return atom(this.dialect.vector(expression.parts.map((part) => this.read(part)), type)); // prettier-ignore
      case "extract":
        return atom(`${this.inside(expression.x, PRECEDENCE.atom)}.${"xyzw"[expression.lane] ?? "x"}`);
      case "load": {
        const { buffer, index } = expression;
        return atom(this.dialect.loaded(this.element(buffer, index), buffer));
      }
      case "workgroup_load":
        return atom(this.dialect.workgroupLoad(this.element(expression.buffer, expression.index)));
      case "subgroup_reduce":
        return atom(this.dialect.subgroupReduce(expression.op, this.read(expression.x), type));
      case "intrinsic": {
        const { name, args } = expression;
        const text = this.dialect.intrinsic(name, args.map((arg) => this.read(arg))); // prettier-ignore
        if (text === undefined) throw new InternalError(`${this.dialect.name} has no ${name}`);
        return atom(text);
      }
      case "workgroup_reduce":
      case "workgroup_broadcast":
        throw new InternalError(`${this.dialect.name} has no ${expression.kind}: legalize writes it out`);
      default:
        return assertNever(expression, "kernel expression");
    }
  }

  private binary(expression: Extract<Expression, { kind: "binary" }>): Text {
    const { op, x, y } = expression;
    const spelling = this.dialect.binary(op, x.type);
    if ("call" in spelling) return this.call(spelling.call, [x, y]);
    const { infix, binds } = spelling;
    const negative = op === "add" ? this.numbers.get(y) : undefined;
    if (negative !== undefined && negative < 0 && negative !== -(2 ** 31))
      return { text: `${this.inside(x, binds)} - ${this.dialect.literal(-negative, y.type)}`, binds };
    const tightly = binds === PRECEDENCE.bits ? PRECEDENCE.atom : binds + 1;
    const left = this.inside(x, binds <= PRECEDENCE.compare ? tightly : binds);
    const { shiftBy } = this.dialect;
    const isShift = (op === "shl" || op === "shr") && shiftBy !== undefined && y.type.scalar !== shiftBy.scalar;
    const width: KType = { scalar: shiftBy?.scalar ?? y.type.scalar, lanes: y.type.lanes };
    const literal = this.numbers.get(y);
    const right =
      !isShift ? this.inside(y, tightly)
      : literal === undefined ? this.dialect.cast(this.read(y), y.type, width)
      : this.dialect.literal(literal, width); // prettier-ignore
    return { text: `${left} ${infix} ${right}`, binds };
  }
}
