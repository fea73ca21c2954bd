/**
 * Runs plans: a short loop over straight-line steps. Knows the program's buffers, fills its constants, and finds the
 * plan that serves a call. What the tokens mean is the session's business.
 */
import type { GridFactors, ManifestBuffer, ManifestPlan, ManifestRange, ManifestStep, ManifestType, ProgramManifest } from "../plan/manifest.ts"; // prettier-ignore
import { evaluate } from "./call.ts";
import type { Argument } from "./call.ts";
import { convertFloats } from "./float-convert.ts";
import type { Device, KernelCode, PreparedProgram, Sizes } from "./devices/device.ts";
import { BusyError, DeviceError } from "./errors.ts";

/** The logits of a token fit; those of a long text are not worth a buffer before anybody asks for them. */
const WARM_READ_BYTES = 2 ** 20;

export class Executor {
  private constructor(
    readonly program: ProgramManifest,
    private prepared: PreparedProgram,
    /** Length of the caches, in positions. */
    readonly context: number,
    private readonly bytesOf: (buffer: number) => number,
  ) {}

  /** Makes buffers and pipelines and fills the constants; weights come by `writeBuffer`. The caches hold `context`
   * positions of the `capacity` that the program was compiled for. */
  static async create(
    device: Device,
    program: ProgramManifest,
    code: KernelCode,
    context: number,
    capacity: number,
  ): Promise<Executor> {
    const bytesOf = (index: number): number => sizeOf(program.buffers[index], context, capacity);
    const executor = new Executor(program, await device.prepare(program, code, bytesOf), context, bytesOf);
    try {
      program.buffers.forEach((buffer, index) => {
        if (buffer.fill !== undefined) executor.writeBuffer(index, 0, constantBytes(buffer));
      });
    } catch (error) {
      // Nobody else knows of the program, its buffers and its workers.
      executor.close();
      throw error;
    }
    return executor;
  }

  /** Whether some state holds more than one position's worth and cannot go back to an earlier one. */
  get isRecurrent(): boolean {
    return this.program.buffers.some(isRecurrent);
  }

  writeBuffer(buffer: number, offset: number, bytes: Uint8Array): void {
    this.prepared.write(buffer, offset, bytes);
  }

  /**
   * The index of the smallest plan of `entry` (a name, or a name and its largest T: `extend128`) that holds `sizes`.
   * A plan whose bucket has no T serves one token.
   */
  planFor(entry: string, sizes: Sizes): number | undefined {
    const holds = (plan: ManifestPlan): boolean =>
      Object.entries(sizes).every(([name, size]) => size <= (plan.bucket[name] ?? (name === "T" ? 1 : Infinity)));
    const fitting = this.program.plans
      .map((plan, index) => ({ plan, index }))
      .filter(({ plan }) => serves(plan, entry) && holds(plan))
      .sort((a, b) => capacity(a.plan) - capacity(b.plan));
    return fitting[0]?.index;
  }

  /** The plans of `entry`, as `planFor` understands it. */
  plansOf(entry: string): readonly ManifestPlan[] {
    return this.program.plans.filter((plan) => serves(plan, entry));
  }

  hasEntry(entry: string): boolean {
    return this.plansOf(entry).length > 0;
  }

  /** Writes the argument `name` of a plan. Arguments keep their value until they are written again. */
  setInput(plan: number, name: string, values: Argument): void {
    const range = this.plan(plan).inputs[name];
    // A plan has no buffer for an argument that nothing reads.
    if (range === undefined) return;
    this.writeInput(plan, name, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** The same with the bytes that the buffer shall hold, of an argument that the plan has. */
  writeInput(plan: number, name: string, bytes: Uint8Array): void {
    const range = this.plan(plan).inputs[name];
    if (range === undefined || bytes.length > range[2])
      throw new DeviceError(
        `the argument ${name} has ${bytes.length} bytes, its buffer ${range?.[2] ?? "is not there"}`,
      );
    this.prepared.write(range[0], range[1], bytes);
  }

  /** The type of an argument or result that is no state. */
  typeOf(plan: number, name: string): ManifestType | undefined {
    return this.plan(plan).types[name];
  }

  /** Where the result `name` of a plan lies; the first `bytes` of it if given. */
  output(plan: number, name: string, bytes?: number): ManifestRange {
    const range = this.plan(plan).outputs[name];
    if (range === undefined) throw new DeviceError(`the entry ${this.plan(plan).entry} has no result ${name}`);
    const [buffer, offset, capacity] = range;
    // A cache for fewer positions than the plan was compiled for is shorter than the plan says.
    return [buffer, offset, Math.min(bytes ?? capacity, capacity, this.bytesOf(buffer) - offset)];
  }

  outputNames(plan: number): readonly string[] {
    return Object.keys(this.plan(plan).outputs);
  }

  /** The bytes of a range after everything submitted so far. */
  read(range: ManifestRange): Promise<Uint8Array> {
    return this.prepared.begin({}).submit(range);
  }

  /** Runs a plan and answers the bytes of `read` once they are there; the caller need not wait for it. */
  run(plan: number, sizes: Sizes, read?: ManifestRange): Promise<Uint8Array> {
    return this.runSteps(plan, 0, this.plan(plan).steps.length, sizes, read);
  }

  private runSteps(
    plan: number,
    from: number,
    to: number,
    sizes: Sizes,
    read: ManifestRange | undefined,
  ): Promise<Uint8Array> {
    const all = { S: this.context, ...sizes };
    const { steps, submits = [] } = this.plan(plan);
    const ends = [...submits.filter((end) => from < end && end < to), to];
    let step = from;
    const runs = ends.map((end) => {
      const recording = this.prepared.begin(all);
      for (; step < end; step++) {
        const groups = this.groupsOf(steps[step], all);
        if (groups[0] * groups[1] * groups[2] > 0) recording.launch(plan, step, groups);
      }
      return recording.submit(end === to ? read : undefined);
    });
    return runs.length === 1 && runs[0] !== undefined
      ? runs[0]
      : Promise.all(runs).then((all) => all.at(-1) ?? new Uint8Array(0));
  }

  private groupsOf(step: ManifestStep | undefined, sizes: Sizes): [number, number, number] {
    const [x, y, z] = this.program.grids[step?.[1] ?? -1] ?? [[], [], []];
    const groups: [number, number, number] = [workgroups(x, sizes), workgroups(y, sizes), workgroups(z, sizes)];
    const part = step?.[4];
    if (part !== undefined) groups[part[0]] = Math.min(part[2], Math.max(0, groups[part[0]] - part[1]));
    return groups;
  }

  /**
   * Runs every plan once with one token and reads a result, so that the first call meets compiled kernels and buffers
   * to read back into. All buffers hold zeros before; what is written here is written again before anybody reads it.
   * Waits behind each kernel that is launched for the first time: an abort need not sit out more than one compilation.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    const launched = new Set<number>();
    for (let plan = 0; plan < this.program.plans.length; plan++) {
      const results = this.outputNames(plan).map((name) => this.output(plan, name));
      const small = results.filter(([, , bytes]) => bytes <= WARM_READ_BYTES).sort((a, b) => b[2] - a[2]);
      const { steps } = this.plan(plan);
      let from = 0;
      for (const [step, [kernel]] of steps.entries()) {
        if (launched.has(kernel) && step + 1 < steps.length) continue;
        launched.add(kernel);
        await this.runSteps(plan, from, step + 1, { B: 1, T: 1 }, small[0]);
        signal?.throwIfAborted();
        from = step + 1;
      }
    }
  }

  /** Whether the results of a plan follow from arguments of these names, and from no state and no earlier call. */
  isPure(plan: number, given: readonly string[]): boolean {
    const { steps, inputs } = this.plan(plan);
    const isState = (range: number): boolean =>
      this.program.buffers[this.program.ranges[range]?.[0] ?? -1]?.kind === "state";
    return (
      Object.keys(inputs).every((name) => given.includes(name)) &&
      !steps.some(([, , bindings]) => bindings.some(isState))
    );
  }

  /** Goes on with what `other` has prepared: the same program on another device. `other` is not used any more. */
  become(other: Executor): void {
    this.prepared.close();
    this.prepared = other.prepared;
  }

  plan(index: number): ManifestPlan {
    const plan = this.program.plans[index];
    if (plan === undefined) throw new DeviceError(`there is no plan ${index}`);
    return plan;
  }

  /** Calls that are still at it get a `BusyError` at their next step. */
  close(): void {
    this.prepared.close();
    this.prepared = CLOSED;
  }
}

export const CLOSED_DURING_CALL = "the model was closed during the call";

function refuse(): never {
  throw new BusyError(CLOSED_DURING_CALL);
}

/** Nothing reaches buffers that are destroyed: on a caller's device that would be everybody's error. */
const CLOSED: PreparedProgram = { write: refuse, begin: refuse, close: () => {} };

/** Whether a plan is one of `entry`: of that name, or of that name and its largest T. */
function serves(plan: ManifestPlan, entry: string): boolean {
  return plan.entry.startsWith(entry) && /^\d*$/.test(plan.entry.slice(entry.length));
}

function capacity(plan: ManifestPlan): number {
  return Object.values(plan.bucket).reduce((product, size) => product * size, 1);
}

function workgroups(extent: GridFactors, sizes: Sizes): number {
  return extent.reduce((count, [size, per]) => count * Math.ceil(evaluate(size, sizes) / per), 1);
}

/** State of a scan or a convolution, which is not indexed by position. */
function isRecurrent({ kind, dtype, dims }: ManifestBuffer): boolean {
  return kind === "state" && dtype === "f32" && dims?.includes("S") === false;
}

/** Bytes of a buffer: a state with an S axis is as long as the context chosen at load, of at most `capacity`. */
function sizeOf(buffer: ManifestBuffer | undefined, context: number, capacity: number): number {
  if (buffer === undefined) throw new DeviceError("the package's plan points at a buffer that does not exist");
  const hasContextAxis = buffer.kind === "state" && buffer.dims?.includes("S") === true;
  return hasContextAxis ? Math.ceil((buffer.bytes / capacity) * context) : buffer.bytes;
}

function constantBytes(buffer: ManifestBuffer): Uint8Array {
  const { fill } = buffer;
  if (fill === undefined) return new Uint8Array(0);
  if (fill.kind === "angles") {
    const table = new Float32Array(fill.rows * fill.frequencies.length * 2);
    for (let row = 0, at = 0; row < fill.rows; row++)
      for (const trig of [Math.cos, Math.sin])
        for (const frequency of fill.frequencies) table[at++] = trig(row * frequency) * fill.scale;
    return new Uint8Array(table.buffer);
  }
  const { dtype, values } = fill;
  if (dtype === "i32") return new Uint8Array(Int32Array.from(values).buffer);
  if (dtype === "u32" || dtype === "bool") return new Uint8Array(Uint32Array.from(values).buffer);
  return convertFloats(new Uint8Array(Float64Array.from(values).buffer), "f64", dtype).bytes;
}
