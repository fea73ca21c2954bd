/** Expressions of a kernel as WGSL text, with the parentheses that are needed and no others. */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import type { Expression, KType, KValue } from "../../src/kernel/ir.ts";
import type { NameTable } from "../../src/kernel/names.ts";
import { operandsOf } from "../../src/kernel/walk.ts";
import { bufferName } from "./names.ts";
import { BINARY, PRECEDENCE, UNARY, literalText, typeText } from "./target.ts";

interface Text {
  readonly text: string;
  readonly binds: number;
}

/** Longer than this, an expression gets a name even if it is read once. */
const LONGEST_INLINE = 80;

export class ExpressionWriter {
  private readonly inlined = new Map<KValue, Text>();
  private readonly sources = new Map<KValue, readonly KValue[]>();

  constructor(
    private readonly names: NameTable,
    private readonly inlinable: ReadonlySet<KValue>,
  ) {}

  /** Uses of `value` are written as `text`, an atom. */
  inline(value: KValue, text: string): void {
    this.inlined.set(value, { text, binds: PRECEDENCE.atom });
  }

  /** Whether the value is written where it is read, so that no `let` is needed. */
  absorbs(value: KValue, expression: Expression): boolean {
    const literal = expression.kind === "constant";
    if (!literal && !this.inlinable.has(value)) return false;
    const made = this.parts(expression, value.type);
    if (!literal && made.text.length > LONGEST_INLINE) return false;
    this.inlined.set(value, made);
    this.sources.set(value, operandsOf(expression));
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
    return this.inlined.get(value) ?? { text: this.names.of(value, value.name), binds: PRECEDENCE.atom };
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
    const tightly = binds === PRECEDENCE.bits ? PRECEDENCE.atom : binds + 1;
    const left = this.inside(x, binds <= PRECEDENCE.compare ? tightly : binds);
    const isSignedShift = (op === "shl" || op === "shr") && y.type.scalar === "i32";
    // WGSL shifts by u32 only.
    const width = typeText({ scalar: "u32", lanes: y.type.lanes });
    const right = isSignedShift ? `${width}(${this.read(y)})` : this.inside(y, tightly);
    return { text: `${left} ${infix} ${right}`, binds };
  }
}
