/**
 * The loops around a kernel's body: workgroups from `from` to `to` along x and all along y and z, in blocks of rows,
 * then the invocations of a workgroup. z and y are the inner loops, so that neighbours share columns of a weight.
 */
import type { Builtin, Kernel } from "../../src/kernel/ir.ts";
import type { FunctionBody } from "./function-body.ts";
import type { Code } from "./target.ts";

export const AXES = ["x", "y", "z"] as const;
type AxisName = `workgroup_${(typeof AXES)[number]}`;

/** Rows of the grid in a block. With tiles of two rows 32 rows, which at a depth of 2048 are 256 KiB: half of a second-level
 * cache. */
const ROW_BLOCK = 16;
const ZERO: Code = [["i32.const", 0]];
const ONE: Code = [["i32.const", 1]];

export class GridLoops {
  constructor(
    private readonly kernel: Kernel,
    private readonly body: FunctionBody,
    /** Receives where the loops have the position of a workgroup and of an invocation. */
    private readonly builtins: Map<Builtin, Code>,
  ) {}

  /** Writes the loops; the local `from` and `grid` have the first workgroup along x and the ends, `inner` the body. */
  emit(from: number, ends: readonly [Code, Code, Code], inner: () => void): void {
    const [x, y, z] = ends;
    this.rows(y, (fromRow, toRow) =>
      this.axis("workgroup_x", [["local.get", from]], x, () =>
        this.axis("workgroup_z", ZERO, z, () =>
          this.axis("workgroup_y", fromRow, toRow, () => this.invocations(2, inner)),
        ),
      ),
    );
  }

  /** A loop over blocks of rows of the grid, so that what a block of them reads stays in the cache for all columns. */
  private rows(count: Code, inner: (from: Code, to: Code) => void): void {
    if (this.isOne("workgroup_y")) return inner(ZERO, count);
    const [block, end] = [this.body.local("row_block", "i32"), this.body.local("row_end", "i32")];
    this.body.loop(block, ZERO, count, [["i32.const", ROW_BLOCK]], () => {
      const behind: Code = [["local.get", block], ["i32.const", ROW_BLOCK], ["i32.add"]];
      this.body.add(...behind, ...count, ...behind, ...count, ["i32.lt_s"], ["select"], ["local.set", end]);
      inner([["local.get", block]], [["local.get", end]]);
    });
  }

  /** Whether the grid has one workgroup along the axis, whatever the sizes of the call. */
  private isOne(name: AxisName): boolean {
    const extent = this.kernel.grid[AXES.findIndex((axis) => name.endsWith(axis))] ?? [];
    return extent.every(({ size, per }) => (size.asNumber() ?? Infinity) <= per);
  }

  /** A loop over one axis of the grid; none where the grid has one workgroup along it. */
  private axis(name: AxisName, from: Code, to: Code, inner: () => void): void {
    if (this.isOne(name)) {
      // Of the split axis a thread may have no part.
      this.builtins.set(name, ZERO);
      if (name !== "workgroup_x") return inner();
      this.body.add(...from, ...to, ["i32.lt_s"], ["if"]);
      inner();
      return this.body.add(["end"]);
    }
    this.counted(name, from, to, inner);
  }

  private invocations(axis: number, inner: () => void): void {
    if (axis < 0) return inner();
    const [size, name] = [this.kernel.workgroup[axis] ?? 1, `local_${AXES[axis] ?? "x"}` as const];
    if (size > 1) return this.counted(name, ZERO, [["i32.const", size]], () => this.invocations(axis - 1, inner));
    this.builtins.set(name, ZERO);
    this.invocations(axis - 1, inner);
  }

  private counted(name: Builtin, from: Code, to: Code, inner: () => void): void {
    const index = this.body.local(name, "i32");
    this.builtins.set(name, [["local.get", index]]);
    this.body.loop(index, from, to, ONE, inner);
  }
}
