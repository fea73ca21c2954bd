/** Kernel IR to text. `parseKernel` reads it back; names of values are made unique from their hints. */
import { assertNever } from "../support/errors.ts";
import { floatText, quote } from "../support/text/literals.ts";
import { locText } from "../support/text/loc-text.ts";
import { TextWriter } from "../support/text/writer.ts";
import type { Buffer, Expression, Extent, KType, KValue, Kernel, Statement } from "./ir.ts";
import { NameTable, ktypeText } from "./names.ts";

export interface PrintOptions {
  /** Print the places in the source; true if absent. */
  readonly locs?: boolean;
}

export function printKernel(kernel: Kernel, options: PrintOptions = {}): string {
  return new KernelPrinter(kernel, options.locs ?? true).print();
}

/** The first line of a kernel's text, without its body. */
export function signatureText(kernel: Kernel): string {
  const parts = [`kernel @${kernel.name}(${kernel.buffers.map(bufferText).join(", ")})`];
  if (kernel.scalars.length > 0) {
    const scalars = kernel.scalars.map(({ name, from, type }) => `%${name}: ${from} ${ktypeText(type)}`);
    parts.push(`scalars(${scalars.join(", ")})`);
  }
  if (kernel.locals.length > 0) parts.push(`locals(${kernel.locals.map(localText).join(", ")})`);
  parts.push(`workgroup(${kernel.workgroup.join(", ")})`, `grid(${kernel.grid.map(extentText).join(", ")})`);
  if (kernel.inPlace.length > 0)
    parts.push(`in_place(${kernel.inPlace.map(([output, input]) => `${output} = ${input}`).join(", ")})`);
  if (kernel.requires.length > 0) parts.push(`requires(${kernel.requires.map(quote).join(", ")})`);
  return parts.join(" ");
}

function bufferText(buffer: Buffer): string {
  return `%${buffer.name}: ${buffer.access} ${buffer.isFinite === true ? "finite " : ""}${arrayText(buffer)}`;
}

function localText(buffer: Buffer): string {
  return `%${buffer.name}: ${buffer.space} ${arrayText(buffer)}`;
}

function arrayText(buffer: Buffer): string {
  const length =
    buffer.per === undefined ? buffer.length.toString() : `ceil(${buffer.length.toString()}, ${buffer.per})`;
  return `${buffer.element}${buffer.lanes === 1 ? "" : `x${buffer.lanes}`}[${length}]`;
}

function extentText(extent: Extent): string {
  return extent.length === 0 ? "1" : extent.map(({ size, per }) => `ceil(${size.toString()}, ${per})`).join(" * ");
}

/** A literal of this type: `3`, `0.5`, `true`. */
export function constantText(value: number, type: KType): string {
  if (type.scalar === "bool") return value === 0 ? "false" : "true";
  return type.scalar === "f32" || type.scalar === "f16" ? floatText(value) : String(value);
}

class KernelPrinter {
  private readonly writer = new TextWriter();
  private readonly names: NameTable;

  constructor(
    private readonly kernel: Kernel,
    private readonly locs: boolean,
  ) {
    const named = [...kernel.buffers, ...kernel.locals, ...kernel.scalars];
    this.names = new NameTable(named.map(({ name }) => name));
    kernel.scalarValues.forEach((value, i) => this.names.bind(value, kernel.scalars[i]?.name ?? value.name));
  }

  print(): string {
    const { kernel } = this;
    const places = this.locs && kernel.locs.length > 0 ? ` locs(${kernel.locs.map(locText).join(", ")})` : "";
    this.writer.braces(signatureText(kernel) + places, () => this.body(kernel.body, []));
    return this.writer.toString();
  }

  private body(body: readonly Statement[], yields: readonly KValue[]): void {
    for (const statement of body) this.statement(statement);
    if (yields.length > 0) this.writer.line(`yield ${this.list(yields)}`);
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case "let": {
        const { result, expression, loc } = statement;
        const text = this.expression(expression, result.type);
        const place = this.locs && loc !== undefined ? ` ${locText(loc)}` : "";
        this.writer.line(`${this.value(result)} = ${text} : ${ktypeText(result.type)}${place}`);
        return;
      }
      case "store":
        this.writer.line(
          `store %${statement.buffer.name}[${this.value(statement.index)}], ${this.value(statement.value)}`,
        );
        return;
      case "barrier":
        this.writer.line("barrier");
        return;
      case "for": {
        const { index, from, to, step, carried, yields, unroll } = statement;
        const range = `${this.value(index)} = ${this.value(from)} to ${this.value(to)} step ${this.value(step)}`;
        const iter = carried.map(({ arg, init }) => `${this.value(arg)} = ${this.value(init)}`).join(", ");
        const results = carried.map(({ result }) => result);
        const tail = `${iter === "" ? "" : ` iter(${iter})`}${unroll ? " unroll" : ""}`;
        this.writer.braces(`${this.results(results)}for ${range}${tail}`, () => this.body(statement.body, yields));
        return;
      }
      case "if": {
        const { condition, results } = statement;
        this.writer.braces(`${this.results(results)}if ${this.value(condition)}`, () =>
          this.body(statement.body, statement.yields),
        );
        if (statement.otherwise.length > 0 || statement.otherwiseYields.length > 0)
          this.writer.braces("else", () => this.body(statement.otherwise, statement.otherwiseYields));
        return;
      }
      default:
        assertNever(statement, "kernel statement");
    }
  }

  private expression(expression: Expression, type: KType): string {
    switch (expression.kind) {
      case "constant":
        return `const ${constantText(expression.value, type)}`;
      case "builtin":
        return `builtin ${expression.name}`;
      case "unary":
        return `${expression.op} ${this.value(expression.x)}`;
      case "binary":
        return `${expression.op} ${this.list([expression.x, expression.y])}`;
      case "fma":
        return `fma ${this.list([expression.x, expression.y, expression.z])}`;
      case "select":
        return `select ${this.list([expression.condition, expression.x, expression.y])}`;
      case "cast":
      case "bitcast":
        return `${expression.kind} ${this.value(expression.x)}`;
      case "vector":
        return `vector ${this.list(expression.parts)}`;
      case "extract":
        return `extract ${this.value(expression.x)}, ${expression.lane}`;
      case "load":
      case "workgroup_load":
        return `${expression.kind} %${expression.buffer.name}[${this.value(expression.index)}]`;
      case "workgroup_reduce":
      case "subgroup_reduce":
        return `${expression.kind} ${expression.op} ${this.value(expression.x)}`;
      case "workgroup_broadcast":
        return `workgroup_broadcast ${this.value(expression.x)}, ${expression.lane}`;
      case "intrinsic":
        return `intrinsic ${expression.name}(${this.list(expression.args)})`;
      default:
        return assertNever(expression, "kernel expression");
    }
  }

  private results(values: readonly KValue[]): string {
    return values.length === 0 ? "" : `${this.list(values)} = `;
  }
  private list(values: readonly KValue[]): string {
    return values.map((value) => this.value(value)).join(", ");
  }
  private value(value: KValue): string {
    return `%${this.names.of(value, value.name)}`;
  }
}
