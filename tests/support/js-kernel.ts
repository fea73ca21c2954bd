/** Runs emitted JavaScript kernels in tests. */
import { emitJs } from "../../codegen/js/emit.ts";
import { gridSize } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Kernel } from "../../src/kernel/ir.ts";

type Emitted = (
  buffers: Readonly<Record<string, Bytes>>,
  scalars: Readonly<Record<string, number>>,
  grid: readonly [number, number, number],
) => void;

/** One dispatch of a kernel that is legal for the profile `js`. */
export function runKernelInJs(
  kernel: Kernel,
  buffers: ReadonlyMap<string, Bytes>,
  scalars: Readonly<Record<string, number>> = {},
): void {
  const run = new Function(`return ${emitJs(kernel)}`)() as Emitted;
  run(Object.fromEntries(buffers), scalars, gridSize(kernel.grid, scalars));
}
