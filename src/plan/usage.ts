/**
 * Which storage buffers of a kernel its body reads and writes. The declared `access` is not enough: a binding into the
 * arena is `read_write` whatever the kernel does with it (DECISIONS.md 21).
 */
import type { Buffer, Kernel, Statement } from "../kernel/ir.ts";

export interface BufferUsage {
  readonly reads: boolean;
  readonly writes: boolean;
}

const cache = new WeakMap<Kernel, readonly BufferUsage[]>();

/** One entry a storage buffer, in binding order. A buffer that the body never touches counts as read. */
export function usageOf(kernel: Kernel): readonly BufferUsage[] {
  const known = cache.get(kernel);
  if (known !== undefined) return known;
  const read = new Set<Buffer>();
  const written = new Set<Buffer>();
  collect(kernel.body, read, written);
  const usage = kernel.buffers.map((buffer) => ({
    reads: read.has(buffer) || !written.has(buffer),
    writes: written.has(buffer),
  }));
  cache.set(kernel, usage);
  return usage;
}

function collect(body: readonly Statement[], read: Set<Buffer>, written: Set<Buffer>): void {
  for (const statement of body) {
    if (statement.kind === "let" && statement.expression.kind === "load") read.add(statement.expression.buffer);
    else if (statement.kind === "store") written.add(statement.buffer);
    else if (statement.kind === "for") collect(statement.body, read, written);
    else if (statement.kind === "if") {
      collect(statement.body, read, written);
      collect(statement.otherwise, read, written);
    }
  }
}
