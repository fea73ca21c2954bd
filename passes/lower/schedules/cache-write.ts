/**
 * cache_write: one invocation for each element of `new`, or for four neighbours, stored at its row's position in the
 * cache's own buffer. The rest of the cache is not touched. What `new` is made of (rotary embedding) is pulled.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { result } from "../../../src/ir/ir.ts";
import type { Op } from "../../../src/ir/ir.ts";
import { elementCount } from "../../../src/ir/type.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import type { GroupSpec } from "../group-spec.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import type { Index } from "../pull.ts";
import { elementwise } from "./elementwise.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

export function cacheWrite(emission: Emission): LaunchShape {
  const { body, spec } = emission;
  const writes = body.yields.map((value) => body.ops.find((op) => op.results.includes(value)));
  return writes.every((op, which): op is Op => op !== undefined && replacesItsCache(spec, op, which))
    ? updateInPlace(emission, writes)
    : elementwise(emission);
}

/** Whether result `which` of the group is this write, and lies where the cache does. */
export function replacesItsCache(spec: GroupSpec, op: Op, which: number): boolean {
  if (op.name !== "cache_write") return false;
  const source = spec.args[spec.block.args.findIndex((arg) => arg === op.operands[0])];
  return source?.kind === "slot" && source.slot === spec.outputs[which];
}

function updateInPlace(emission: Emission, writes: readonly Op[]): LaunchShape {
  const { emitter, spec, info } = emission;
  const { type } = freshOf(defined(writes[0], "a cache_write schedule without a write"));
  const depth = defined(type.dims[3], "new keys or values have four axes");
  const width = writes.every((op) => freshOf(op).type.dims[3]?.div(LANES) !== undefined) ? LANES : 1;
  const size = tileAttr(spec.attrs, "lanes", info.tiles.elementwise);
  const count = defined(
    elementCount(type)
      .div(depth)
      ?.mul(defined(depth.div(width), "whole vectors")),
    "a head",
  );
  const work = deal(emission, count, size, "invocation");
  const flat = width === 1 ? work.index : work.index.scale(LANES).add(LinearIndex.atom({ kind: "lane" }));
  guarded(emitter, work.isInside, () =>
    writes.forEach((op, which) => writeOne(emission, op, which, unflatten(flat, freshOf(op).type.dims))),
  );
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}

/** Writes the new element at this index, or four neighbours, into the cache that result `which` of the group is. */
export function writeOne({ emitter, puller, memory }: Emission, op: Op, which: number, index: Index): void {
  const [row, token] = [index.slice(0, 1), defined(index[2], "no token axis")];
  const [pos, count] = [operand(op, 2), operand(op, 3)];
  const cacheDims = result(op).type.dims;
  const length = defined(cacheDims[2], "a cache has four axes");
  const t = emitter.index(token);
  const s = emitter.binary("add", puller.at(pos, row), t);
  const isWritten = all(emitter.binary.bind(emitter), [
    emitter.binary("lt", t, puller.at(count, row)),
    emitter.binary("ge", s, emitter.i32(0)),
    emitter.binary("lt", s, emitter.index(LinearIndex.of(length))),
  ]);
  emitter.when(isWritten, () =>
    memory.store(which, flatten(index.with(2, emitter.leaf(s, length)), cacheDims), puller.at(freshOf(op), index)),
  );
}

function all(binary: (op: "and", x: KValue, y: KValue) => KValue, conditions: readonly KValue[]): KValue {
  return conditions.reduce((every, condition) => binary("and", every, condition));
}

function freshOf(op: Op): NonNullable<Op["operands"][number]> {
  return operand(op, 1);
}

function operand(op: Op, which: number): NonNullable<Op["operands"][number]> {
  return defined(op.operands[which], `cache_write without operand ${which}`);
}
