/**
 * Buffers of f16 and bf16 on targets that cannot hold them: the same bytes as an array of u32, two elements a word, the
 * lower half first; of an odd number the last word is half used. Only reads: a store of half a word would race with its
 * neighbour.
 */
import { Dim } from "../../src/support/dim.ts";
import { InternalError } from "../../src/support/errors.ts";
import type { Buffer, KType, KValue, Kernel } from "../../src/kernel/ir.ts";
import { F32, U32 } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { walkStatements } from "../../src/kernel/walk.ts";
import type { Sequence } from "./sequence.ts";
import { expandLets } from "./sequence.ts";

const F32X2: KType = { scalar: "f32", lanes: 2 };
const F32X4: KType = { scalar: "f32", lanes: 4 };

/** The buffers of halves that the kernel writes and the target cannot hold. */
export function foreignStores(kernel: Kernel, info: TargetInfo): readonly Buffer[] {
  const found = new Set<Buffer>();
  walkStatements(kernel.body, (statement) => {
    if (statement.kind === "store" && isForeign(statement.buffer, info)) found.add(statement.buffer);
  });
  return [...found];
}

/** Throws `InternalError` where there are `foreignStores`. */
export function legalizeHalf(kernel: Kernel, info: TargetInfo): Kernel {
  for (const { name, element } of foreignStores(kernel, info))
    throw new InternalError(`kernel ${kernel.name} stores ${element} in ${name}, which ${info.name} cannot`);
  const words = new Map<Buffer, Buffer>();
  for (const buffer of kernel.buffers) if (isForeign(buffer, info)) words.set(buffer, asWords(buffer));
  if (words.size === 0) return kernel;
  const legal = expandLets(kernel, (expression, _result, sequence) => {
    const word = expression.kind === "load" ? words.get(expression.buffer) : undefined;
    if (expression.kind !== "load" || word === undefined) return undefined;
    return decode(sequence, expression.buffer, word, expression.index);
  });
  return { ...legal, buffers: legal.buffers.map((buffer) => words.get(buffer) ?? buffer) };
}

function isForeign({ element }: Buffer, info: TargetInfo): boolean {
  return (element === "f16" || element === "bf16") && !info.storage.includes(element);
}

function asWords(buffer: Buffer): Buffer {
  if (buffer.lanes !== 1) return { ...buffer, element: "u32", lanes: buffer.lanes === 4 ? 2 : 1 };
  const size = buffer.length.asNumber();
  const length = size === undefined ? buffer.length.div(2) : Dim.of(Math.ceil(size / 2));
  return { ...buffer, element: "u32", ...(length === undefined ? { per: 2 } : { length }) };
}

function decode(s: Sequence, buffer: Buffer, words: Buffer, index: KValue): KValue {
  const pair = buffer.element === "f16" ? f16Pair : bf16Pair;
  if (buffer.lanes === 2) return s.vector(pair(s, s.load(words, index)), F32X2);
  if (buffer.lanes === 4) {
    const both = s.load(words, index);
    return s.vector([...pair(s, s.extract(both, 0)), ...pair(s, s.extract(both, 1))], F32X4);
  }
  const [low, high] = pair(s, s.load(words, s.binary("shr", index, 1)));
  return s.select(s.binary("eq", s.binary("and", index, 1), 1), high, low);
}

function f16Pair(s: Sequence, word: KValue): readonly [KValue, KValue] {
  const pair = s.emit({ kind: "intrinsic", name: "unpack2x16float", args: [word] }, F32X2);
  return [s.extract(pair, 0), s.extract(pair, 1)];
}

/** A bf16 is the upper half of an f32. */
function bf16Pair(s: Sequence, word: KValue): readonly [KValue, KValue] {
  const shift = s.literal(16, U32);
  return [s.bitcast(s.binary("shl", word, shift), F32), s.bitcast(s.binary("and", word, 0xffff0000), F32)];
}
