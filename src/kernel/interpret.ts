/**
 * The kernel interpreter: slow, and strict. All invocations of a workgroup run to their next meeting point, one after
 * the other; races, out-of-bounds and poisoned reads and missed barriers are a `KernelFault`. For op samples and tiny
 * layers, never for whole models.
 */
import { compileBody } from "./interpret-compile.ts";
import type { Compiled, Invocation, Meeting } from "./interpret-compile.ts";
import { KernelFault, Memory } from "./interpret-memory.ts";
import type { Bytes } from "./interpret-memory.ts";
import { INTRINSICS } from "./intrinsics.ts";
import type { Datum } from "./intrinsics.ts";
import type { Extent, Kernel } from "./ir.ts";
import { applyBinary } from "./scalar.ts";

export { KernelFault } from "./interpret-memory.ts";
export type { Bytes } from "./interpret-memory.ts";

export interface InterpretOptions {
  /** Invocations of a subgroup; 32 if absent. */
  readonly subgroupSize?: 4 | 8 | 32;
  /** Storage buffers whose contents may not be read before they are written; those of access `write` if absent. */
  readonly poisoned?: readonly string[];
}

/** Workgroups of a launch under these sizes. */
export function gridSize(
  grid: Kernel["grid"],
  scalars: Readonly<Record<string, number>>,
): readonly [number, number, number] {
  const count = (extent: Extent): number =>
    extent.reduce((all, { size, per }) => all * Math.ceil(size.evaluate(scalars) / per), 1);
  return [count(grid[0]), count(grid[1]), count(grid[2])];
}

/**
 * Runs one dispatch. `buffers` are the storage buffers by name: f32 as Float32Array, f16 and bf16 as Uint16Array
 * (bits), integers as Int32Array or Uint32Array; two names may hold one array (in place). `scalars` by name.
 * Throws `KernelFault`.
 */
export function interpretKernel(
  kernel: Kernel,
  buffers: ReadonlyMap<string, Bytes>,
  scalars: Readonly<Record<string, number>> = {},
  options: InterpretOptions = {},
): void {
  const program = compileBody(kernel);
  const memory = new Memory(kernel, buffers, scalars, options.poisoned);
  const grid = gridSize(kernel.grid, scalars);
  const subgroup = options.subgroupSize ?? 32;
  for (let z = 0; z < grid[2]; z++)
    for (let y = 0; y < grid[1]; y++)
      for (let x = 0; x < grid[0]; x++) runWorkgroup(kernel, program, memory, grid, [x, y, z], subgroup, scalars);
}

function runWorkgroup(
  kernel: Kernel,
  program: Compiled,
  memory: Memory,
  grid: readonly [number, number, number],
  workgroup: readonly [number, number, number],
  subgroup: number,
  scalars: Readonly<Record<string, number>>,
): void {
  const [nx, ny, nz] = kernel.workgroup;
  memory.enterWorkgroup();
  const number = workgroup[0] + grid[0] * (workgroup[1] + grid[1] * workgroup[2]);
  const all: Invocation[] = [];
  for (let i = 0; i < nx * ny * nz; i++) {
    const local = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))] as const;
    all.push({
      frame: program.newFrame(scalars),
      memory: memory.forInvocation(number, i),
      builtins: {
        local_x: local[0], local_y: local[1], local_z: local[2],
        workgroup_x: workgroup[0], workgroup_y: workgroup[1], workgroup_z: workgroup[2],
        grid_x: grid[0], grid_y: grid[1], grid_z: grid[2],
        subgroup_size: subgroup, subgroup_lane: i % subgroup,
      },
    }); // prettier-ignore
  }
  const threads = all.map((invocation) => program.run(invocation));
  let inputs: readonly (Datum | undefined)[] = all.map(() => undefined);
  for (;;) {
    const steps = threads.map((thread, i) => thread.next(inputs[i]));
    const first = steps[0];
    if (first === undefined || steps.every((step) => step.done === true)) return;
    const meetings = steps.map((step, i): Meeting => {
      if (step.done === true || first.done === true || step.value.statement !== first.value.statement)
        throw new KernelFault(kernel.name, "invocations of a workgroup meet at different barriers", undefined, i);
      return step.value;
    });
    inputs = meet(kernel, meetings, subgroup);
    memory.nextEpoch();
  }
}

/** What each invocation gets from the statement at which all have met. */
function meet(kernel: Kernel, meetings: readonly Meeting[], subgroup: number): readonly (Datum | undefined)[] {
  const { statement } = meetings[0] as Meeting;
  if (statement.kind !== "let") return meetings.map(() => undefined);
  const { expression, result } = statement;
  const values = meetings.map((meeting) => meeting.args[0] ?? 0);
  switch (expression.kind) {
    case "workgroup_load":
      // Each loads for itself between the two meetings.
      return values.map(() => undefined);
    case "workgroup_broadcast":
      return values.map(() => values[expression.lane]);
    case "workgroup_reduce":
    case "subgroup_reduce": {
      const width = expression.kind === "workgroup_reduce" ? values.length : subgroup;
      const combine = (a: Datum, b: Datum): Datum =>
        typeof a === "number"
          ? applyBinary(expression.op, a, b as number, result.type.scalar)
          : a.map((x, lane) => applyBinary(expression.op, x, (b as readonly number[])[lane] ?? 0, result.type.scalar));
      return values.flatMap((_, i) => {
        if (i % width !== 0) return [];
        const group = values.slice(i, i + width);
        return group.fill(group.reduce(combine));
      });
    }
    case "intrinsic": {
      const intrinsic = INTRINSICS.get(expression.name);
      const width = intrinsic?.width ?? 1;
      if (intrinsic === undefined || values.length % width !== 0)
        throw new KernelFault(kernel.name, `${expression.name} needs a multiple of ${width} invocations`);
      return values.flatMap((_, i) =>
        i % width === 0 ? intrinsic.evaluate(meetings.slice(i, i + width).map(({ args }) => args)) : [],
      );
    }
    default:
      throw new KernelFault(kernel.name, `nothing is met at ${expression.kind}`);
  }
}
