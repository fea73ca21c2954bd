/**
 * Copies of a kernel with other bindings: buffers opened for writing (every binding into the arena is `read_write`,
 * DECISIONS.md 21), or an input that has become the same buffer as the output (in place). The arithmetic stays as it
 * is. Equal requests give the same kernel, so the number of pipelines stays small.
 */
import type { Buffer, Expression, Kernel, Statement } from "../../src/kernel/ir.ts";
import { InternalError } from "../../src/support/errors.ts";

export interface VariantRequest {
  /** Storage buffers, by index, whose access becomes `read_write`. */
  readonly readWrite: readonly number[];
  /** `[output, input]`: the input's accesses go to the output's buffer, and its binding is gone. */
  readonly inPlace?: readonly [number, number];
}

/** Makes variants and remembers them, and the names in use. */
export class KernelVariants {
  private readonly known = new Map<string, Kernel>();
  private readonly names: Set<string>;

  constructor(kernels: readonly Kernel[]) {
    this.names = new Set(kernels.map((kernel) => kernel.name));
  }

  get(kernel: Kernel, request: VariantRequest): Kernel {
    const opened = request.readWrite.filter((i) => kernel.buffers[i]?.access !== "read_write");
    if (opened.length === 0 && request.inPlace === undefined) return kernel;
    const key = `${kernel.name} ${opened.join(",")} ${request.inPlace?.join(">") ?? ""}`;
    let variant = this.known.get(key);
    if (variant === undefined) {
      const suffix = request.inPlace === undefined ? "arena" : "in_place";
      variant = makeVariant(kernel, opened, request.inPlace, this.freshName(`${kernel.name}_${suffix}`));
      this.known.set(key, variant);
    }
    return variant;
  }

  private freshName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }
}

function makeVariant(
  kernel: Kernel,
  opened: readonly number[],
  inPlace: readonly [number, number] | undefined,
  name: string,
): Kernel {
  const replaced = new Map<Buffer, Buffer>();
  kernel.buffers.forEach((buffer, i) => {
    const isOpened = opened.includes(i) || i === inPlace?.[0];
    if (isOpened && buffer.access !== "read_write") replaced.set(buffer, { ...buffer, access: "read_write" });
  });
  const now = (buffer: Buffer): Buffer => replaced.get(buffer) ?? buffer;
  let buffers = kernel.buffers.map(now);
  if (inPlace !== undefined) {
    const [output, input] = inPlace;
    const from = kernel.buffers[input];
    const to = buffers[output];
    if (from === undefined || to === undefined) throw new InternalError(`@${kernel.name} has no buffers ${inPlace.join(", ")}`); // prettier-ignore
    replaced.set(from, to);
    buffers = buffers.filter((_, i) => i !== input);
  }
  const rest = kernel.inPlace
    .filter(([output, input]) => inPlace === undefined || (output !== inPlace[0] && input !== inPlace[1]))
    .map(([output, input]): readonly [number, number] => [shifted(output, inPlace), shifted(input, inPlace)]);
  return { ...kernel, name, buffers, inPlace: rest, body: kernel.body.map((statement) => inStatement(statement, now)) };
}

function shifted(index: number, inPlace: readonly [number, number] | undefined): number {
  return inPlace !== undefined && index > inPlace[1] ? index - 1 : index;
}

function inStatement(statement: Statement, now: (buffer: Buffer) => Buffer): Statement {
  switch (statement.kind) {
    case "let":
      return { ...statement, expression: inExpression(statement.expression, now) };
    case "store":
      return { ...statement, buffer: now(statement.buffer) };
    case "for":
      return { ...statement, body: statement.body.map((inner) => inStatement(inner, now)) };
    case "if":
      return {
        ...statement,
        body: statement.body.map((inner) => inStatement(inner, now)),
        otherwise: statement.otherwise.map((inner) => inStatement(inner, now)),
      };
    case "barrier":
      return statement;
  }
}

function inExpression(expression: Expression, now: (buffer: Buffer) => Buffer): Expression {
  return expression.kind === "load" ? { ...expression, buffer: now(expression.buffer) } : expression;
}
