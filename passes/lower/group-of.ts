/**
 * Prepares an op for its schedule: a group's body, or a body of one op; with what is made of nothing (`iota`, single
 * numbers) put inside, and tables that a body holds taken out, because a kernel has no tables.
 */
import type { Block, Op, Value } from "../../src/ir/ir.ts";
import { result, value } from "../../src/ir/ir.ts";
import type { TensorType } from "../../src/ir/type.ts";
import type { Loc } from "../../src/support/source.ts";
import { defined } from "../../src/support/errors.ts";
import { splatOf } from "./pull-move.ts";

export interface PreparedGroup {
  readonly name: string;
  readonly block: Block;
  /** The value outside that each block argument stands for; a table of the body stands for itself. */
  readonly operands: readonly Value[];
  /** Tables of the body. */
  readonly tables: readonly Op[];
  readonly locs: readonly Loc[];
}

/** `recipeOf` answers with the op that makes a value of nothing, for values that have no place. */
export function groupOf(op: Op, recipeOf: (value: Value) => Op | undefined): PreparedGroup {
  const region = op.regions[0];
  const operands = op.operands.filter((operand): operand is Value => operand !== null);
  const distinct = region === undefined ? [...new Set(operands)] : operands;
  const body: Block = region ?? { args: distinct, ops: [op], yields: op.results };
  const kept: { arg: Value; operand: Value }[] = [];
  const inlined: Op[] = [];
  body.args.forEach((arg, i) => {
    const operand = defined(distinct[i], `${op.name} has more block arguments than operands`);
    const recipe = recipeOf(operand);
    if (recipe === undefined) kept.push({ arg, operand });
    else inlined.push({ ...recipe, results: [arg] });
  });
  const tables = body.ops.filter((inner) => inner.name === "constant" && splatOf(inner) === undefined);
  const tableValues = tables.map((table) => result(table));
  return {
    name: typeof op.attrs["name"] === "string" ? op.attrs["name"] : op.name,
    block: {
      args: [...kept.map(({ arg }) => arg), ...tableValues],
      ops: [...inlined, ...body.ops.filter((inner) => !tables.includes(inner))],
      yields: body.yields,
    },
    operands: [...kept.map(({ operand }) => operand), ...tableValues],
    tables,
    locs: locsOf(op, body),
  };
}

/** A group that copies one value of this type. */
export function copyGroup(type: TensorType): { readonly op: Op; readonly group: PreparedGroup } {
  const [from, to]: readonly [Value, Value] = [value(type, "copy"), value(type, "copy")];
  const block: Block = { args: [from], ops: [], yields: [from] };
  return {
    op: { name: "group", operands: [from], attrs: { schedule: "elementwise" }, results: [to], regions: [] },
    group: { name: "copy", block, operands: [from], tables: [], locs: [] },
  };
}

function locsOf(op: Op, body: Block): readonly Loc[] {
  const locs = [...body.ops, op].map(({ loc }) => loc).filter((loc): loc is Loc => loc !== undefined);
  const seen = new Set<string>();
  return locs.filter((loc) => {
    const key = JSON.stringify(loc);
    return seen.has(key) ? false : (seen.add(key), true);
  });
}
