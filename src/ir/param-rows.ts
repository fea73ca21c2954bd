/**
 * `param "w" {rows = [8, 16, 40]}`: rows 8 to 16 of a parameter whose first axis has 40. A weight that no binding of a
 * device holds is read in such pieces.
 */
import type { Attrs } from "./ir.ts";

export interface ParamRows {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Of the whole parameter. */
  readonly of: number;
}

/** The rows that an op `param` reads; undefined where it reads the whole parameter, or where the attribute is none. */
export function paramRows(attrs: Attrs): ParamRows | undefined {
  const { rows } = attrs;
  if (!Array.isArray(rows) || rows.length !== 3) return undefined;
  const [from, to, of] = rows.map(Number);
  const isRange = from !== undefined && to !== undefined && of !== undefined && 0 <= from && from < to && to <= of;
  return isRange ? { from, to, of } : undefined;
}
