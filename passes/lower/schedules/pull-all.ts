/**
 * The results of a group one after the other, one invocation an element, everything pulled: right for every body whose
 * results may have different dims, and fast for none. It stands in where a product's kernel cannot write to a cache in
 * place.
 */
import { elementCount } from "../../../src/ir/type.ts";
import { Dim } from "../../../src/support/dim.ts";
import { unflatten } from "../flat-index.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal } from "./schedule.ts";

export function pullAll(emission: Emission): LaunchShape {
  const { body, builder, emitter, memory, puller, info } = emission;
  const counts = body.yields.map(({ type }) => elementCount(type));
  const size = info.tiles.elementwise;
  const work = deal(emission, Dim.sum(counts), size, "invocation");
  let before = Dim.of(0);
  body.yields.forEach((value, which) => {
    const count = counts[which] ?? Dim.of(0);
    const number = builder.sub(work.number, builder.dim(before));
    const isHere = builder.and(builder.ge(number, 0), builder.lt(number, builder.dim(count)));
    emitter.when(isHere, () => {
      const flat = emitter.leaf(number, count);
      memory.store(which, flat, puller.at(value, unflatten(flat, value.type.dims)));
    });
    before = before.add(count);
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}
