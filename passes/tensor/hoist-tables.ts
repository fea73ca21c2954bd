/**
 * hoist-tables: takes out of the step of a `scan` what no kernel computes (tables that are made at load time, lists of
 * constants, a scan that walks along something else) together with what only it is computed from. Where such an op
 * depends on the step it stays; the scan then has no schedule, which lowering reports.
 */
import type { Block, Module, Op, Value } from "../../src/ir/ir.ts";
import { freeValues } from "../../src/ir/uses.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import type { Pass } from "../manager/pass.ts";
import { literalOf, splatOf } from "./constants.ts";
import { mapFuncs } from "./map-funcs.ts";
import { fitsStep } from "./scan-axes.ts";

export const hoistTables: Pass<Module> = {
  name: "hoist-tables",
  summary: "Takes out of a scan's steps what no kernel computes and no step changes.",
  promise: "bit-exact",
  requires: [],
  establishes: [],
  destroys: [],
  required: true,
  run: (module, { ops }) => mapFuncs(module, (func) => ({ ...func, body: hoistIn(func.body, ops) })),
};

function hoistIn(block: Block, table: OpTable): Block {
  const ops = block.ops.flatMap((op): readonly Op[] => {
    if (op.regions.length === 0) return [op];
    const regions = op.regions.map((region) => hoistIn(region, table));
    const [body] = regions;
    if (op.name !== "scan" || body === undefined) return [{ ...op, regions }];
    const out = hoisted(body, table);
    return [...out, { ...op, regions: [{ ...body, ops: body.ops.filter((inner) => !out.has(inner)) }] }];
  });
  return { ...block, ops };
}

/** The ops of a step that go in front of the scan, in their order. */
function hoisted(body: Block, table: OpTable): ReadonlySet<Op> {
  const changing = new Set<Value>(body.args);
  const makers = new Map<Value, Op>();
  const wanted = new Set<Op>();
  const want = (op: Op): void => {
    wanted.add(op);
    for (const input of inputsOf(op)) {
      const maker = makers.get(input);
      if (maker !== undefined && !wanted.has(maker)) want(maker);
    }
  };
  for (const op of body.ops) {
    const isChanging = inputsOf(op).some((input) => changing.has(input));
    for (const made of op.results) {
      if (isChanging) changing.add(made);
      else makers.set(made, op);
    }
    if (!isChanging && !isInStep(op, table)) want(op);
  }
  return new Set(body.ops.filter((op) => wanted.has(op)));
}

function isInStep(op: Op, table: OpTable): boolean {
  return fitsStep(op, table) && (literalOf(op) === undefined || splatOf(op) !== undefined);
}

/** What an op reads, its blocks included. */
function inputsOf(op: Op): readonly Value[] {
  return [...op.operands.filter((operand) => operand !== null), ...op.regions.flatMap(freeValues)];
}
