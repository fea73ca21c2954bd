/**
 * Learned positions: tables of which `forward` reads one row a position, by `take` with an index that comes from an
 * `iota` along T. `take` clamps an index beyond its table, so a context longer than the table would silently repeat its
 * last row. An index that the model bounds itself (`min(iota(T), 63)`) is no position any more, and is not judged.
 */
import { Builder } from "../../../src/ir/builder.ts";
import type { Block, Func, Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { hasTrait } from "../../../src/ir/op-def.ts";
import { Dim } from "../../../src/support/dim.ts";
import type { Loc } from "../../../src/support/source.ts";
import { axisAttr, dimsAttr, wordAttr } from "../attrs.ts";
import { splatOf } from "../constants.ts";
import { ROWS, TOKENS } from "./positions.ts";

export interface PositionTable {
  /** The path of the parameter, where the table is one. */
  readonly path: string | undefined;
  readonly rows: number;
  /** The largest row that T positions read: `T - 1`, `T + 1`. */
  readonly last: Dim;
  /** Where it is read. */
  readonly loc: Loc | undefined;
}

export function positionTables(forward: Func, ops: OpTable): readonly PositionTable[] {
  const finder = new Finder(ops);
  finder.visitBlock(forward.body);
  return finder.tables;
}

/** Whether the table has a row for each of the first `count` positions. */
export function holds({ rows, last }: PositionTable, count: number): boolean {
  return last.evaluate({ [ROWS]: 1, [TOKENS]: count }) < rows;
}

/** The largest number of positions up to `most` that every table has rows for; 0 where there is none. */
export function positionsHeld(tables: readonly PositionTable[], most: number): number {
  let [fits, tooMany] = [0, most + 1];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (tables.every((table) => holds(table, middle))) fits = middle;
    else tooMany = middle;
  }
  return fits;
}

/** Walks in the order of the ops; what a loop carries is not known. */
class Finder {
  readonly tables: PositionTable[] = [];
  /** The largest element of each value that is made of positions. */
  private readonly largest = new Map<Value, Dim>();
  private readonly makers = new Map<Value, Op>();

  constructor(private readonly ops: OpTable) {}

  visitBlock(block: Block): void {
    for (const op of block.ops) this.visit(op);
  }

  private visit(op: Op): void {
    for (const result of op.results) this.makers.set(result, op);
    op.regions.forEach((region) => this.visitBlock(region));
    const [result] = op.results;
    if (result === undefined) return;
    const hasPositions = op.operands.some((operand) => operand !== null && this.largest.has(operand));
    if (hasPositions && hasTrait(this.ops.get(op.name), "composite")) return this.visitParts(op, result);
    if (op.name === "take") return this.visitTake(op);
    const made = this.largestOf(op);
    if (made !== undefined) this.largest.set(result, made);
  }

  private visitParts(op: Op, result: Value): void {
    const parts = new Builder(this.ops, op.loc);
    const [made] = this.ops.get(op.name)?.decompose?.(parts, op.operands, op.attrs, op) ?? [];
    for (const part of parts.ops) this.visit(part);
    const last = made && this.largest.get(made);
    if (last !== undefined) this.largest.set(result, last);
  }

  private visitTake(op: Op): void {
    const [table, index] = op.operands;
    const last = index ? this.largest.get(index) : undefined;
    if (!table || last === undefined) return;
    const rows = table.type.dims[axisAttr(op, table.type.dims.length)]?.asNumber();
    if (rows !== undefined) this.tables.push({ path: this.pathOf(table), rows, last, loc: op.loc });
  }

  private largestOf(op: Op): Dim | undefined {
    const of = (index: number): Dim | undefined => {
      const operand = op.operands[index];
      return operand ? this.largest.get(operand) : undefined;
    };
    switch (op.name) {
      case "iota": {
        const shape = dimsAttr(op, "shape");
        const size = shape[axisAttr(op, shape.length)];
        return size?.symbols().has(TOKENS) === true ? size.sub(1) : undefined;
      }
      case "reshape":
      case "broadcast":
      case "transpose":
      case "cast":
        return of(0);
      case "add":
        return this.shifted(of(0), op, 1, 1) ?? this.shifted(of(1), op, 0, 1);
      case "sub":
        return this.shifted(of(0), op, 1, -1);
      default:
        return undefined;
    }
  }

  /** `positions + sign * n` where the other operand is a constant n. */
  private shifted(positions: Dim | undefined, op: Op, other: number, sign: number): Dim | undefined {
    const operand = op.operands[other];
    const n = operand ? splatOf(this.makers.get(operand)) : undefined;
    return positions === undefined || n === undefined ? undefined : positions.add(sign * n);
  }

  private pathOf(table: Value): string | undefined {
    const maker = this.makers.get(table);
    const [source] = maker?.operands ?? [];
    if (maker?.name === "cast" && source) return this.pathOf(source);
    return maker?.name === "param" ? wordAttr(maker, "path") : undefined;
  }
}
