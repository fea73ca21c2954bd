/**
 * sample: the next token of each row from its logits, with temperature, top-k and top-p. The definition is written so
 * that a kernel can follow it step by step: thresholds are found by bisection on 32-bit keys, nothing is sorted.
 */
import { exact } from "../../ir/op-def.ts";
import type { OpDef } from "../../ir/op-def.ts";
import { tensorType } from "../../ir/type.ts";
import type { DType, TensorType } from "../../ir/type.ts";
import { firstLargest } from "../reduce/argmax.ts";
import { wrongDType, wrongRank } from "../support/shape.ts";
import { at, operand, resultTensor } from "../support/tensor.ts";
import { gumbel } from "./gumbel.ts";
import { orderKey } from "./order-key.ts";
import { sampleSamples } from "./sample-samples.ts";
import { threefry } from "./threefry.ts";

/** Name and element type of the operands behind the logits; each is a single number. */
const CONTROLS: readonly (readonly [string, DType])[] = [
  ["temperature", "f32"],
  ["top_k", "i32"],
  ["top_p", "f32"],
  ["seed", "u32"],
  ["step", "u32"],
];

export const sample: OpDef = {
  name: "sample",
  doc: [
    "A token of each row: i32[B]. For one row x of logits, read as f32:",
    "1. If not `temperature > 0`, the result is `argmax x`. NaN never wins, and all NaN gives 0; this holds below too.",
    "2. `key(x)` is u32 and orders as the numbers do (see `order-key.ts`); NaN has key 0 and is not kept.",
    "3. Top-k: K is the largest u32 with `count(key >= K) >= top_k`; K = 1 if `top_k <= 0` or `top_k >= V`. Ties with " +
      "the k-th largest are all kept.",
    "4. Top-p: with `w = e^((x - max x) / temperature)` over `key >= K` and W their sum, P is the largest u32 with " +
      "`sum(w where key >= max(K, P)) >= top_p * W`, at most `key(max x)`; P = 1 if `top_p >= 1`.",
    "5. K and P are found in 32 steps: starting at 0, from bit 31 to bit 0, a bit is set if the condition still holds.",
    "6. The result is the first argmax of `(x - max x) / temperature + g` over `key >= max(K, P, 1)`, with " +
      "`g = -log(-log u)` and `u = (floor(random_bits(seed, step, row, token) / 512) + 1/2) / 2^23` (Gumbel-max).",
  ].join("\n"),
  operands: ["logits", ...CONTROLS.map(([name]) => name)],
  attrs: {},
  traits: ["pure"],
  infer(operands) {
    const logits = operand(operands, 0);
    const sentence = wrongDType("logits", logits, ["f32"]) ?? wrongRank("logits", logits, 2, "[B, V]");
    if (sentence !== undefined) return sentence;
    for (const [index, [name, dtype]] of CONTROLS.entries()) {
      const type: TensorType = operand(operands, index + 1);
      const wrong = wrongDType(name, type, [dtype]) ?? wrongRank(name, type, 0, `a single number, ${dtype}[]`);
      if (wrong !== undefined) return wrong;
    }
    return [tensorType("i32", logits.dims.slice(0, 1))];
  },
  evaluate(operands, _attrs, context) {
    const logits = operand(operands, 0);
    const number = (index: number): number => at(operand(operands, index).data, 0);
    const controls: Controls = {
      temperature: number(1),
      topK: number(2),
      topP: number(3),
      seed: number(4),
      step: number(5),
    };
    const out = resultTensor(context);
    const V = at(logits.dims, 1);
    for (let row = 0; row < out.data.length; row++)
      out.data[row] = tokenOf(logits.data.slice(row * V, (row + 1) * V).map(Math.fround), row, controls);
    return [out];
  },
  accuracy: exact,
  samples: sampleSamples,
};

interface Controls {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly step: number;
}

function tokenOf(x: Float64Array, row: number, { temperature, topK, topP, seed, step }: Controls): number {
  const best = firstLargest(x.length, (token) => at(x, token));
  if (!(temperature > 0)) return best;
  const keys = Array.from(x, orderKey);
  const largest = at(x, best);
  // Where the largest is infinite the difference to itself is still 0.
  const scaled = Array.from(x, (value) => (value === largest ? 0 : (value - largest) / temperature));
  const count = (low: number): number => keys.filter((key) => key >= low).length;
  const kthKey = topK <= 0 || topK >= x.length ? 1 : largestWith((low) => count(low) >= topK);
  const mass = (low: number): number =>
    keys.reduce((sum, key, token) => (key >= Math.max(low, kthKey, 1) ? sum + Math.exp(at(scaled, token)) : sum), 0);
  const wanted = topP * mass(0);
  const massKey =
    topP >= 1
      ? 1
      : Math.min(
          orderKey(largest),
          largestWith((low) => mass(low) >= wanted),
        );
  const lowest = Math.max(kthKey, massKey, 1);
  return firstLargest(x.length, (token) =>
    at(keys, token) >= lowest
      ? at(scaled, token) + gumbel(threefry({ key: [seed, step], counter: [row, token] }))
      : NaN,
  );
}

/** The largest u32 for which `holds`, a condition that stays false once it is; 0 if there is none. */
function largestWith(holds: (low: number) => boolean): number {
  let found = 0;
  for (let bit = 31; bit >= 0; bit--) if (holds(found + 2 ** bit)) found += 2 ** bit;
  return found;
}
