/** Expressions of a kernel as WGSL text, with the parentheses that are needed and no others. */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { Expression, KType, KValue } from "../../src/kernel/ir.ts";
import { operandsOf } from "../../src/kernel/walk.ts";
import { bufferName } from "./names.ts";
import { BINARY, PRECEDENCE, UNARY, literalText, typeText } from "./target.ts";

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
    private readonly nameOf: (value: KValue) => string,
    private readonly inlinable: ReadonlySet<KValue>,
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
        return atom(literalText(expression.value, type));
      case "builtin": {
        if (expression.name === "subgroup_size") return atom("i32(subgroup_width)");
        if (expression.name === "subgroup_lane") return atom("i32(subgroup_index)");
        const [what, axis] = expression.name.split("_");
        const id = what === "local" ? "local_id" : what === "workgroup" ? "workgroup_id" : "num_workgroups";
        return atom(`i32(${id}.${axis})`);
      }
      case "unary": {
        const { op, x } = expression;
        const spelling = op === "not" && x.type.scalar !== "bool" ? "~" : UNARY[op];
        if (spelling === undefined) throw new InternalError(`WGSL has no ${op}: legalize writes it out`);
        if (/\w/.test(spelling)) return this.call(spelling, [x]);
        return { text: spelling + this.inside(x, PRECEDENCE.prefix), binds: PRECEDENCE.prefix };
      }
      case "binary":
        return this.binary(expression);
      case "fma":
        return this.call("fma", [expression.x, expression.y, expression.z]);
      case "select":
        return this.call("select", [expression.y, expression.x, expression.condition]);
      case "cast":
        return this.call(typeText(type), [expression.x]);
      case "bitcast":
        return this.call(`bitcast<${typeText(type)}>`, [expression.x]);
      case "vector":
        return this.call(typeText(type), expression.parts);
      case "extract":
        return atom(`${this.inside(expression.x, PRECEDENCE.atom)}.${"xyzw"[expression.lane] ?? "x"}`);
      case "load": {
        const { buffer, index } = expression;
        const element = `${bufferName(buffer.name)}[${this.read(index)}]`;
        return atom(buffer.element === "f16" ? `${typeText(type)}(${element})` : element);
      }
      case "workgroup_load":
        return atom(`workgroupUniformLoad(&${bufferName(expression.buffer.name)}[${this.read(expression.index)}])`);
      case "subgroup_reduce": {
        const names = { add: "subgroupAdd", max: "subgroupMax", min: "subgroupMin" };
        return this.call(names[expression.op], [expression.x]);
      }
      case "intrinsic":
        if (expression.name !== "unpack2x16float") throw new InternalError(`WGSL has no ${expression.name}`);
        return this.call(expression.name, expression.args);
      case "workgroup_reduce":
      case "workgroup_broadcast":
        throw new InternalError(`WGSL has no ${expression.kind}: legalize writes it out`);
      default:
        return assertNever(expression, "kernel expression");
    }
  }

  private binary(expression: Extract<Expression, { kind: "binary" }>): Text {
    const { op, x, y } = expression;
    const spelling = BINARY[op];
    if ("call" in spelling) return this.call(spelling.call, [x, y]);
    const { infix, binds } = spelling;
    const negative = op === "add" ? this.numbers.get(y) : undefined;
    if (negative !== undefined && negative < 0 && negative !== -(2 ** 31))
      return { text: `${this.inside(x, binds)} - ${literalText(-negative, y.type)}`, binds };
    const tightly = binds === PRECEDENCE.bits ? PRECEDENCE.atom : binds + 1;
    const left = this.inside(x, binds <= PRECEDENCE.compare ? tightly : binds);
    const isSignedShift = (op === "shl" || op === "shr") && y.type.scalar === "i32";
    // WGSL shifts by u32 only.
    const width: KType = { scalar: "u32", lanes: y.type.lanes };
    const literal = this.numbers.get(y);
    const right =
      !isSignedShift ? this.inside(y, tightly)
      : literal === undefined ? `${typeText(width)}(${this.read(y)})`
      : literalText(literal, width); // prettier-ignore
    return { text: `${left} ${infix} ${right}`, binds };
  }
}
