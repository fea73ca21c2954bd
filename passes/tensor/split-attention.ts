/**
 * split-attention: attention of few queries over many keys becomes attention over chunks of the keys, side by side, and
 * ordinary ops that put the chunks together: `m = max_c max`, `w = e^(max - m)`, `out = sum_c w mix / sum_c w sum`. One
 * token would keep as many workgroups busy as the model has heads, and the longer the cache, the longer they would take.
 * How long a chunk is says the profile, so the arithmetic does not depend on the device; chunks that a query does not
 * reach cost nothing. Attention whose operands and three results are more than a kernel binds stays as it is.
 */
import type { Builder } from "../../src/ir/builder.ts";
import type { Module, Op, Value } from "../../src/ir/ir.ts";
import { result } from "../../src/ir/ir.ts";
import { rewriteFunc } from "../../src/ir/rewrite.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Pass, PassContext } from "../manager/pass.ts";
import { scalarConstant } from "./constants.ts";
import { sizeUnder } from "./fuse/cost.ts";
import { mapFuncs } from "./map-funcs.ts";

/** Mix, maximum and sum. */
const RESULTS = 3;

export const splitAttention: Pass<Module> = {
  name: "split-attention",
  summary: "Splits attention of few queries over many keys into chunks of keys.",
  promise: "reassociates",
  requires: [],
  establishes: [],
  destroys: [],
  required: false,
  run: (module, context) =>
    mapFuncs(module, (func) =>
      rewriteFunc(func, context.ops, (op, operands, b) => {
        const chunks = chunksOf(op, context);
        return chunks === undefined ? undefined : [inChunks(op, operands, chunks, b)];
      }),
    ),
};

interface Chunks {
  /** Keys of one. */
  readonly chunk: number;
  readonly chunks: number;
}

function chunksOf(op: Op, { info, capacities }: PassContext): Chunks | undefined {
  const { keySplit: split } = info.tiles;
  if (op.name !== "attention" || split === undefined || result(op).type.dtype !== "f32") return undefined;
  const bound = new Set(op.operands.filter((operand) => operand !== null)).size + RESULTS;
  const queries = sizeUnder(Dim.product(result(op).type.dims.slice(0, 3)), capacities);
  if (queries > split.mostQueries || bound > info.limits.maxStorageBuffers) return undefined;
  const keys = sizeUnder(defined(op.operands[1]?.type.dims[2], "k has four axes"), capacities);
  return keys < split.least ? undefined : { chunk: split.keys, chunks: Math.ceil(keys / split.keys) };
}

function inChunks(op: Op, operands: readonly (Value | null)[], chunks: Chunks, b: Builder): Value {
  const [mix, max, sum] = b.emitAll("attention_part", operands, { ...op.attrs, ...chunks });
  const out = result(op);
  const shape = [...out.type.dims, Dim.of(chunks.chunks)];
  // Numbers of a chunk, once for each channel, so that the kernel folds rows of one shape.
  const wide = (x: Value | undefined): Value => {
    const one = b.emit("reshape", [defined(x, "three results")], { shape: shape.with(3, Dim.of(1)) });
    return b.emit("broadcast", [one], { shape });
  };
  const largest = wide(max);
  const top = b.emit("reduce_max", [largest], { axis: 4, keep: true }, op.name);
  const weights = b.emit("exp", [b.emit("sub", [largest, top])], {}, op.name);
  const values = b.emit("transpose", [defined(mix, "three results")], { perm: [0, 1, 2, 4, 3] });
  const total = (x: Value): Value => b.emit("sum", [b.emit("mul", [weights, x])], { axis: 4, keep: false }, op.name);
  const [mixed, whole] = [total(values), total(wide(sum))];
  // A query that sees no key has only sums of 0.
  const isSeen = b.emit("gt", [whole, scalarConstant(b, "f32", 0)]);
  const divisor = b.emit("select", [isSeen, whole, scalarConstant(b, "f32", 1)]);
  return b.emit("div", [mixed, divisor], {}, out.name);
}
