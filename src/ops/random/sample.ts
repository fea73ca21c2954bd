/**
 * sample: the next token of each row from its logits, with temperature, top-k, top-p and min-p. The definition is
 * written so that a kernel can follow it step by step: thresholds are found by bisection on 32-bit keys, nothing is
 * sorted. Numbers are compared by their keys, so that neither NaN nor infinities need a comparison of floats.
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
  ["min_p", "f32"],
  ["seed", "u32"],
  ["step", "u32"],
];

/** The optional operand behind the controls. */
const CANDIDATES = CONTROLS.length + 1;

export const sample: OpDef = {
  name: "sample",
  doc: [
    "A token of each row: i32[B]. For one row x of logits, read as f32:",
    "1. `key(x)` is u32 and orders as the numbers do (see `order-key.ts`); NaN has key 0 and never wins. m is the first " +
      "argmax of the keys, 0 where all are NaN; where `candidates: i32[B, C]` are given, rising places one of which " +
      "is m, only they are compared. If not `temperature > 0`, the result is m.",
    "2. `d(x) = max((x - x[m]) / temperature, -200)`, and 0 where `key(x) = key(x[m])`: finite, whatever x holds.",
    "3. Top-k: K is the largest u32 with `count(key >= K) >= top_k`; K = 1 if `top_k <= 0` or `top_k >= V`. Ties with " +
      "the k-th largest are all kept.",
    "4. Top-p: with `w = e^d` over `key >= K` and W their sum, P is the largest u32 with " +
      "`sum(w where key >= max(K, P)) >= top_p * W`, at most `key(x[m])`; P = 1 if `top_p >= 1`.",
    "5. K and P are found in 32 steps: starting at 0, from bit 31 to bit 0, a bit is set if the condition still holds.",
    "6. Min-p: a token is kept if its probability is at least min_p times the largest, `d >= log(min_p)`; m always is. " +
      "All are if not `min_p > 0`.",
    "7. The result is the first argmax of `d + g` over `key >= max(K, P, 1)` and the kept of 6, with " +
      "`g = -log(-log u)` and `u = (floor(random_bits(seed, step, row, token) / 512) + 1/2) / 2^23` (Gumbel-max).",
  ].join("\n"),
  operands: ["logits", ...CONTROLS.map(([name]) => name), "candidates?"],
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
    const candidates = operands[CANDIDATES];
    const found =
      candidates && (wrongDType("candidates", candidates, ["i32"]) ?? wrongRank("candidates", candidates, 2, "[B, C]"));
    if (found) return found;
    return [tensorType("i32", logits.dims.slice(0, 1))];
  },
  evaluate(operands, _attrs, context) {
    const logits = operand(operands, 0);
    const number = (index: number): number => at(operand(operands, index).data, 0);
    const controls: Controls = {
      temperature: number(1),
      topK: number(2),
      topP: number(3),
      minP: number(4),
      seed: number(5),
      step: number(6),
    };
    const candidates = operands[CANDIDATES];
    const out = resultTensor(context);
    const V = at(logits.dims, 1);
    const C = candidates?.dims[1] ?? 0;
    for (let row = 0; row < out.data.length; row++) {
      const x = logits.data.slice(row * V, (row + 1) * V).map(Math.fround);
      out.data[row] = tokenOf(x, row, controls, candidates?.data.slice(row * C, (row + 1) * C));
    }
    return [out];
  },
  accuracy: exact,
  samples: sampleSamples,
};

/** Below this no noise makes a token win: the smallest of 2^23 values is above -3, the largest below 17. */
const LEAST_DISTANCE = -200;

interface Controls {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly step: number;
}

function tokenOf(
  x: Float64Array,
  row: number,
  { temperature, topK, topP, minP, seed, step }: Controls,
  candidates: Float64Array | undefined,
): number {
  const keys = Array.from(x, orderKey);
  const places = candidates ?? Float64Array.from(keys.keys());
  const best = at(
    places,
    firstLargest(places.length, (which) => at(keys, at(places, which))),
  );
  if (!(temperature > 0)) return best;
  const [largest, largestKey] = [at(x, best), at(keys, best)];
  const distances = Array.from(x, (value, token) =>
    at(keys, token) === largestKey ? 0 : Math.max((value - largest) / temperature, LEAST_DISTANCE),
  );
  const count = (low: number): number => keys.filter((key) => key >= low).length;
  const kthKey = topK <= 0 || topK >= x.length ? 1 : largestWith((low) => count(low) >= topK);
  const mass = (low: number): number =>
    keys.reduce((sum, key, token) => (key >= Math.max(low, kthKey, 1) ? sum + Math.exp(at(distances, token)) : sum), 0);
  const wanted = topP * mass(0);
  const massKey =
    topP >= 1
      ? 1
      : Math.min(
          largestKey,
          largestWith((low) => mass(low) >= wanted),
        );
  const lowest = Math.max(kthKey, massKey, 1);
  const farthest = minP > 0 ? Math.min(Math.log(minP), 0) : LEAST_DISTANCE;
  return firstLargest(x.length, (token) =>
    at(keys, token) >= lowest && at(distances, token) >= farthest
      ? at(distances, token) + gumbel(threefry({ key: [seed, step], counter: [row, token] }))
      : NaN,
  );
}

/** The largest u32 for which `holds`, a condition that stays false once it is; 0 if there is none. */
function largestWith(holds: (low: number) => boolean): number {
  let found = 0;
  for (let bit = 31; bit >= 0; bit--) if (holds(found + 2 ** bit)) found += 2 ** bit;
  return found;
}
