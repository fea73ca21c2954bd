/** Small kernels and plans for tests: bodies that only load and store, so that passes see who reads and who writes. */
import { I32 } from "../../../src/kernel/ir.ts";
import type { Buffer, Kernel, KValue, Statement } from "../../../src/kernel/ir.ts";
import type { LaunchStep, Plan, PlanBuffer, Program, Range } from "../../../src/plan/ir.ts";
import { Dim } from "../../../src/support/dim.ts";

const LENGTH = Dim.symbol("T").mul(64);

/** A kernel over f32 buffers: `reads` first, then `writes`; each write may go over the first read where `inPlace`. */
export function kernel(name: string, reads: number, writes: number, inPlace = false): Kernel {
  const buffer = (i: number, access: Buffer["access"]): Buffer => {
    return { name: `b${i}`, space: "storage", access, element: "f32", lanes: 1, length: LENGTH };
  };
  const inputs = Array.from({ length: reads }, (_, i) => buffer(i, "read"));
  const outputs = Array.from({ length: writes }, (_, i) => buffer(reads + i, "read_write"));
  const index: KValue = { type: I32, name: "i" };
  const loaded: KValue = { type: { scalar: "f32", lanes: 1 }, name: "x" };
  const body: Statement[] = [
    { kind: "let", result: index, expression: { kind: "builtin", name: "grid_x" } },
    ...inputs.map((from): Statement => {
      return { kind: "let", result: loaded, expression: { kind: "load", buffer: from, index } };
    }),
    ...outputs.map((to): Statement => ({ kind: "store", buffer: to, index, value: loaded })),
  ];
  return {
    name,
    buffers: [...inputs, ...outputs],
    scalars: [],
    scalarValues: [],
    locals: [],
    workgroup: [64, 1, 1],
    grid: [[{ size: LENGTH, per: 64 }], [], []],
    inPlace: inPlace ? [[reads, 0]] : [],
    requires: [],
    body,
    locs: [],
  };
}

export function temporary(name: string, bytes: number): PlanBuffer {
  return { name, kind: "temporary", bytes };
}

export function launch(kernelName: string, ...bindings: readonly Range[]): LaunchStep {
  const grid = [[{ size: Dim.symbol("T"), per: 4 }], [], []] as const;
  return { kind: "launch", lane: "compute", kernel: kernelName, grid, bindings, scalars: [] };
}

export function whole(buffer: PlanBuffer): Range {
  return { buffer: buffer.name, offset: 0, bytes: buffer.bytes };
}

/** `in -> a -> b -> ... -> out`: one launch of `copy` between neighbours. */
export function chainProgram(sizes: readonly number[], copy: Kernel): Program {
  const input: PlanBuffer = { name: "in", kind: "input", bytes: sizes[0] ?? 256 };
  const output: PlanBuffer = { name: "out", kind: "output", bytes: sizes.at(-1) ?? 256 };
  const temporaries = sizes.map((bytes, i) => temporary(`t${i}`, bytes));
  const all = [input, ...temporaries, output];
  const steps = all.slice(1).map((to, i) => launch(copy.name, whole(all[i]!), whole(to)));
  const plan: Plan = {
    entry: "forward",
    bucket: { T: 16 },
    buffers: all,
    steps,
    inputs: { x: whole(input) },
    outputs: { y: whole(output) },
    memory: { peak: 0, lowerBound: 0 },
  };
  return { profile: "test", kernels: [copy], plans: [plan] };
}
