/**
 * sample: one token a row, step by step as the op's record defines it: the first largest key at temperature 0 (of
 * candidates, where there are some, so that a row is read only by who wants more), otherwise thresholds for top-k and
 * top-p by bisection on 32-bit keys, then the largest of distance plus Gumbel noise among the kept. With lanes, a
 * workgroup takes a row and its invocations every lanes-th token; with one lane, an invocation takes a row. What else
 * the group makes of the token (the next state) is pulled by one invocation.
 *
 * Targets may assume that no float is NaN or infinite, so nothing here compares floats that might be: keys are integers,
 * and distances are bounded before they are compared.
 */
import { result } from "../../../src/ir/ir.ts";
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import { kernelScalars } from "../kernel-scalars.ts";
import { unflatten } from "../flat-index.ts";
import { LinearIndex } from "../linear-index.ts";
import { floatOfKey, orderKey } from "../order-key.ts";
import { firstLane } from "./columns.ts";
import { RowFold } from "./row-fold.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded, isUniform } from "./schedule.ts";

/** The single numbers behind the logits, in the order of the op's operands. */
interface Controls {
  readonly temperature: KValue;
  readonly topK: KValue;
  readonly topP: KValue;
  readonly minP: KValue;
  readonly seed: KValue;
  readonly step: KValue;
}

/** The operand behind the controls. */
const CANDIDATES = 7;

export function sample(emission: Emission): LaunchShape {
  const { body, emitter, memory, puller, spec, info } = emission;
  const op = defined(body.ops.find(({ name }) => name === "sample"), "no sample in the group"); // prettier-ignore
  const logits = operandOf(op, 0);
  const [rows, tokens] = [defined(logits.type.dims[0], "rows"), defined(logits.type.dims[1], "tokens")];
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.rowLanes);
  const size = lanes === 1 ? info.tiles.elementwise : lanes;
  const work = deal(emission, rows, size, lanes === 1 ? "invocation" : "workgroup");
  memory.sharing = lanes === 1 ? { kind: "single" } : { kind: "lanes", column: -1 };
  guarded(emitter, work.isInside, () => {
    const [temperature, topK, topP, minP, seed, step] = [1, 2, 3, 4, 5, 6].map((which) =>
      control(emission, operandOf(op, which), lanes),
    );
    const controls = { temperature, topK, topP, minP, seed, step } as Controls;
    const fold = new RowFold(emission, lanes, tokens, (token) => puller.at(logits, [work.index, token]));
    const [best, largest] = largestOf(emission, op, fold, work.index);
    const isSampled = emitter.binary("gt", controls.temperature, emitter.f32(0));
    const [token] = emitter.choose(isSampled, () => [sampled(emission, fold, controls, largest, work.index)], () => [best]); // prettier-ignore
    puller.seed(result(op), [work.index], defined(token, "a token"));
    const store = (): void => {
      const values = body.yields.map((value) => puller.at(value, unflatten(work.index, value.type.dims)));
      values.forEach((value, which) => memory.store(which, work.index, value));
    };
    if (lanes === 1) return store();
    memory.sharing = { kind: "single" };
    emitter.when(firstLane(emission), store);
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}

/** A single number. They decide which barriers are reached, so the invocations agree on one that others may write. */
function control(emission: Emission, of: Value, lanes: number): KValue {
  const { builder, emitter, puller } = emission;
  const value = puller.at(of, []);
  return lanes === 1 || isUniform(emission, of) ? value : emitter.define(builder.workgroupReduce("max", value));
}

/** Where the largest logit of a row is, and its key. */
function largestOf({ emitter, puller }: Emission, op: Op, fold: RowFold, row: LinearIndex): readonly [KValue, KValue] {
  const candidates = op.operands[CANDIDATES];
  const keyOf = (x: KValue): KValue => orderKey(emitter, x);
  if (!candidates) return fold.firstLargest(keyOf);
  const placeOf = (which: LinearIndex): LinearIndex => emitter.leaf(puller.at(candidates, [row, which]), fold.size);
  const among = fold.over(defined(candidates.type.dims[1], "candidates"), (which) =>
    puller.at(operandOf(op, 0), [row, placeOf(which)]),
  );
  const [which, largest] = among.firstLargest(keyOf);
  return [puller.at(candidates, [row, emitter.leaf(which, among.size)]), largest];
}

function sampled(emission: Emission, fold: RowFold, controls: Controls, largestKey: KValue, row: LinearIndex): KValue {
  const { emitter, builder } = emission;
  const one = builder.u32(1);
  const largest = floatOfKey(emitter, largestKey);
  // Where the largest is infinite, the distance to itself is still 0.
  const distance = (x: KValue): KValue => {
    const far = emitter.binary("div", emitter.binary("sub", x, largest), controls.temperature);
    return emitter.select(emitter.binary("eq", orderKey(emitter, x), largestKey), emitter.f32(0), far);
  };
  const larger = (a: KValue, b: KValue): KValue => emitter.binary("max", a, b);

  const isTopK = emitter.binary(
    "and",
    emitter.binary("gt", controls.topK, emitter.i32(0)),
    emitter.binary("lt", controls.topK, emitter.index(LinearIndex.of(fold.size))),
  );
  const kthKey = searchKey(emission, isTopK, () => (low) => {
    const count = fold.sum(emitter.i32(0), (x) =>
      emitter.select(emitter.binary("ge", orderKey(emitter, x), low), emitter.i32(1), emitter.i32(0)),
    );
    return emitter.binary("ge", count, controls.topK);
  });

  const mass = (low: KValue): KValue =>
    fold.sum(emitter.f32(0), (x) => {
      const isKept = emitter.binary("ge", orderKey(emitter, x), larger(larger(low, kthKey), one));
      return emitter.select(isKept, emitter.unary("exp", distance(x)), emitter.f32(0));
    });
  const isTopP = emitter.binary("lt", controls.topP, emitter.f32(1));
  const massKey = searchKey(emission, isTopP, () => {
    const wanted = emitter.binary("mul", controls.topP, mass(builder.u32(0)));
    return (low) => emitter.binary("ge", mass(low), wanted);
  });
  const lowest = larger(larger(kthKey, emitter.binary("min", massKey, largestKey)), one);
  const logMinP = emitter.binary("min", emitter.unary("log", controls.minP), emitter.f32(0));
  const farthest = emitter.select(
    emitter.binary("gt", controls.minP, emitter.f32(0)),
    logMinP,
    emitter.f32(LEAST_DISTANCE),
  );

  const [token] = fold.firstLargest((x, position) => {
    // Only here: e to a distance beyond is 0 in f32, bounded or not.
    const bounded = emitter.binary("max", distance(x), emitter.f32(LEAST_DISTANCE));
    const isInside = emitter.binary("ge", orderKey(emitter, x), lowest);
    const isKept = emitter.binary("and", isInside, emitter.binary("ge", bounded, farthest));
    const noisy = emitter.binary("add", bounded, gumbel(emission, controls, row, position));
    return emitter.select(isKept, orderKey(emitter, noisy), builder.u32(0));
  });
  return token;
}

/** As in the op's record: no noise makes up for it. */
const LEAST_DISTANCE = -200;

/**
 * The largest u32 for which a condition holds that stays false once it is, bit by bit; 1 where no search is asked.
 * `prepare` makes what the condition needs once: it is a pass over the row that nobody pays who does not ask.
 */
function searchKey({ emitter, builder }: Emission, isAsked: KValue, prepare: () => (low: KValue) => KValue): KValue {
  const search = (): readonly KValue[] => {
    const holds = prepare();
    return emitter.loop({ to: 32, carried: [builder.u32(0)], name: "bit" }, (bit, [sofar]) => {
      const shift = emitter.cast(emitter.binary("sub", emitter.i32(31), bit), "u32");
      const low = emitter.binary("or", defined(sofar, "a key"), emitter.binary("shl", builder.u32(1), shift));
      return [emitter.select(holds(low), low, defined(sofar, "a key"))];
    });
  };
  const [found] = emitter.choose(isAsked, search, () => [builder.u32(1)]);
  return defined(found, "a key");
}

/** `-log(-log u)` with u from the counter-based generator. */
function gumbel(emission: Emission, { seed, step }: Controls, row: LinearIndex, token: LinearIndex): KValue {
  const { emitter, builder, ops } = emission;
  const bitsOf = defined(ops.get("random_bits")?.scalar, "no op random_bits");
  const counter = [row, token].map((index) => emitter.cast(emitter.index(index), "u32"));
  const bits = bitsOf(kernelScalars(emitter), [seed, step, ...counter], {}, "u32");
  const upper = emitter.cast(emitter.binary("shr", bits, builder.u32(9)), "f32");
  const u = emitter.binary("mul", emitter.binary("add", upper, emitter.f32(0.5)), emitter.f32(2 ** -23));
  return emitter.unary("neg", emitter.unary("log", emitter.unary("neg", emitter.unary("log", u))));
}

function operandOf(op: Op, which: number): Value {
  return defined(op.operands[which], `sample without operand ${which}`);
}
