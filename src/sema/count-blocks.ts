/** How many blocks there are inside of a block: the same shape at several places counts at each, and is walked over once. */
import type { BlockShape } from "./block-shape.ts";

const [counted, instances] = [new WeakMap<BlockShape, number>(), new WeakMap<BlockShape, number>()];

/** A block and all blocks inside of it, each layer of a list by itself: what every walk over the parameters visits. */
export function blocksIn(shape: BlockShape): number {
  return countOf(shape, counted, (layers) => layers);
}

/** The same with equal layers of a list counted once: what is written out. */
export function instancesIn(shape: BlockShape): number {
  return countOf(shape, instances, (layers) => [...new Set(layers)]);
}

function countOf(
  shape: BlockShape,
  known: WeakMap<BlockShape, number>,
  layersOf: (layers: readonly BlockShape[]) => readonly BlockShape[],
): number {
  const found = known.get(shape);
  if (found !== undefined) return found;
  const inside = shape.members.flatMap((member) => {
    if (member.kind === "parameter") return [];
    return member.kind === "array" ? layersOf(member.layers) : [member.shape];
  });
  const blocks = inside.reduce((sum, inner) => sum + countOf(inner, known, layersOf), 1);
  known.set(shape, blocks);
  return blocks;
}
