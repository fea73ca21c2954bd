/**
 * Where the values of each plan lie in the arena and for how long: as a table, and as a drawing with the steps of the
 * plan from left to right and the bytes of the arena upwards. Pure: a placed program in, text out.
 */
import type { Plan, Program } from "../plan/ir.ts";

/** One value, or several that take each other's place: a range of the arena from the step that makes it on. */
export interface MemoryBlock {
  readonly offset: number;
  readonly bytes: number;
  /** Indices of the first and the last step that bind it. */
  readonly first: number;
  readonly last: number;
  /** The kernel of the first step. */
  readonly kernel: string;
}

export interface MemoryMap {
  readonly entry: string;
  readonly steps: number;
  readonly peak: number;
  readonly lowerBound: number;
  readonly blocks: readonly MemoryBlock[];
}

/** The maps of all plans; values outside of the arena (weights, state, inputs) are not in them. */
export function memoryMaps({ plans }: Program): readonly MemoryMap[] {
  return plans.map((plan) => ({
    entry: plan.entry,
    steps: plan.steps.length,
    ...plan.memory,
    blocks: blocksOf(plan),
  }));
}

function blocksOf(plan: Plan): readonly MemoryBlock[] {
  const arenas = new Set(plan.buffers.filter(({ kind }) => kind === "arena").map(({ name }) => name));
  const done: MemoryBlock[] = [];
  let open: MemoryBlock[] = [];
  plan.steps.forEach((step, index) => {
    for (const { buffer, offset, bytes } of step.merged ?? step.bindings) {
      if (!arenas.has(buffer)) continue;
      const same = open.find((block) => block.offset === offset && block.bytes === bytes);
      const overlaps = (block: MemoryBlock): boolean => block.offset < offset + bytes && offset < block.offset + block.bytes; // prettier-ignore
      const over = open.filter((block) => block !== same && overlaps(block) && block.last < index);
      done.push(...over);
      open = open.filter((block) => block !== same && !over.includes(block));
      open.push(same === undefined ? { offset, bytes, first: index, last: index, kernel: step.kernel } : { ...same, last: index }); // prettier-ignore
    }
  });
  return [...done, ...open].sort((a, b) => a.first - b.first || a.offset - b.offset);
}

/** A table a plan: what lies where, from which step to which, and what holds the peak. */
export function memoryText(maps: readonly MemoryMap[]): string {
  return maps.map(planText).join("\n\n");
}

function planText({ entry, steps, peak, lowerBound, blocks }: MemoryMap): string {
  const share = lowerBound === 0 ? 1 : peak / lowerBound;
  const head = `plan @${entry}: ${steps} steps, peak ${peak} bytes, lower bound ${lowerBound} (${share.toFixed(3)})`;
  const [fullest, live] = fullestStep(steps, blocks);
  const holds = live.map(({ kernel, bytes }) => `${kernel} ${bytes}`).join(", ");
  const rows = blocks.map(({ offset, bytes, first, last, kernel }) =>
    [`${first}..${last}`.padEnd(12), String(offset).padStart(12), String(bytes).padStart(12), ` ${kernel}`].join(""),
  );
  const columns = ["steps".padEnd(12), "offset".padStart(12), "bytes".padStart(12), " made by"].join("");
  return [head, `fullest at step ${fullest}: ${holds}`, columns, ...rows].join("\n");
}

/** The first step with the most bytes alive, and what is alive there, the largest first. */
export function fullestStep(
  steps: number,
  blocks: readonly MemoryBlock[],
): readonly [step: number, live: readonly MemoryBlock[]] {
  let best: readonly [number, readonly MemoryBlock[]] = [0, []];
  let most = -1;
  for (let step = 0; step < steps; step++) {
    const live = blocks.filter(({ first, last }) => first <= step && step <= last);
    const bytes = live.reduce((sum, block) => sum + block.bytes, 0);
    if (bytes > most) [most, best] = [bytes, [step, [...live].sort((a, b) => b.bytes - a.bytes)]];
  }
  return best;
}

const WIDTH = 1000;
const HEIGHT = 260;
const MARGIN = 40;

/** One drawing a plan, below each other, in one SVG document. Colours follow the kernel that makes a value. */
export function memorySvg(maps: readonly MemoryMap[]): string {
  const drawings = maps.map((map, i) => drawing(map, i * (HEIGHT + 2 * MARGIN)));
  const height = maps.length * (HEIGHT + 2 * MARGIN);
  const size = `width="${WIDTH + 2 * MARGIN}" height="${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="monospace" font-size="12">`,
    ...drawings,
    "</svg>",
  ].join("\n");
}

function drawing({ entry, steps, peak, lowerBound, blocks }: MemoryMap, top: number): string {
  const x = (step: number): string => (MARGIN + (WIDTH * step) / Math.max(1, steps)).toFixed(1);
  const scale = HEIGHT / Math.max(1, peak);
  const kernels = [...new Set(blocks.map(({ kernel }) => kernel))];
  const bars = blocks.map(({ offset, bytes, first, last, kernel }) => {
    const y = top + MARGIN + HEIGHT - (offset + bytes) * scale;
    const hue = Math.round((360 * kernels.indexOf(kernel)) / kernels.length);
    const box = `x="${x(first)}" y="${y.toFixed(1)}" width="${((WIDTH * (last - first + 1)) / Math.max(1, steps)).toFixed(1)}" height="${(bytes * scale).toFixed(1)}"`;
    const title = `<title>${kernel}: ${bytes} bytes at ${offset}, steps ${first} to ${last}</title>`;
    return `  <rect ${box} fill="hsl(${hue} 60% 70%)" stroke="#444" stroke-width="0.5">${title}</rect>`;
  });
  const caption = `@${entry}: peak ${peak} bytes, lower bound ${lowerBound}`;
  return [`  <text x="${MARGIN}" y="${top + MARGIN - 8}">${caption}</text>`, ...bars].join("\n");
}
