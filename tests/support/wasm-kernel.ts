/** Runs emitted WebAssembly kernels in tests: arrays are copied into a memory, and back after the run. */
import { emitWasm } from "../../codegen/wasm/emit.ts";
import { gridSize } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Kernel } from "../../src/kernel/ir.ts";

const PAGE = 65536;

/** A kernel that is legal for the profile `cpu-simd`, compiled; `parts` runs it in so many pieces along
 * x, `grid` with other numbers of workgroups. */
export function wasmRunner(
  kernel: Kernel,
): (
  buffers: ReadonlyMap<string, Bytes>,
  scalars: Readonly<Record<string, number>>,
  parts?: number,
  grid?: readonly [number, number, number],
) => void {
  const module = new WebAssembly.Module(emitWasm([kernel]));
  return (buffers, scalars, parts = 1, grid = gridSize(kernel.grid, scalars)) => {
    const places = new Map<Bytes, number>();
    let end = 2 * PAGE;
    for (const array of buffers.values()) {
      if (places.has(array)) continue;
      places.set(array, end);
      end = Math.ceil((end + array.byteLength + 16) / 16) * 16;
    }
    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE), maximum: Math.ceil(end / PAGE) });
    const view = (array: Bytes): Uint8Array => new Uint8Array(memory.buffer, places.get(array), array.byteLength);
    const bytes = (array: Bytes): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (const array of places.keys()) view(array).set(bytes(array));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if ((exports["stack_bytes"] as WebAssembly.Global).value > PAGE) throw new Error("a kernel with a large stack");
    const run = exports[kernel.name] as (...args: number[]) => void;
    const offsets = kernel.buffers.map(({ name }) => places.get(buffers.get(name)!)!);
    const values = (["call", "launch"] as const).flatMap((from) =>
      kernel.scalars.filter((scalar) => scalar.from === from).map(({ name }) => scalars[name]!),
    );
    const [x, y, z] = grid;
    for (let part = 0; part < parts; part++) {
      const [from, to] = [Math.floor((x * part) / parts), Math.floor((x * (part + 1)) / parts)];
      run(...offsets, ...values, from, to, x, y, z, PAGE);
    }
    for (const array of places.keys()) bytes(array).set(view(array));
  };
}

/** One dispatch. */
export function runKernelInWasm(
  kernel: Kernel,
  buffers: ReadonlyMap<string, Bytes>,
  scalars: Readonly<Record<string, number>> = {},
): void {
  wasmRunner(kernel)(buffers, scalars);
}
