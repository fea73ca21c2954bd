/** The number of workgroups of a launch under the actual sizes of a call. */
import type { Extent } from "../kernel/ir.ts";
import type { LaunchStep } from "./ir.ts";

/** Workgroups along one dimension: the product of `ceil(size / per)`. */
export function workgroups(extent: Extent, sizes: Readonly<Record<string, number>>): number {
  return extent.reduce((count, { size, per }) => count * Math.ceil(size.evaluate(sizes) / per), 1);
}

export function gridOf(
  grid: readonly [Extent, Extent, Extent],
  sizes: Readonly<Record<string, number>>,
): [number, number, number] {
  return [workgroups(grid[0], sizes), workgroups(grid[1], sizes), workgroups(grid[2], sizes)];
}

/** The workgroups of a launch: those of its part of the grid, where it is a part. */
export function groupsOf(
  { grid, part }: Pick<LaunchStep, "grid" | "part">,
  sizes: Readonly<Record<string, number>>,
): [number, number, number] {
  const groups = gridOf(grid, sizes);
  if (part !== undefined) groups[part.axis] = Math.min(part.count, Math.max(0, groups[part.axis] - part.from));
  return groups;
}
