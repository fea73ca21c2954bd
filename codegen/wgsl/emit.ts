/**
 * Kernel IR to WGSL, one module a kernel, entry point `main`. It names and prints; the kernel must have been legalized
 * for a WebGPU profile. Group 0 holds the storage buffers, then the uniform of `call` scalars, then that of `launch`
 * scalars, each only if there are any.
 */
import { InternalError, assertNever } from "../../src/support/errors.ts";
import { TextWriter } from "../../src/support/text/writer.ts";
import type { Buffer, Builtin, KScalarParam, KValue, Kernel, Statement } from "../../src/kernel/ir.ts";
import { NameTable } from "../../src/kernel/names.ts";
import { signatureText } from "../../src/kernel/print.ts";
import { unrollLoops } from "../../src/kernel/unroll.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import { inlinableValues } from "../inline.ts";
import { readableNames } from "../value-names.ts";
import { ExpressionWriter } from "./expression.ts";
import { RESERVED, bufferName } from "./names.ts";
import { elementText, typeText } from "./target.ts";

/** The WGSL of a legal kernel. Throws `InternalError` for what WGSL cannot say. */
export function emitWgsl(kernel: Kernel): string {
  return new WgslEmitter(unrollLoops(kernel), signatureText(kernel)).emit();
}

const PARAMETERS: Readonly<Record<string, string>> = {
  local: "@builtin(local_invocation_id) local_id: vec3<u32>",
  workgroup: "@builtin(workgroup_id) workgroup_id: vec3<u32>",
  grid: "@builtin(num_workgroups) num_workgroups: vec3<u32>",
  subgroup_size: "@builtin(subgroup_size) subgroup_width: u32",
  subgroup_lane: "@builtin(subgroup_invocation_id) subgroup_index: u32",
};

class WgslEmitter {
  private readonly out = new TextWriter();
  private readonly names: NameTable;
  private readonly hints: ReadonlyMap<KValue, string>;
  private readonly expressions: ExpressionWriter;
  private readonly sharesStorage: boolean;

  constructor(
    private readonly kernel: Kernel,
    private readonly signature: string,
  ) {
    const memory = [...kernel.buffers, ...kernel.locals].map(({ name }) => name);
    this.names = new NameTable([...RESERVED, ...memory.map(bufferName)]);
    this.hints = readableNames(kernel.body);
    this.sharesStorage = sharesStorage(kernel);
    this.expressions = new ExpressionWriter((value) => this.name(value), inlinableValues(kernel.body));
    kernel.scalars.forEach(({ name, from }, i) => {
      const value = kernel.scalarValues[i];
      if (value !== undefined) this.expressions.inline(value, `${from}.${name}`);
    });
  }

  emit(): string {
    const { kernel, out } = this;
    out.line(`// ${this.signature}`);
    const places = kernel.locs.map(({ path, start }) => `${path}:${start.line}:${start.column}`);
    if (places.length > 0) out.line(`// from ${[...new Set(places)].join(", ")}`);
    out.line();
    const used = this.builtins();
    const memory = [...kernel.buffers, ...kernel.locals];
    const features = [
      ...(memory.some(({ element }) => element === "f16") || kernel.requires.includes("f16") ? ["f16"] : []),
      ...(used.some((name) => name.startsWith("subgroup")) || kernel.requires.includes("subgroups")
        ? ["subgroups"]
        : []),
    ];
    for (const feature of features) out.line(`enable ${feature};`);
    if (features.length > 0) out.line();
    this.declarations();
    const parameters = [
      ...new Set(used.map((name) => (name.startsWith("subgroup") ? name : (name.split("_")[0] ?? "")))),
    ];
    out.line(`@compute @workgroup_size(${kernel.workgroup.join(", ")})`);
    out.braces(`fn main(${parameters.map((name) => PARAMETERS[name]).join(", ")})`, () => {
      for (const local of kernel.locals)
        if (local.space === "private") out.line(`var ${bufferName(local.name)}: ${arrayText(local)};`);
      this.body(kernel.body);
    });
    return out.toString();
  }

  private builtins(): readonly Builtin[] {
    const used = new Set<Builtin>();
    walkStatements(this.kernel.body, (statement) => {
      if (statement.kind === "let" && statement.expression.kind === "builtin") used.add(statement.expression.name);
    });
    return [...used];
  }

  private declarations(): void {
    const { kernel, out } = this;
    kernel.buffers.forEach((buffer, binding) => {
      const access = buffer.access === "read" ? "read" : "read_write";
      const name = bufferName(buffer.name);
      out.line(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${elementText(buffer)}>;`);
    });
    let binding = kernel.buffers.length;
    for (const from of ["call", "launch"] as const) {
      const fields = kernel.scalars.filter((scalar) => scalar.from === from);
      if (fields.length > 0) this.uniform(from, fields, binding++);
    }
    for (const local of kernel.locals)
      if (local.space === "workgroup") out.line(`var<workgroup> ${bufferName(local.name)}: ${arrayText(local)};`);
    out.line();
  }

  private uniform(from: KScalarParam["from"], fields: readonly KScalarParam[], binding: number): void {
    const type = from === "call" ? "CallScalars" : "LaunchScalars";
    const text = fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(", ");
    this.out.line(`struct ${type} { ${text} }`);
    this.out.line(`@group(0) @binding(${binding}) var<uniform> ${from}: ${type};`);
  }

  private body(body: readonly Statement[]): void {
    for (const statement of body) this.statement(statement);
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case "let": {
        const { result, expression } = statement;
        if (!this.expressions.absorbs(result, expression)) {
          const text = this.expressions.text(expression, result.type);
          this.out.line(`let ${this.name(result)} = ${text};`);
        }
        return;
      }
      case "store": {
        const { buffer, index, value } = statement;
        const text = this.expressions.read(value);
        const stored = buffer.element === "f16" ? `${elementText(buffer)}(${text})` : text;
        this.out.line(`${bufferName(buffer.name)}[${this.expressions.read(index)}] = ${stored};`);
        return;
      }
      case "barrier":
        this.out.line("workgroupBarrier();");
        if (this.sharesStorage) this.out.line("storageBarrier();");
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
    for (const { arg, init } of carried) this.out.line(`var ${this.name(arg)}: ${typeText(arg.type)} = ${read(init)};`);
    const name = this.name(index);
    const advance = read(step) === "1" ? `${name}++` : `${name} += ${read(step)}`;
    this.out.braces(`for (var ${name} = ${read(from)}; ${name} < ${read(to)}; ${advance})`, () => {
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
      const stale = targets.slice(0, i).some((target) => this.expressions.mentions(source, target));
      if (!stale) return text;
      const target = targets[i];
      const kept = this.names.fresh(`next_${target === undefined ? "" : this.name(target)}`);
      this.out.line(`let ${kept} = ${text};`);
      return kept;
    });
    targets.forEach((target, i) => {
      if (sources[i] !== target) this.out.line(`${this.name(target)} = ${texts[i]};`);
    });
  }

  private branch(statement: Extract<Statement, { kind: "if" }>): void {
    const { condition, body, yields, otherwiseYields, results } = statement;
    for (const result of results) this.out.line(`var ${this.name(result)}: ${typeText(result.type)};`);
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

/** Whether some storage buffer is both read and written, so that a barrier must order its accesses too. */
function sharesStorage({ body }: Kernel): boolean {
  const [read, written] = [new Set<Buffer>(), new Set<Buffer>()];
  walkStatements(body, (statement) => {
    if (statement.kind === "store") written.add(statement.buffer);
    if (statement.kind === "let" && statement.expression.kind === "load") read.add(statement.expression.buffer);
  });
  return [...written].some((buffer) => buffer.space === "storage" && read.has(buffer));
}

function arrayText(local: Buffer): string {
  const length = local.length.asNumber();
  if (length === undefined) throw new InternalError(`the length of ${local.name} is not a number`);
  return `array<${elementText(local)}, ${length}>`;
}
