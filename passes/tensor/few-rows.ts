/** Products of few rows, which are a matter of reading a matrix once: the schedule `matvec`, and what fuse gives to it. */
import type { Op } from "../../src/ir/ir.ts";
import type { OpTable } from "../../src/ir/op-def.ts";
import { hasTrait } from "../../src/ir/op-def.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { PassContext } from "../manager/pass.ts";
import { sizeUnder } from "./fuse/cost.ts";

/** Products with at most this many rows are split along K instead of tiled: each weight is read once anyway. */
const MATVEC_ROWS = 8;

export function isProduct(op: Op, ops: OpTable): boolean {
  return hasTrait(ops.get(op.name), "contract");
}

/** Whether the products among the ops have few rows, all batch axes together, under the declared capacities. */
export function hasFewRows(ops: readonly Op[], { ops: table, capacities }: PassContext): boolean {
  const product = defined(
    ops.find((op) => isProduct(op, table)),
    "a product among the ops",
  );
  const { dims } = defined(product.results[0], "a product has a result").type;
  return sizeUnder(Dim.product(dims.slice(0, -1)), capacities) <= MATVEC_ROWS;
}
