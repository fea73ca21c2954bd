/**
 * Where the private buffers of a kernel lie: in WebAssembly locals if every index is a literal and
 * no value is rounded, else in the stack area
 * of memory that the caller gives. The kernel's loops are unrolled already.
 */
import type { Buffer, KValue, Kernel } from "../../src/kernel/ir.ts";
import { elementBytes } from "../../src/kernel/ir.ts";
import { defined } from "../../src/support/errors.ts";
import { walkStatements } from "../../src/kernel/walk.ts";

export interface PrivateMemory {
  /** Buffers whose elements are locals. */
  readonly registers: ReadonlySet<Buffer>;
  /** Byte offset in the stack area of each of the others; vectors are aligned. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

const ALIGNMENT = 16;

/** A workgroup buffer is one of the only invocation's own. `literals` holds the literal values of the kernel. */
export function privateMemory(kernel: Kernel, literals: ReadonlyMap<KValue, number>): PrivateMemory {
  const indexed = new Set<Buffer>();
  const visit = (buffer: Buffer, index: KValue): void => {
    if (!literals.has(index) || elementBytes(buffer.element) < 4) indexed.add(buffer);
  };
  walkStatements(kernel.body, (statement) => {
    if (statement.kind === "store") visit(statement.buffer, statement.index);
    if (statement.kind !== "let") return;
    const { expression } = statement;
    if (expression.kind === "load" || expression.kind === "workgroup_load") visit(expression.buffer, expression.index);
  });
  const offsets = new Map<Buffer, number>();
  let bytes = 0;
  for (const buffer of kernel.locals) {
    if (!indexed.has(buffer)) continue;
    offsets.set(buffer, bytes);
    const length = defined(buffer.length.asNumber(), `the length of ${buffer.name} is a number`);
    bytes += Math.ceil((length * buffer.lanes * elementBytes(buffer.element)) / ALIGNMENT) * ALIGNMENT;
  }
  return { registers: new Set(kernel.locals.filter((buffer) => !indexed.has(buffer))), offsets, bytes };
}
