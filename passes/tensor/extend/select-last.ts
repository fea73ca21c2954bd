/**
 * Only the logits of each row's last real token are wanted, so everything between the last op that needs all tokens
 * and the logits is computed for one token: the slice moves before the head. The ops behind the slice are those that
 * work position by position and that nothing else uses; they are emitted with T = 1.
 */
import { Builder } from "../../../src/ir/builder.ts";
import type { Block, Func, Op, Value } from "../../../src/ir/ir.ts";
import type { OpTable } from "../../../src/ir/op-def.ts";
import { isRegionName } from "../../../src/ir/region-types.ts";
import { inlineBlock } from "../../../src/ir/rewrite.ts";
import { substituteSymbols } from "../../../src/ir/specialize.ts";
import { freeValues, usesOf } from "../../../src/ir/uses.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { scalarConstant } from "../constants.ts";
import { ROWS, TOKENS, mixing, tokenAxis } from "./positions.ts";

/**
 * `block` with ops that compute `logits` for the last of each row's `count` tokens only. Returns the ops and the value
 * `[B, V]`. logits: f[B, T, V]; count: i32[B].
 */
export function selectLast(
  block: Block,
  logits: Value,
  count: Value,
  ops: OpTable,
): { readonly ops: readonly Op[]; readonly logits: Value } {
  const head = headOf(block, logits, ops);
  const headBlock: Block = { args: [], ops: block.ops.filter((op) => head.has(op)), yields: [logits] };
  const inputs = freeValues(headBlock);
  const b = new Builder(ops);
  for (const op of block.ops) if (!head.has(op)) b.push(op);
  b.loc = block.ops.find((op) => op.results.includes(logits))?.loc;
  const taken = takeLast(inputs, count, b);
  const func: Func = {
    name: "head",
    args: inputs.map((input, i) => ({ name: `x${i}`, mode: "in", value: input })),
    results: [{ name: "logits" }],
    body: { ...headBlock, args: inputs },
  };
  const single = substituteSymbols(func, ops, { [TOKENS]: 1 });
  const [last] = inlineBlock(b, single.body, taken);
  const row = defined(last, "the head gives the logits");
  const flat = b.emit("reshape", [row], { shape: [Dim.symbol(ROWS), ...row.type.dims.slice(2)] }, "logits");
  return { ops: b.ops, logits: flat };
}

/** The ops behind the slice: walking back from the logits, as long as all uses of a result lie in the head. */
function headOf(block: Block, logits: Value, table: OpTable): ReadonlySet<Op> {
  const head = new Set<Op>();
  const uses = usesOf(block);
  for (const op of [...block.ops].reverse()) {
    const isInner = op.results.every((made) =>
      (uses.get(made) ?? []).every((use) => use.op !== undefined && head.has(use.op)),
    );
    const makesLogits = op.results.includes(logits);
    const isUsed = op.results.some((made) => (uses.get(made) ?? []).length > 0);
    if ((makesLogits || (isInner && isUsed)) && canFollow(op, table)) head.add(op);
  }
  return head;
}

/** Ops on whose operands the last token can be taken: they work position by position and have rows in front. */
function canFollow(op: Op, table: OpTable): boolean {
  if (isRegionName(op.name) || op.name === "attention" || op.name === "cache_write" || op.name === "iota") return false;
  // What derive-extend made of a convolution reads several positions.
  if (mixing(op, table) !== undefined) return false;
  return op.operands.every(
    (operand) =>
      operand === null || tokenAxis(operand.type) === undefined || operand.type.dims[0]?.equals(Dim.symbol(ROWS)),
  );
}

/** Each input that has an axis T, at index `count - 1`, with that axis of size 1; the others as they are. */
function takeLast(inputs: readonly Value[], count: Value, b: Builder): readonly Value[] {
  if (inputs.every((input) => tokenAxis(input.type) === undefined)) return inputs;
  const last = b.emit("sub", [count, scalarConstant(b, "i32", 1)], {}, "last");
  const index = b.emit("reshape", [last], { shape: [Dim.symbol(ROWS), 1] }, "last");
  return inputs.map((input) => {
    const axis = tokenAxis(input.type);
    return axis === undefined ? input : b.emit("take", [input, index], { axis, batch: 1 }, input.name);
  });
}
