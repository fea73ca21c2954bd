/**
 * A program as the generated package carries it: plain JSON, names replaced by indices, equal grids and bindings once.
 * `src/runtime` reads it (these types are erased there) and `codegen/package` writes it. Kernel texts are kept apart.
 */
import type { Element, Extent, Kernel, Scalar } from "../kernel/ir.ts";
import type { ParamRows } from "../ir/param-rows.ts";
import type { DType } from "../ir/type.ts";
import { defined } from "../support/errors.ts";
import type { BufferKind, ConstantFill, Plan, Program, Range, WeightLayout } from "./ir.ts";
import { programBuffers } from "./program-buffers.ts";
import { Dim } from "../support/dim.ts";
import { termsOf } from "./size-terms.ts";
import type { SizeTerms } from "./size-terms.ts";
import { textFormOf } from "./text-form.ts";
import type { TextForm } from "./text-form.ts";

export type { SizeTerms };

/** The product of `ceil(size / per)`. */
export type GridFactors = readonly (readonly [SizeTerms, number])[];
export type GridTerms = readonly [GridFactors, GridFactors, GridFactors];

export interface ManifestScalar {
  readonly name: string;
  readonly type: Scalar;
}

export interface ManifestKernel {
  readonly name: string;
  /** One letter a storage buffer in binding order: `r` bound read, `w` bound read_write. */
  readonly access: string;
  /** Name and element type of each storage buffer. */
  readonly buffers: readonly (readonly [string, Element])[];
  /** The fields of the two uniforms, in order. */
  readonly call: readonly ManifestScalar[];
  readonly launch: readonly ManifestScalar[];
  readonly workgroup: readonly [number, number, number];
}

/** A buffer of the program; plans that use the same name share it. */
export interface ManifestBuffer {
  readonly name: string;
  readonly kind: BufferKind;
  readonly bytes: number;
  readonly path?: string;
  readonly dtype?: DType;
  readonly dims?: readonly (number | string)[];
  readonly layout?: WeightLayout;
  readonly isFinite?: boolean;
  readonly rows?: ParamRows;
  readonly fill?: ConstantFill;
}

/** `[buffer, offset, bytes]`. */
export type ManifestRange = readonly [number, number, number];
/** `[kernel, grid, bindings, launch scalars]`: indices but for the scalars; then the part of the grid, if it is a part. */
export type ManifestStep = readonly [number, number, readonly number[], readonly number[], ManifestPart?];
/** `[axis, first workgroup, workgroups at most]`. */
export type ManifestPart = readonly [0 | 1 | 2, number, number];

/** The type of an argument or a result: its elements, and the size of each axis. */
export type ManifestType = readonly [dtype: DType, dims: readonly SizeTerms[]];

export interface ManifestPlan {
  readonly entry: string;
  readonly bucket: Readonly<Record<string, number>>;
  readonly steps: readonly ManifestStep[];
  /** The steps behind which a submit ends, exclusive; absent: all are one. */
  readonly submits?: readonly number[];
  readonly inputs: Readonly<Record<string, ManifestRange>>;
  readonly outputs: Readonly<Record<string, ManifestRange>>;
  /** Of the arguments and results that are no state. */
  readonly types: Readonly<Record<string, ManifestType>>;
  readonly text?: TextForm;
}

export interface ProgramManifest {
  readonly kernels: readonly ManifestKernel[];
  readonly buffers: readonly ManifestBuffer[];
  /** Bindings and grids, each distinct one once. */
  readonly ranges: readonly ManifestRange[];
  readonly grids: readonly GridTerms[];
  readonly plans: readonly ManifestPlan[];
}

/** Appends what is not there yet; answers the index. */
class Table<V> {
  readonly items: V[] = [];
  private readonly indices = new Map<string, number>();

  index(item: V): number {
    const key = JSON.stringify(item);
    let index = this.indices.get(key);
    if (index === undefined) {
      index = this.items.push(item) - 1;
      this.indices.set(key, index);
    }
    return index;
  }
}

/** The compact form. */
export function manifestOf(program: Program): ProgramManifest {
  const { buffers, indices } = programBuffers(program);
  const ranges = new Table<ManifestRange>();
  const grids = new Table<GridTerms>();
  const kernelIndices = new Map(program.kernels.map((kernel, index) => [kernel.name, index]));
  const plans = program.plans.map((plan, planIndex): ManifestPlan => {
    const rangeOf = (range: Range): ManifestRange => [
      defined(indices[planIndex]?.get(range.buffer), `@${plan.entry} has no buffer "${range.buffer}"`),
      range.offset,
      range.bytes,
    ];
    const named = (record: Readonly<Record<string, Range>>): Readonly<Record<string, ManifestRange>> =>
      Object.fromEntries(Object.entries(record).map(([name, range]) => [name, rangeOf(range)]));
    const steps = plan.steps.map((step): ManifestStep => {
      const { part } = step;
      const whole: readonly [number, number, readonly number[], readonly number[]] = [
        defined(kernelIndices.get(step.kernel), `@${plan.entry} launches the unknown kernel @${step.kernel}`),
        grids.index([factorsOf(step.grid[0]), factorsOf(step.grid[1]), factorsOf(step.grid[2])]),
        step.bindings.map((range) => ranges.index(rangeOf(range))),
        step.scalars,
      ];
      return part === undefined ? whole : [...whole, [part.axis, part.from, part.count]];
    });
    const ends = plan.submits?.map(({ end }) => end) ?? [];
    const submits = ends.length > 1 ? { submits: ends } : {};
    const text = textFormOf(plan);
    return {
      entry: plan.entry,
      bucket: plan.bucket,
      steps,
      ...submits,
      inputs: named(plan.inputs),
      outputs: named(plan.outputs),
      types: typesOf(plan),
      ...(text === undefined ? {} : { text }),
    };
  });
  return { kernels: program.kernels.map(kernelOf), buffers, ranges: ranges.items, grids: grids.items, plans };
}

function kernelOf(kernel: Kernel): ManifestKernel {
  const scalars = (from: "call" | "launch"): readonly ManifestScalar[] =>
    kernel.scalars.filter((scalar) => scalar.from === from).map(({ name, type }) => ({ name, type: type.scalar }));
  return {
    name: kernel.name,
    access: kernel.buffers.map((buffer) => (buffer.access === "read" ? "r" : "w")).join(""),
    buffers: kernel.buffers.map(({ name, element }) => [name, element] as const),
    call: scalars("call"),
    launch: scalars("launch"),
    workgroup: kernel.workgroup,
  };
}

/** Buffers that plans share have the sizes of the first; each plan's own are here. */
function typesOf({ buffers, inputs, outputs }: Plan): Readonly<Record<string, ManifestType>> {
  const byName = new Map(buffers.map((buffer) => [buffer.name, buffer]));
  return Object.fromEntries(
    Object.entries({ ...inputs, ...outputs }).flatMap(([name, range]): readonly (readonly [string, ManifestType])[] => {
      const { kind, dtype, dims } = defined(byName.get(range.buffer), `no buffer "${range.buffer}"`); // prettier-ignore
      if (kind === "state" || dtype === undefined || dims === undefined) return [];
      return [[name, [dtype, dims.map((dim) => termsOf(typeof dim === "number" ? Dim.of(dim) : Dim.parse(dim)))]]];
    }),
  );
}

function factorsOf(extent: Extent): GridFactors {
  return extent.map(({ size, per }) => [termsOf(size), per]);
}
