/**
 * Profiles that force what the profiles of `src/profiles` choose only somewhere or for larger tensors: every schedule
 * with lanes and without, tiles of odd sizes, grids that go on along y, fusion that spares every launch or none. Each is
 * a named `TargetInfo` whose programs run wherever those of the profile it is made from do.
 */
import type { TargetInfo, Tiles } from "../../src/kernel/target-info.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { cudaSm80 } from "../../src/profiles/cuda.ts";
import { webgpuBase, webgpuCpu } from "../../src/profiles/webgpu.ts";

type Changes = Partial<Omit<TargetInfo, "name" | "tiles" | "limits">> & {
  readonly tiles?: Partial<Tiles>;
  readonly limits?: Partial<TargetInfo["limits"]>;
};

function variant(of: TargetInfo, name: string, { tiles, limits, ...changes }: Changes): TargetInfo {
  return {
    ...of,
    ...changes,
    name: `${of.name} (${name})`,
    limits: { ...of.limits, ...limits },
    tiles: { ...of.tiles, ...tiles },
  };
}

/** So that even the small tensors of tests are split. */
const SHORT_CHUNKS = { mostQueries: 4096, least: 4, keys: 2 };
/** Everything shared by as few invocations as there can be of a kind that meets in workgroup memory. */
const FEW_LANES: Partial<Tiles> = {
  elementwise: 4,
  transpose: { tile: 2, lines: 1 },
  rowLanes: 4,
  rowSplit: { mostRows: 4096, least: 4, columns: 2 },
  matvec: { lanes: 4, columns: 2 },
  attention: { lanes: 4, keys: 4 },
  keySplit: SHORT_CHUNKS,
};
const ONE_LANE: Partial<Tiles> = {
  rowLanes: 1,
  rowSplit: { mostRows: 4096, least: 4, columns: 1 },
  matvec: { lanes: 1, columns: 4 },
  attention: { lanes: 1, keys: 3 },
  keySplit: { ...SHORT_CHUNKS, keys: 3 },
};
const MANY_LANES: Partial<Tiles> = {
  elementwise: 128,
  rowLanes: 128,
  matvec: { lanes: 128, columns: 8 },
  attention: { lanes: 128, keys: 32 },
};
/** A grid of more workgroups goes on along y. */
const NARROW_GRID = { limits: { maxWorkgroupsPerDimension: 64 } };
const FUSE_EVERYTHING = { launchBytes: 2 ** 30 };
const FUSE_LITTLE = { launchBytes: 0 };

export const WEBGPU_VARIANTS: readonly TargetInfo[] = [
  webgpuCpu,
  webgpuBase,
  variant(webgpuBase, "subgroups", { hasSubgroups: true }),
  variant(webgpuBase, "few lanes", { tiles: FEW_LANES, ...FUSE_EVERYTHING }),
  variant(webgpuBase, "few lanes, subgroups", { tiles: FEW_LANES, hasSubgroups: true }),
  variant(webgpuBase, "one lane", { tiles: ONE_LANE, ...FUSE_LITTLE }),
  variant(webgpuBase, "many lanes, subgroups", { tiles: MANY_LANES, hasSubgroups: true, ...NARROW_GRID }),
  variant(webgpuBase, "odd product tiles", {
    tiles: { matmul: { rows: 3, columns: 8, workgroupRows: 2, workgroupColumns: 4 } },
  }),
  variant(webgpuCpu, "other product tiles, narrow grid", {
    ...NARROW_GRID,
    tiles: {
      elementwise: 2,
      matmul: { rows: 2, columns: 4, workgroupRows: 2, workgroupColumns: 2, dotTile: { rows: 3, columns: 4 } },
      matvec: { lanes: 1, columns: 8 },
    },
  }),
];

export const CPU_VARIANTS: readonly TargetInfo[] = [
  cpuSimd,
  variant(cpuSimd, "fuse everything", FUSE_EVERYTHING),
  variant(cpuSimd, "plain weights, one dot tile", {
    ...FUSE_LITTLE,
    sumsInVectors: false,
    tiles: {
      weight: undefined,
      matmul: { rows: 2, columns: 4, workgroupRows: 1, workgroupColumns: 1, outerTerms: 1 },
      matvec: { lanes: 1, columns: 8 },
      attention: { lanes: 1, keys: 1 },
      keySplit: SHORT_CHUNKS,
      rowSplit: { mostRows: 4096, least: 4, columns: 2 },
    },
  }),
];

export const CUDA_VARIANTS: readonly TargetInfo[] = [
  cudaSm80,
  variant(cudaSm80, "no subgroups", { hasSubgroups: false, tiles: { ...FEW_LANES }, ...FUSE_LITTLE }),
  variant(cudaSm80, "one warp", {
    ...FUSE_EVERYTHING,
    tiles: {
      rowLanes: 32,
      rowSplit: { mostRows: 4096, least: 4, columns: 3 },
      matvec: { lanes: 32, columns: 8 },
      attention: { lanes: 32, keys: 32 },
      keySplit: SHORT_CHUNKS,
      matmul: { rows: 2, columns: 8, workgroupRows: 4, workgroupColumns: 4 },
    },
  }),
];
