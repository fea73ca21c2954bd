/**
 * elementwise: one invocation for each element of the result, or for four neighbours where the last axis is a multiple
 * of four. Everything else is pulled. It is right for every body, also for reductions, which are then folded by one
 * invocation.
 */
import { elementCount } from "../../../src/ir/type.ts";
import { defined } from "../../../src/support/errors.ts";
import { tileAttr } from "../attributes.ts";
import { unflatten } from "../flat-index.ts";
import { LANES, LinearIndex } from "../linear-index.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

export function elementwise(emission: Emission): LaunchShape {
  const { body, emitter, memory, puller, spec, info } = emission;
  const count = elementCount(defined(body.yields[0], "a group without results").type);
  const isVector = body.yields.every(({ type }) => type.dims.at(-1)?.div(LANES) !== undefined);
  const size = tileAttr(spec.attrs, "lanes", info.tiles.elementwise);
  const pieces = isVector ? defined(count.div(LANES), "a last axis of fours makes a count of fours") : count;
  const work = deal(emission, pieces, size, "invocation");
  const flat = isVector ? work.index.scale(LANES).add(LinearIndex.atom({ kind: "lane" })) : work.index;
  guarded(emitter, work.isInside, () => {
    const elements = body.yields.map((value) => puller.at(value, unflatten(flat, value.type.dims)));
    elements.forEach((element, result) => memory.store(result, flat, element));
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}
