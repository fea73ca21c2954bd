/** The statements of a kernel as text of a dialect: one line a value that needs a name, structured loops and branches. */
import { assertNever } from "../../src/support/errors.ts";
import type { TextWriter } from "../../src/support/text/writer.ts";
import type { Buffer, Builtin, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { NameTable } from "../../src/kernel/names.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { inlinableValues } from "../inline.ts";
import { readableNames } from "../value-names.ts";
import type { Dialect } from "./dialect.ts";
import { ExpressionWriter } from "./expression.ts";
import type { MemoryNames } from "./memory-names.ts";

export class BodyWriter {
  private readonly names: NameTable;
  private readonly hints: ReadonlyMap<KValue, string>;
  private readonly expressions: ExpressionWriter;
  private readonly sharesStorage: boolean;

  /** `memory` names the kernel's buffers; `scalarText` is what the value of a host's scalar is written as. */
  constructor(
    private readonly kernel: Kernel,
    private readonly dialect: Dialect,
    private readonly out: TextWriter,
    memory: MemoryNames,
    scalarText: (scalar: Kernel["scalars"][number]) => string,
  ) {
    const scalars = kernel.scalars.map(scalarText);
    this.names = new NameTable([...memory.values(), ...scalars], (name) => dialect.isReserved(name));
    this.hints = readableNames(kernel.body);
    this.sharesStorage = sharesStorage(kernel);
    this.expressions = new ExpressionWriter(dialect, (value) => this.name(value), inlinableValues(kernel.body), memory);
    kernel.scalarValues.forEach((value, i) => this.expressions.inline(value, scalars[i] ?? ""));
  }

  write(): void {
    this.body(this.kernel.body);
  }

  private body(body: readonly Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  private statement(statement: Statement): void {
    const { dialect, out, expressions } = this;
    switch (statement.kind) {
      case "let": {
        const { result, expression } = statement;
        if (expressions.absorbs(result, expression)) return;
        out.line(dialect.constant(this.name(result), result.type, expressions.text(expression, result.type)));
        return;
      }
      case "store": {
        const { buffer, index, value } = statement;
        out.line(`${expressions.element(buffer, index)} = ${dialect.stored(expressions.read(value), buffer)};`);
        return;
      }
      case "barrier":
        for (const line of dialect.barrier(this.sharesStorage)) out.line(line);
        return;
      case "for":
        return this.loop(statement);
      case "if":
        return this.branch(statement);
      default:
        assertNever(statement, "kernel statement");
    }
  }

  private loop(statement: Extract<Statement, { kind: "for" }>): void {
    const { index, from, to, step, carried, yields } = statement;
    const read = (value: KValue): string => this.expressions.read(value);
    for (const { arg, init } of carried) this.out.line(this.dialect.variable(this.name(arg), arg.type, read(init)));
    const [first, end, by] = [from, to, step].map((value) => this.expressions.numberOf(value));
    if (first !== undefined && end !== undefined && by !== undefined) {
      const hint = this.dialect.unrolling?.(Math.ceil((end - first) / by), hasBarrier(statement.body));
      if (hint !== undefined) this.out.line(hint);
    }
    const name = this.name(index);
    const advance = read(step) === "1" ? `${name}++` : `${name} += ${read(step)}`;
    this.out.braces(`for (${this.dialect.counter(name, read(from))}; ${name} < ${read(to)}; ${advance})`, () => {
      this.body(statement.body);
      this.assign(
        carried.map(({ arg }) => arg),
        yields,
      );
    });
    // After the loop the variable keeps the last carried value.
    for (const { arg, result } of carried) this.expressions.inline(result, this.name(arg));
  }

  /** Assigns all at once: a text that reads a variable assigned before it is kept aside first. */
  private assign(targets: readonly KValue[], sources: readonly KValue[]): void {
    const texts = sources.map((source, i) => {
      const text = this.expressions.read(source);
      const target = targets[i];
      const stale = targets.slice(0, i).some((earlier) => this.expressions.mentions(source, earlier));
      if (!stale || target === undefined) return text;
      const kept = this.names.fresh(`next_${this.name(target)}`);
      this.out.line(this.dialect.constant(kept, target.type, text));
      return kept;
    });
    targets.forEach((target, i) => {
      if (sources[i] !== target) this.out.line(`${this.name(target)} = ${texts[i]};`);
    });
  }

  private branch(statement: Extract<Statement, { kind: "if" }>): void {
    const { condition, body, yields, otherwiseYields, results } = statement;
    for (const result of results) this.out.line(this.dialect.variable(this.name(result), result.type));
    const side = (body: readonly Statement[], yields: readonly KValue[]): void => {
      this.body(body);
      this.assign(results, yields);
    };
    const otherwise = statement.otherwise.length > 0 || otherwiseYields.length > 0;
    this.out.line(`if (${this.expressions.read(condition)}) {`);
    this.out.indented(() => side(body, yields));
    if (otherwise) this.out.line("} else {").indented(() => side(statement.otherwise, otherwiseYields));
    this.out.line("}");
  }

  private name(value: KValue): string {
    return this.names.of(value, this.hints.get(value) ?? value.name);
  }
}

/** The built-in values that a kernel reads. */
export function builtinsOf(kernel: Kernel): readonly Builtin[] {
  const used = new Set<Builtin>();
  walkStatements(kernel.body, (statement) => {
    if (statement.kind === "let" && statement.expression.kind === "builtin") used.add(statement.expression.name);
  });
  return [...used];
}

/** The lines above a kernel: its own text and where in the source it comes from. */
export function headerLines(kernel: Kernel, signature: string): readonly string[] {
  const places = kernel.locs.map(({ path, start }) => `${path}:${start.line}:${start.column}`);
  return [`// ${signature}`, ...(places.length > 0 ? [`// from ${[...new Set(places)].join(", ")}`] : [])];
}

/** Whether some storage buffer is both read and written, so that a barrier must order its accesses too. */
function sharesStorage({ body }: Kernel): boolean {
  const [read, written] = [new Set<Buffer>(), new Set<Buffer>()];
  walkStatements(body, (statement) => {
    if (statement.kind === "store") written.add(statement.buffer);
    if (statement.kind === "let" && statement.expression.kind === "load") read.add(statement.expression.buffer);
  });
  return [...written].some((buffer) => buffer.space === "storage" && read.has(buffer));
}

/** Whether the invocations of a workgroup wait for one another somewhere in it. */
function hasBarrier(body: readonly Statement[]): boolean {
  let found = false;
  walkStatements(body, ({ kind }) => (found ||= kind === "barrier"));
  return found;
}
