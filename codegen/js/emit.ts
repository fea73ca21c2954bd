/**
 * Kernel IR to plain JavaScript: slow and obvious, one line a value. The text is an expression whose value is
 * `(buffers, scalars, grid) => void`: typed arrays by name, numbers by name, workgroups along x, y and z. A kernel with
 * barriers makes each invocation a generator that yields there. The kernel must have been legalized for the profile `js`.
 */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import { TextWriter } from "../../src/support/text/writer.ts";
import type { Buffer, Expression, KType, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { NameTable } from "../../src/kernel/names.ts";
import { signatureText } from "../../src/kernel/print.ts";
import { unrollLoops } from "../../src/kernel/unroll.ts";
import { containsCollective, operandsOf } from "../../src/kernel/walk.ts";
import { readableNames } from "../value-names.ts";
import { RESERVED } from "./names.ts";
import { HELPERS, binaryText, castText, literalText, unaryText, wrapped } from "./target.ts";

/** The JavaScript of a legal kernel. Throws `InternalError` for what it cannot say. */
export function emitJs(kernel: Kernel): string {
  return new JsEmitter(unrollLoops(kernel), signatureText(kernel)).emit();
}

const AXES = ["x", "y", "z"] as const;

class JsEmitter {
  private readonly out = new TextWriter();
  private readonly names: NameTable;
  private readonly hints: ReadonlyMap<KValue, string>;
  private readonly literals = new Map<KValue, number>();
  private readonly helpers = new Set<string>();

  constructor(
    private readonly kernel: Kernel,
    private readonly signature: string,
  ) {
    const ids = ["local", "workgroup"].flatMap((what) => AXES.map((axis) => `${what}_${axis}`));
    const memory = [...kernel.buffers, ...kernel.locals].map(({ name }) => `$${name}`);
    this.names = new NameTable([...RESERVED, ...ids, ...memory]);
    this.hints = readableNames(kernel.body);
  }

  emit(): string {
    const { kernel, out } = this;
    const meets = containsCollective(kernel.body);
    const [nx, ny, nz] = kernel.workgroup;
    out.indented(() => {
      for (const buffer of kernel.buffers) out.line(`const $${buffer.name} = buffers[${JSON.stringify(buffer.name)}];`);
      kernel.scalars.forEach(({ name }, i) => {
        const value = kernel.scalarValues[i];
        if (value !== undefined) out.line(`const ${this.name(value)} = scalars[${JSON.stringify(name)}];`);
      });
      this.loops("workgroup", ["grid[0]", "grid[1]", "grid[2]"], () => {
        this.memory("workgroup");
        out.braces(`function${meets ? "*" : ""} invocation(local_x, local_y, local_z)`, () => {
          this.memory("private");
          this.body(kernel.body);
        });
        if (meets) out.line("let threads = [];");
        const start = "invocation(local_x, local_y, local_z)";
        this.loops("local", [`${nx}`, `${ny}`, `${nz}`], () =>
          out.line(meets ? `threads.push(${start});` : `${start};`),
        );
        if (meets) out.line("while (threads.length > 0) threads = threads.filter((thread) => !thread.next().done);");
      });
    });
    const helpers = [...this.helpers].map((name) => HELPERS[name] ?? "");
    const head = [`// ${this.signature}`, ...helpers, "const f32 = Math.fround;"];
    return `(() => {\n${head.join("\n")}\nreturn (buffers, scalars, grid) => {\n${out.toString()}};\n})()\n`;
  }

  private loops(what: string, sizes: readonly string[], inner: () => void): void {
    const loop = (axis: number): void => {
      if (axis < 0) return inner();
      const name = `${what}_${AXES[axis] ?? ""}`;
      this.out.braces(`for (let ${name} = 0; ${name} < ${sizes[axis]}; ${name}++)`, () => loop(axis - 1));
    };
    loop(2);
  }

  private memory(space: Buffer["space"]): void {
    for (const local of this.kernel.locals) {
      if (local.space !== space) continue;
      const array = { f32: "Float32Array", i32: "Int32Array", u32: "Uint32Array" }[local.element as "f32"];
      if (array === undefined) throw new InternalError(`${local.name} of ${local.element} was not legalized`);
      this.out.line(`const $${local.name} = new ${array}(${local.length.mul(local.lanes).toString()});`);
    }
  }

  private body(body: readonly Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  private statement(statement: Statement): void {
    const { out } = this;
    switch (statement.kind) {
      case "let": {
        const { result, expression } = statement;
        if (expression.kind === "constant" && result.type.lanes === 1) this.literals.set(result, expression.value);
        else {
          const isMeeting = expression.kind === "workgroup_load";
          if (isMeeting) out.line("yield;");
          out.line(`const ${this.name(result)} = ${this.expression(expression, result.type)};`);
          if (isMeeting) out.line("yield;");
        }
        return;
      }
      case "store": {
        const { buffer, index, value } = statement;
        for (let lane = 0; lane < buffer.lanes; lane++)
          out.line(`${this.element(buffer, index, lane)} = ${this.lane(value, lane)};`);
        return;
      }
      case "barrier":
        out.line("yield;");
        return;
      case "for": {
        const { index, from, to, step, carried, yields } = statement;
        for (const { arg, init } of carried) out.line(`let ${this.name(arg)} = ${this.read(init)};`);
        const i = this.name(index);
        const range = `let ${i} = ${this.read(from)}; ${i} < ${this.read(to)}; ${i} += ${this.read(step)}`;
        out.braces(`for (${range})`, () => {
          this.body(statement.body);
          this.assign(carried.map(({ arg }) => arg), yields); // prettier-ignore
        });
        for (const { arg, result } of carried) this.names.bind(result, this.name(arg));
        return;
      }
      case "if": {
        for (const result of statement.results) out.line(`let ${this.name(result)};`);
        out.braces(`if (${this.read(statement.condition)})`, () => {
          this.body(statement.body);
          this.assign(statement.results, statement.yields);
        });
        out.braces("else", () => {
          this.body(statement.otherwise);
          this.assign(statement.results, statement.otherwiseYields);
        });
        return;
      }
      default:
        assertNever(statement, "kernel statement");
    }
  }

  private assign(targets: readonly KValue[], sources: readonly KValue[]): void {
    if (targets.length === 0) return;
    const list = (values: readonly KValue[]): string => values.map((value) => this.read(value)).join(", ");
    this.out.line(`[${list(targets)}] = [${list(sources)}];`);
  }

  private expression(expression: Expression, type: KType): string {
    const lanes = (text: (lane: number) => string): string =>
      type.lanes === 1 ? text(0) : `[${Array.from({ length: type.lanes }, (_, lane) => text(lane)).join(", ")}]`;
    switch (expression.kind) {
      case "constant":
        return lanes(() => literalText(expression.value, type.scalar));
      case "builtin":
        if (expression.name.startsWith("subgroup")) throw new InternalError("JavaScript has no subgroups");
        if (expression.name.startsWith("grid"))
          return `grid[${AXES.findIndex((axis) => expression.name.endsWith(axis))}]`;
        return expression.name;
      case "unary":
        return lanes((lane) => unaryText(expression.op, this.lane(expression.x, lane), type.scalar));
      case "binary": {
        const { op, x, y } = expression;
        if (op === "dot") {
          const products = Array.from({ length: x.type.lanes }, (_, i) =>
            binaryText("mul", this.lane(x, i), this.lane(y, i), type.scalar),
          );
          return products.reduce((sum, product) => wrapped(`${sum} + ${product}`, type.scalar));
        }
        return lanes((lane) => binaryText(op, this.lane(x, lane), this.lane(y, lane), x.type.scalar));
      }
      case "fma": {
        const { x, y, z } = expression;
        return lanes((i) => wrapped(`${this.lane(x, i)} * ${this.lane(y, i)} + ${this.lane(z, i)}`, type.scalar));
      }
      case "select": {
        const { condition, x, y } = expression;
        return lanes((lane) => `${this.lane(condition, lane)} ? ${this.lane(x, lane)} : ${this.lane(y, lane)}`);
      }
      case "cast":
        return lanes((lane) => castText(this.lane(expression.x, lane), expression.x.type.scalar, type.scalar));
      case "bitcast":
        this.helpers.add("bits");
        return lanes(
          (lane) => `bits(${this.lane(expression.x, lane)}, '${expression.x.type.scalar}', '${type.scalar}')`,
        );
      case "vector":
        return lanes((lane) => this.read(expression.parts[lane] ?? (expression.parts[0] as KValue)));
      case "extract":
        return this.lane(expression.x, expression.lane);
      case "load":
      case "workgroup_load":
        return lanes((lane) => this.element(expression.buffer, expression.index, lane));
      case "intrinsic":
        if (expression.name !== "unpack2x16float") throw new InternalError(`JavaScript has no ${expression.name}`);
        this.helpers.add("halves");
        return `halves(${operandsOf(expression).map((arg) => this.read(arg)).join(", ")})`; // prettier-ignore
      case "workgroup_reduce":
      case "workgroup_broadcast":
      case "subgroup_reduce":
        throw new InternalError(`JavaScript has no ${expression.kind}: legalize writes it out`);
      default:
        return assertNever(expression, "kernel expression");
    }
  }

  private element(buffer: Buffer, index: KValue, lane: number): string {
    const at = buffer.lanes === 1 ? this.read(index) : `${this.read(index)} * ${buffer.lanes} + ${lane}`;
    return `$${buffer.name}[${at}]`;
  }
  private lane(value: KValue, lane: number): string {
    return value.type.lanes === 1 ? this.read(value) : `${this.read(value)}[${lane}]`;
  }
  private read(value: KValue): string {
    const literal = this.literals.get(value);
    return literal === undefined ? this.name(value) : literalText(literal, value.type.scalar);
  }
  private name(value: KValue): string {
    return this.names.of(value, this.hints.get(value) ?? value.name);
  }
}
