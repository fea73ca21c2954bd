/** One invocation takes one query of one head: the query and the mixed values are in private memory. No barriers. */
import type { KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import type { LinearIndex } from "../linear-index.ts";
import { HIDDEN, attentionOp, elementsOf, queryOf } from "./attention-query.ts";
import type { QueryElements } from "./attention-query.ts";
import { AttentionResults } from "./attention-results.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

export function attentionByInvocation(emission: Emission): LaunchShape {
  const { builder, emitter, spec, info } = emission;
  const op = attentionOp(emission);
  const query = queryOf(op);
  const block = tileAttr(spec.attrs, "keys", info.tiles.attention.keys);
  const size = info.tiles.elementwise;
  const [depth, channels] = [vectors(query.depth, query.width), vectors(query.channels, query.width)];
  const own = builder.local("query", "private", "f32", depth, query.width);
  const mix = builder.local("mix", "private", "f32", channels, query.width);
  const zero = emitter.widen(emitter.f32(0), query.width);
  const work = deal(emission, query.queries, size, "invocation");
  const each = (count: number, make: (c: LinearIndex, at: KValue) => void): void => {
    emitter.loop({ to: count, name: "c" }, (c) => make(emitter.leaf(c, Dim.of(count)), c));
  };
  guarded(emitter, work.isInside, () => {
    const elements = elementsOf(emission, op, work.index);
    each(depth, (c, at) => builder.store(own, at, elements.q(c)));
    each(channels, (_, at) => builder.store(mix, at, zero));
    const [largest, sum] = emitter.loop(
      { from: elements.from(block), to: elements.to, step: block, carried: elements.start, name: "s" },
      (first, [max, total]) => {
        const keys = Array.from({ length: block }, (_, i) =>
          keyOf(emission, elements, elements.number(first), i, query.keys),
        );
        const dots = emitter.loop({ to: depth, carried: keys.map(() => zero), name: "c" }, (c, parts) => {
          const q = emitter.define(builder.load(own, c));
          return keys.map(({ read }, i) => emitter.fma(q, elements.k(read, emitter.leaf(c, Dim.of(depth))), defined(parts[i], "a part"))); // prettier-ignore
        });
        const scores = keys.map(({ number, read, isVisible }, i) => {
          const score = elements.score(laneSum(emission, defined(dots[i], "a score")), number, read);
          return emitter.select(isVisible, score, emitter.f32(HIDDEN));
        });
        const before = defined(max, "a maximum");
        const largest = scores.reduce((m, score) => emitter.binary("max", m, score), before);
        const weights = scores.map((score, i) => {
          const weight = emitter.unary("exp", emitter.binary("sub", score, largest));
          return emitter.select(defined(keys[i], "a key").isVisible, weight, emitter.f32(0));
        });
        const kept = emitter.unary("exp", emitter.binary("sub", before, largest));
        each(channels, (c, at) => {
          const start = emitter.binary("mul", emitter.define(builder.load(mix, at)), kept);
          const mixed = keys.reduce((part, { read }, i) => emitter.fma(defined(weights[i], "a weight"), elements.v(read, c), part), start); // prettier-ignore
          builder.store(mix, at, mixed);
        });
        const scaled = emitter.binary("mul", defined(total, "a sum"), kept);
        return [largest, weights.reduce((all, weight) => emitter.binary("add", all, weight), scaled)];
      },
    );
    const results = new AttentionResults(emission, op, defined(largest, "a maximum"), defined(sum, "a sum"));
    each(channels, (c, at) => results.storeMixed(elements.outIndex(c), emitter.define(builder.load(mix, at))));
    results.storeNumbers(work.index);
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}

/** Channels in vectors; a head's size is fixed by the model. */
export function vectors(channels: Dim, width: number): number {
  return defined(channels.div(width)?.asNumber(), "a head of a size that is not a number");
}

/** The sum over a vector's lanes. */
export function laneSum({ emitter }: Emission, x: KValue): KValue {
  let sum = emitter.extract(x, 0);
  for (let lane = 1; lane < x.type.lanes; lane++) sum = emitter.binary("add", sum, emitter.extract(x, lane));
  return sum;
}

interface Key {
  readonly number: KValue;
  /** The key to read, which is never beyond the last. */
  readonly read: LinearIndex;
  readonly isVisible: KValue;
}

function keyOf({ emitter, builder }: Emission, elements: QueryElements, first: KValue, i: number, keys: Dim): Key {
  const number = emitter.binary("add", first, emitter.i32(i));
  const last = emitter.binary("sub", builder.dim(keys), emitter.i32(1));
  const read = emitter.leaf(emitter.binary("min", number, last), keys);
  return { number, read, isVisible: elements.isVisible(number) };
}
