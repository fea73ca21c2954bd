/**
 * `param "w" {rows = [8, 16, 40]}`: rows 8 to 16 of a parameter whose first axis has 40. Further numbers are of the axes
 * behind it: `rows = [2, 3, 8, 0, 7168, 14336]` are rows 0 to 7168 of the third of eight matrices. A weight that no
 * binding of a device holds is read in such pieces; each is a stretch of the parameter's elements.
 */
import type { Attrs } from "./ir.ts";

/** Places along one axis. */
export interface ParamRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Of the whole parameter. */
  readonly of: number;
}

/** The ranges of the first axes; all but the last of them have one place, so that what is read lies together. */
export type ParamRows = readonly ParamRange[];

/** The rows that an op `param` reads; undefined where it reads the whole parameter, or where the attribute is none. */
export function paramRows(attrs: Attrs): ParamRows | undefined {
  const { rows } = attrs;
  if (!Array.isArray(rows) || rows.length === 0 || rows.length % 3 !== 0) return undefined;
  const numbers = rows.map(Number);
  const ranges = Array.from({ length: rows.length / 3 }, (_, axis): ParamRange => {
    const [from = NaN, to = NaN, of = NaN] = numbers.slice(3 * axis, 3 * axis + 3);
    return { from, to, of };
  });
  const isOne = ({ from, to }: ParamRange): boolean => to - from === 1;
  const areRanges = ranges.every(({ from, to, of }) => 0 <= from && from < to && to <= of);
  return areRanges && ranges.slice(0, -1).every(isOne) ? ranges : undefined;
}

/** The numbers of the attribute. */
export function rowsAttr(rows: ParamRows): readonly number[] {
  return rows.flatMap(({ from, to, of }) => [from, to, of]);
}

/** `[2:3, 0:7168]` */
export function rowsText(rows: ParamRows): string {
  return `[${rows.map(({ from, to }) => `${from}:${to}`).join(", ")}]`;
}

/** The number of the first row, counted in rows of the last axis that has a range. */
export function firstRow(rows: ParamRows): number {
  return rows.reduce((row, { from, of }) => row * of + from, 0);
}
