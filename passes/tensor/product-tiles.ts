/** What `matmul.workgroup` keeps in the memory of a workgroup: for the schedule that chooses its sizes and for lowering. */
import type { Limits, Tiles } from "../../src/kernel/target-info.ts";

/** Bytes of an element in workgroup memory: f32. */
const ELEMENT = 4;

/** Operands are brought in blocks of so many terms and rows or columns. */
export const BLOCK = 4;

/** The columns of an invocation for each of several products: together as many as one would have, but never less than a
 * block. */
export function columnsOfEach(columns: number, products: number): number {
  return Math.max(BLOCK, Math.floor(columns / (BLOCK * products)) * BLOCK);
}

/** Terms that are brought at a time: what the profile wishes, or less where the operands of so many products would not fit. */
export function termsThatFit(wished: number, products: number, tile: Tiles["matmul"], limits: Limits): number {
  const { rows, columns, workgroupRows, workgroupColumns } = tile;
  const places = rows * workgroupRows + products * columnsOfEach(columns, products) * workgroupColumns;
  let terms = wished;
  while (terms > BLOCK && places * terms * ELEMENT > limits.maxWorkgroupMemoryBytes)
    terms = Math.ceil(terms / (2 * BLOCK)) * BLOCK;
  return terms;
}
