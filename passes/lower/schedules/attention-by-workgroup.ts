/**
 * A workgroup takes one query of one head, in blocks of as many keys as it has invocations: each scores one key, then
 * the block's weights are in workgroup memory and each mixes its channels. The loop runs over the blocks that the query
 * sees where these are the same for all invocations by construction, otherwise over all keys of the query or chunk.
 */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { laneSum, vectors } from "./attention-by-invocation.ts";
import { HIDDEN, attentionOp, elementsOf, queryOf } from "./attention-query.ts";
import { AttentionResults } from "./attention-results.ts";
import { firstLane } from "./columns.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded, isUniform } from "./schedule.ts";

export function attentionByWorkgroup(emission: Emission, lanes: number): LaunchShape {
  const { builder, emitter, memory, puller } = emission;
  const op = attentionOp(emission);
  const query = queryOf(op);
  const [depth, channels] = [vectors(query.depth, query.width), vectors(query.channels, query.width)];
  const own = builder.local("query", "workgroup", "f32", depth, query.width);
  const weights = builder.local("weights", "workgroup", "f32", lanes);
  const lane = builder.builtin("local_x");
  const zero = emitter.widen(emitter.f32(0), query.width);
  // Channel vectors of one invocation: every lanes-th, one or a few.
  const shares = Math.ceil(channels / lanes);
  const channelOf = (share: number): KValue => builder.add(lane, share * lanes);
  const work = deal(emission, query.queries, lanes, "workgroup");
  // All invocations have one query.
  const areUniform = [3, 4, 5, 6].every((which) => isUniform(emission, op.operands[which]));
  memory.sharing = { kind: "lanes", column: -1 };
  guarded(emitter, work.isInside, () => {
    const elements = elementsOf(emission, op, work.index);
    emitter.loop({ from: lane, to: depth, step: lanes, name: "c" }, (c) =>
      builder.store(own, c, elements.q(emitter.leaf(c, Dim.of(depth)))),
    );
    builder.barrier();
    const [from, to] = areUniform ? [elements.from(lanes), elements.to] : elements.all;
    const start = [...elements.start, ...Array.from({ length: shares }, () => zero)];
    const [largest, sum, ...mixed] = emitter.loop(
      { from, to, step: lanes, carried: start, name: "s" },
      (place, [max, total, ...mix]) => {
        const first = elements.number(place);
        const s = emitter.binary("add", first, lane);
        const isVisible = elements.isVisible(s);
        const key = puller.clamped(emitter.leaf(s, query.keys.add(lanes)), query.keys);
        const [dot] = emitter.loop({ to: depth, carried: [zero], name: "c" }, (c, [part]) => [
          emitter.fma(
            emitter.define(builder.load(own, c)),
            elements.k(key, emitter.leaf(c, Dim.of(depth))),
            defined(part, "a part"),
          ),
        ]);
        const score = elements.score(laneSum(emission, defined(dot, "a score")), s, key);
        const hidden = emitter.select(isVisible, score, emitter.f32(HIDDEN));
        const before = defined(max, "a maximum");
        const largest = emitter.binary("max", before, emitter.define(builder.workgroupReduce("max", hidden)));
        const raw = emitter.unary("exp", emitter.binary("sub", hidden, largest));
        const weight = emitter.select(isVisible, raw, emitter.f32(0));
        const kept = emitter.unary("exp", emitter.binary("sub", before, largest));
        const blockSum = emitter.define(builder.workgroupReduce("add", weight));
        builder.store(weights, lane, weight);
        builder.barrier();
        const scaled = mix.map((part) => emitter.binary("mul", part, kept));
        const next = emitter.loop({ to: lanes, carried: scaled, name: "j" }, (j, parts) => {
          const w = emitter.define(builder.load(weights, j));
          const at = puller.clamped(emitter.leaf(emitter.binary("add", first, j), query.keys.add(lanes)), query.keys);
          return parts.map((part, share) => {
            const c = emitter.binary("min", channelOf(share), emitter.i32(channels - 1));
            return emitter.fma(w, elements.v(at, emitter.leaf(c, Dim.of(channels))), part);
          });
        });
        builder.barrier();
        return [
          largest,
          emitter.binary("add", emitter.binary("mul", defined(total, "a sum"), kept), blockSum),
          ...next,
        ];
      },
    );
    const results = new AttentionResults(emission, op, defined(largest, "a maximum"), defined(sum, "a sum"));
    mixed.forEach((part, share) =>
      emitter.when(builder.lt(channelOf(share), channels), () =>
        results.storeMixed(elements.outIndex(emitter.leaf(channelOf(share), Dim.of(channels))), part),
      ),
    );
    if (results.hasNumbers) emitter.when(firstLane(emission), () => results.storeNumbers(work.index));
  });
  return { workgroup: [lanes, 1, 1], grid: [work.x, work.y, ONE] };
}
