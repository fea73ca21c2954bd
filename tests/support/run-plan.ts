/**
 * Runs one plan of a program over typed arrays, with the kernel interpreter, emitted JavaScript or WebAssembly: what lowering,
 * memory planning and whole small models are tested with. It knows nothing of devices; buffers of `temporary`, `arena`
 * and `output` kind start as NaN, so that a value that nobody wrote is seen.
 */
import { emitJs } from "../../codegen/js/emit.ts";
import { legalizeKernel } from "../../passes/kernel/legalize.ts";
import type { DType, Tensor } from "../../src/ir/index.ts";
import { bytesOf } from "../../src/ir/index.ts";
import { interpretKernel } from "../../src/kernel/interpret.ts";
import type { Bytes } from "../../src/kernel/interpret.ts";
import type { Element, Extent, Kernel } from "../../src/kernel/ir.ts";
import type { TargetInfo } from "../../src/kernel/target-info.ts";
import { groupsOf } from "../../src/plan/grid.ts";
import type { LaunchStep, Plan, PlanBuffer, Program, Range } from "../../src/plan/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { js } from "../../src/profiles/js.ts";
import { wasmRunner } from "./wasm-kernel.ts";
import { decoded, elementOf, encoded, inLayout, viewOf } from "./tensor-bytes.ts";

/** The kernel interpreter with subgroups of this size. */
export interface InSubgroups {
  readonly subgroupSize: 4 | 8 | 32;
}

/** A profile of the target `cpu` stands for WebAssembly. */
export type Executor = "js" | "interpreter" | TargetInfo;

export interface PlanArguments {
  /** The actual sizes of this call: `{ B: 1, T: 3, S: 16 }`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** The arguments that are no state, by name. */
  readonly inputs?: Readonly<Record<string, Tensor>>;
  /** The tensor of a checkpoint path. */
  readonly weights?: (path: string) => Tensor;
  /** State before the call, by buffer name (`k.0` for a member of a family); what is missing is 0. */
  readonly state?: Readonly<Record<string, Tensor>>;
  /** Told of each element that JavaScript or the interpreter loads from a weight, by the name of its buffer. */
  readonly onLoad?: (buffer: string) => void;
}

export interface PlanResults {
  /** The raw bytes of every result by name. `read` gives them as a tensor. */
  read(name: string, dtype: DType, dims: readonly number[]): Tensor;
  /** The bytes of any buffer, for tests of state. */
  readBuffer(name: string, dtype: DType, dims: readonly number[]): Tensor;
}

/** Runs the plan of `entry`. Throws where the plan names something that is not there, or a kernel faults. */
export function runPlan(
  program: Program,
  entry: string,
  args: PlanArguments,
  executor: Executor | InSubgroups,
): PlanResults {
  const plan = program.plans.find((found) => found.entry === entry);
  if (plan === undefined) throw new Error(`no plan for ${entry}`);
  const memory = new Memory(plan, args);
  const kernels = new Map(program.kernels.map((kernel) => [kernel.name, runnerOf(kernel, executor)]));
  for (const step of plan.steps) {
    const run = kernels.get(step.kernel);
    if (run === undefined) throw new Error(`no kernel ${step.kernel}`);
    run(step, memory, args.sizes ?? {});
  }
  const readRange = (range: Range | undefined, name: string, dtype: DType, dims: readonly number[]): Tensor => {
    if (range === undefined) throw new Error(`no result ${name}`);
    return memory.tensor(range, dtype, dims);
  };
  return {
    read: (name, dtype, dims) => readRange(plan.outputs[name], name, dtype, dims),
    readBuffer: (name, dtype, dims) => readRange(memory.whole(name), name, dtype, dims),
  };
}

type Runner = (step: LaunchStep, memory: Memory, sizes: Readonly<Record<string, number>>) => void;

function runnerOf(kernel: Kernel, executor: Executor | InSubgroups): Runner {
  const options = executor === "interpreter" ? {} : typeof executor === "object" && "subgroupSize" in executor ? executor : undefined; // prettier-ignore
  const info = executor === "js" ? js : executor;
  const legal = typeof info === "object" && "tiles" in info ? legalizeKernel(kernel, info) : kernel;
  const compiled =
    executor === "js" ? (new Function(`return ${emitJs(legal)}`)() as (...args: unknown[]) => void) : undefined;
  const assembled = executor === "js" || options !== undefined ? undefined : wasmRunner(legal);
  const launchNames = kernel.scalars.filter(({ from }) => from === "launch").map(({ name }) => name);
  return (step, memory, sizes) => {
    const groups = groupsOf(step, sizes);
    const arrays = new Map<string, Bytes>(
      legal.buffers.map((buffer, i) => [buffer.name, memory.array(step.bindings[i]!, buffer.element)]),
    );
    const scalars = { ...sizes, ...Object.fromEntries(launchNames.map((name, i) => [name, step.scalars[i] ?? 0])) };
    if (assembled !== undefined) assembled(arrays, scalars, 1, groups);
    else if (options !== undefined) interpretKernel({ ...legal, grid: gridOfCounts(groups) }, arrays, scalars, options);
    else compiled?.(Object.fromEntries(arrays), scalars, groups);
  };
}

function gridOfCounts([x, y, z]: readonly [number, number, number]): Kernel["grid"] {
  const along = (count: number): Extent => [{ size: Dim.of(count), per: 1 }];
  return [along(x), along(y), along(z)];
}

class Memory {
  private readonly blocks = new Map<string, ArrayBuffer>();
  /** One array for one range, so that a kernel bound twice to the same bytes is seen as such. */
  private readonly arrays = new Map<string, Bytes>();

  constructor(
    private readonly plan: Plan,
    private readonly args: PlanArguments,
  ) {
    for (const buffer of plan.buffers) {
      const block = new ArrayBuffer(Math.ceil(buffer.bytes / 4) * 4);
      this.blocks.set(buffer.name, block);
      if (["temporary", "arena", "output"].includes(buffer.kind)) new Uint32Array(block).fill(0x7fc00000);
      const content = contentOf(buffer, args);
      if (content !== undefined) this.write(this.whole(buffer.name), content);
    }
    for (const [name, tensor] of Object.entries(args.inputs ?? {})) {
      const range = plan.inputs[name];
      if (range === undefined) throw new Error(`no input ${name}`);
      this.write(range, tensor);
    }
  }

  whole(buffer: string): Range {
    const found = this.plan.buffers.find(({ name }) => name === buffer);
    if (found === undefined) throw new Error(`no buffer ${buffer}`);
    return { buffer, offset: 0, bytes: found.bytes };
  }

  array({ buffer, offset, bytes }: Range, element: Element): Bytes {
    const key = `${buffer} ${offset} ${bytes} ${element}`;
    let array = this.arrays.get(key);
    if (array === undefined) {
      const block = this.blocks.get(buffer);
      if (block === undefined) throw new Error(`no buffer ${buffer}`);
      const isHalf = element === "f16" || element === "bf16";
      array = this.observed(buffer, viewOf(block, offset, isHalf ? bytes / 2 : Math.ceil(bytes / 4), element));
      this.arrays.set(key, array);
    }
    return array;
  }

  private observed(name: string, array: Bytes): Bytes {
    const { onLoad } = this.args;
    if (onLoad === undefined || this.plan.buffers.find((buffer) => buffer.name === name)?.kind !== "weight")
      return array;
    return new Proxy(array, {
      get(target, key) {
        if (typeof key === "string" && /^[0-9]+$/.test(key)) onLoad(name);
        return Reflect.get(target, key, target) as unknown;
      },
    });
  }

  write(range: Range, tensor: Tensor): void {
    if (tensor.data.length * bytesOf(tensor.dtype) > range.bytes)
      throw new Error(`${tensor.data.length} elements of ${tensor.dtype} for ${range.bytes} bytes of ${range.buffer}`);
    const array = this.array(range, elementOf(tensor.dtype));
    tensor.data.forEach((x, i) => (array[i] = encoded(x, tensor.dtype)));
  }

  tensor(range: Range, dtype: DType, dims: readonly number[]): Tensor {
    const array = this.array(range, elementOf(dtype));
    const count = dims.reduce((all, size) => all * size, 1);
    return { dtype, dims, data: Float64Array.from({ length: count }, (_, i) => decoded(array[i] ?? NaN, dtype)) };
  }
}

function contentOf(buffer: PlanBuffer, args: PlanArguments): Tensor | undefined {
  if (buffer.kind === "weight") {
    const weight = args.weights?.(buffer.path ?? buffer.name);
    return weight === undefined ? undefined : inLayout(weight, buffer);
  }
  if (buffer.kind === "state") return args.state?.[buffer.name];
  const { fill } = buffer;
  if (fill?.kind === "data")
    return { dtype: fill.dtype, dims: [fill.values.length], data: Float64Array.from(fill.values) };
  if (fill?.kind !== "angles") return undefined;
  const angles = Array.from({ length: fill.rows }, (_, row) =>
    [Math.cos, Math.sin].flatMap((trig) => fill.frequencies.map((f) => fill.scale * trig(row * f))),
  );
  return { dtype: "f32", dims: [fill.rows, 2, fill.frequencies.length], data: Float64Array.from(angles.flat()) };
}
