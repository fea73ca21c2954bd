/**
 * Offsets for blocks of memory with known lifetimes: dynamic storage allocation, which is NP-hard, so this is a search
 * over orders of a greedy placement. Each order places its blocks one by one at the lowest free offset, or in the
 * smallest gap that holds it. Then the block that makes the peak moves towards the front and the placement is done
 * again ("squeaky wheel" optimization, Joslin and Clements 1999). It stops at the lower bound, or near it where there is
 * much to place. Deterministic: no clock, no random numbers.
 */

/** A block that is live on the half-open interval `[start, end)`; `size` in bytes, a multiple of the alignment. */
export interface Block {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

export interface Allocation {
  /** Byte offset of each block, in the order given. */
  readonly offsets: readonly number[];
  readonly peak: number;
  /** The largest sum of live bytes at one time: no allocation can be smaller. */
  readonly lowerBound: number;
  /** How many placements were compared. */
  readonly placements: number;
}

/** Pairs of blocks that placements look at before 2 % above the lower bound are good enough: well below a second. */
const PATIENCE = 4_000_000;

/** What a search has done, and when it is done. */
class Search {
  placements = 0;
  readonly lowerBound: number;
  private readonly pairs: number;

  constructor(
    readonly blocks: readonly Block[],
    readonly neighbours: readonly (readonly number[])[],
  ) {
    this.lowerBound = largestLiveSum(blocks);
    this.pairs = neighbours.reduce((sum, list) => sum + list.length, 0);
  }

  isDone(peak: number): boolean {
    const isLong = this.placements * this.pairs > PATIENCE;
    return peak <= (isLong ? 1.02 : 1) * this.lowerBound;
  }
}

type Fit = "first" | "best";

/** Places `blocks`. `rounds` bounds the number of repairs of each starting order. */
export function allocate(blocks: readonly Block[], rounds = 60): Allocation {
  const search = new Search(blocks, overlaps(blocks));
  let best: Placement = { offsets: [], peak: Infinity };
  for (const order of startingOrders(blocks))
    for (const fit of ["first", "best"] as const)
      if (!search.isDone(best.peak)) best = better(best, improve(search, order, fit, rounds));
  return { ...best, lowerBound: search.lowerBound, placements: search.placements };
}

interface Placement {
  readonly offsets: readonly number[];
  readonly peak: number;
}

function better(a: Placement | undefined, b: Placement): Placement {
  return a === undefined || b.peak < a.peak ? b : a;
}

/** The largest sum of sizes that are live together; only starts of blocks can be maxima. */
export function largestLiveSum(blocks: readonly Block[]): number {
  const events = blocks
    .filter((block) => block.end > block.start)
    .flatMap(({ start, end, size }) => [
      { time: start, change: size },
      { time: end, change: -size },
    ])
    // At one time the ends come before the starts: intervals are half-open.
    .sort((a, b) => a.time - b.time || a.change - b.change);
  let live = 0;
  let largest = 0;
  for (const { change } of events) largest = Math.max(largest, (live += change));
  return largest;
}

/** For each block the blocks that are live with it at some time. */
function overlaps(blocks: readonly Block[]): readonly (readonly number[])[] {
  const lists = blocks.map((): number[] => []);
  const byStart = blocks.map((_, i) => i).sort((a, b) => at(blocks, a).start - at(blocks, b).start);
  let active: number[] = [];
  for (const i of byStart) {
    const block = at(blocks, i);
    if (block.end <= block.start) continue;
    active = active.filter((j) => at(blocks, j).end > block.start);
    for (const j of active) {
      at(lists, i).push(j);
      at(lists, j).push(i);
    }
    active.push(i);
  }
  return lists;
}

function startingOrders(blocks: readonly Block[]): readonly (readonly number[])[] {
  const length = (b: Block): number => b.end - b.start;
  const keys: readonly ((b: Block) => readonly [number, number])[] = [
    (b) => [-b.size, -length(b)],
    (b) => [-length(b), -b.size],
    (b) => [-b.size * length(b), -b.size],
    (b) => [b.start, -b.size],
    (b) => [-b.end, -b.size],
  ];
  return keys.map((key) => {
    const keyed = blocks.map((block, index) => ({ key: key(block), index }));
    keyed.sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || a.index - b.index);
    return keyed.map(({ index }) => index);
  });
}

/** Places in this order, then moves the block that makes the peak forward, again and again. Returns the best seen. */
function improve(search: Search, start: readonly number[], fit: Fit, rounds: number): Placement {
  let order = [...start];
  let best: Placement | undefined;
  for (let round = 0; round <= rounds; round++) {
    const placed = place(search, order, fit);
    best = better(best, placed);
    if (search.isDone(best.peak)) break;
    const worst = order.findIndex((i) => at(placed.offsets, i) + at(search.blocks, i).size === placed.peak);
    if (worst <= 0) break;
    const moved = at(order, worst);
    // Halving the position lets a block that keeps making the peak reach the front in a few rounds.
    const target = worst >> 1;
    order = [...order.slice(0, target), moved, ...order.slice(target, worst), ...order.slice(worst + 1)];
  }
  return best ?? { offsets: [], peak: 0 };
}

function place(search: Search, order: readonly number[], fit: Fit): Placement {
  const { blocks, neighbours } = search;
  search.placements++;
  const offsets = blocks.map(() => -1);
  let peak = 0;
  for (const i of order) {
    const { size } = at(blocks, i);
    const taken = at(neighbours, i)
      .filter((j) => at(offsets, j) >= 0)
      .map((j) => [at(offsets, j), at(offsets, j) + at(blocks, j).size] as const)
      .sort((a, b) => a[0] - b[0]);
    const offset = findGap(taken, size, fit);
    offsets[i] = offset;
    peak = Math.max(peak, offset + size);
  }
  return { offsets, peak };
}

/** The offset for `size` bytes among `taken` ranges (sorted by start): the first gap, or the smallest that holds it. */
function findGap(taken: readonly (readonly [number, number])[], size: number, fit: Fit): number {
  let end = 0;
  let smallest = Infinity;
  let chosen = -1;
  for (const [from, to] of taken) {
    const gap = from - end;
    if (gap >= size && gap < smallest) {
      if (fit === "first") return end;
      smallest = gap;
      chosen = end;
    }
    end = Math.max(end, to);
  }
  return chosen < 0 ? end : chosen;
}

function at<V>(items: readonly V[], index: number): V {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return item;
}
