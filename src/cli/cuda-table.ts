/** The figures of compiled kernels as rows for a machine and as an aligned table for people. */
import type { CudaArch, CudaKernel, CudaResult } from "./cuda-compiler.ts";

export type KernelRow = CudaKernel & { readonly arch: CudaArch };

/** One row a kernel, in the order of the results. */
export function kernelRows(results: readonly CudaResult[]): readonly KernelRow[] {
  return results.flatMap(({ arch, kernels }) => kernels.map((kernel) => ({ arch, ...kernel })));
}

/** Bytes but for the registers; `spills` are bytes stored and loaded. */
const COLUMNS: readonly (readonly [title: string, cell: (row: KernelRow) => string | number])[] = [
  ["kernel", (row) => row.name],
  ["arch", (row) => row.arch],
  ["registers", (row) => row.registers],
  ["shared", (row) => row.sharedBytes],
  ["local", (row) => row.localBytes],
  ["spills", (row) => (row.spillStores + row.spillLoads === 0 ? 0 : `${row.spillStores}+${row.spillLoads}`)],
  ["constants", (row) => row.constantBytes],
];

/** The table, one line a kernel: words to the left, numbers to the right. */
export function kernelTable(results: readonly CudaResult[]): string {
  const rows = kernelRows(results).map((row) => COLUMNS.map(([, cell]) => String(cell(row))));
  const lines = [COLUMNS.map(([title]) => title), ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const draw = (cells: readonly string[]) =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return lines.map((cells) => `${draw(cells)}\n`).join("");
}
