/**
 * A program in WebAssembly memory: its buffers one after the other, and its launches as calls with all arguments but the
 * sizes of the call made beforehand. Launches that touch much memory are split among threads.
 */
import type { ManifestRange, ManifestScalar, ProgramManifest } from "../../plan/manifest.ts";
import { DeviceError } from "../errors.ts";
import { ThreadPool } from "./cpu-threads.ts";
import type { PreparedProgram, Recording, Sizes } from "./device.ts";
import { BETWEEN_RESULTS_MS, STRETCH_MS, nextTurn } from "./next-turn.ts";

const PAGE = 65536;
/** Bytes between the beginnings of cache lines and of vectors. */
const ALIGNMENT = 64;

type Kernel = (...args: readonly number[]) => void;

interface Launch {
  readonly run: Kernel;
  readonly name: string;
  /** Its index among the kernels. */
  readonly kernel: number;
  /** Of all bindings. */
  readonly bytes: number;
  readonly call: readonly ManifestScalar[];
  /** Offsets, call scalars, launch scalars, from, to, the grid, and the stack. */
  readonly args: number[];
  /** Where the call scalars begin in `args`. */
  readonly callAt: number;
  /** Where `from` stands. */
  readonly fromAt: number;
}

/** A launch and its workgroups. */
interface Call {
  readonly launch: Launch;
  readonly groups: readonly [number, number, number];
}

export class CpuProgram implements PreparedProgram {
  private lastTurn = performance.now();
  /** Calls that wait for other threads or a turn, and what was asked for meanwhile; undefined where there is nothing. */
  private underway: Promise<void> | undefined;
  /** A kernel's, on this thread. */
  private failure: DeviceError | undefined;

  private constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly offsets: readonly number[],
    private readonly launches: readonly (readonly Launch[])[],
    private readonly pool: ThreadPool | undefined,
    private readonly splitBytes: number,
  ) {}

  /** `threads` beyond 1 need a module whose memory is shared. Throws `DeviceError` where the buffers do not fit in the 4 GiB of a module, or the engine has not the memory. */
  static async create(
    program: ProgramManifest,
    module: WebAssembly.Module,
    bytesOf: (buffer: number) => number,
    threads: number,
    splitBytes: number,
  ): Promise<CpuProgram> {
    const stackBytes = align(await stackBytesOf(module, threads > 1));
    // Nothing lies below the first page: addresses with a part of their offset taken off must not wrap.
    const stack = PAGE;
    let end = stack + stackBytes * threads;
    const offsets = program.buffers.map((_, index) => {
      const offset = end;
      end = align(end + bytesOf(index));
      return offset;
    });
    const memory = newMemory(end, threads > 1);
    const instance = await instantiate(module, memory);
    const launches = program.plans.map((plan) =>
      plan.steps.map(([kernelIndex, , bindings, scalars]): Launch => {
        const kernel = at(program.kernels, kernelIndex);
        const run = instance.exports[kernel.name];
        if (typeof run !== "function") throw new DeviceError(`the package has no code for the kernel ${kernel.name}`);
        const places = bindings.map((binding) => {
          const [buffer, offset] = at(program.ranges, binding);
          return at(offsets, buffer) + offset;
        });
        const bytes = bindings.reduce((sum, binding) => sum + at(program.ranges, binding)[2], 0);
        const args = [...places, ...kernel.call.map(() => 0), ...scalars];
        const fromAt = args.push(0, 0, 0, 0, 0, stack) - 6;
        return {
          run: run as Kernel,
          name: kernel.name,
          kernel: kernelIndex,
          bytes,
          call: kernel.call,
          args,
          callAt: places.length,
          fromAt,
        };
      }),
    );
    const names = program.kernels.map(({ name }) => name);
    const pool = threads > 1 ? await ThreadPool.start(module, memory, names, stackBytes, threads) : undefined;
    return new CpuProgram(memory, offsets, launches, pool, splitBytes);
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    const place = at(this.offsets, buffer) + offset;
    // The caller may change its bytes before their turn comes.
    const own = this.underway === undefined ? bytes : bytes.slice();
    void this.inOrder(() => new Uint8Array(this.memory.buffer).set(own, place));
  }

  begin(sizes: Sizes): Recording {
    const calls: Call[] = [];
    return {
      launch: (plan, step, groups) => void calls.push({ launch: at(at(this.launches, plan), step), groups }),
      submit: async (read) => {
        const bytes = await this.inOrder(() => this.execute(calls, sizes, read, 0));
        if (read !== undefined && this.isTurnDue(BETWEEN_RESULTS_MS)) await this.turn();
        return bytes;
      },
    };
  }

  /** Does `work` now, or behind what is under way. `work` gives a promise where it has to wait itself. */
  private inOrder<V>(work: () => V | Promise<V>): V | Promise<V> {
    const result = this.underway === undefined ? work() : this.underway.then(work);
    if (result instanceof Promise) {
      const ended = (): void => {
        if (this.underway === underway) this.underway = undefined;
      };
      const underway = result.then(ended, ended);
      this.underway = underway;
    }
    return result;
  }

  private isTurnDue(after: number): boolean {
    return performance.now() - this.lastTurn > after;
  }

  private async turn(): Promise<void> {
    await nextTurn();
    this.lastTurn = performance.now();
  }

  /** Runs the calls from number `from` on; a copy of the bytes of `read` after them. */
  private execute(
    calls: readonly Call[],
    sizes: Sizes,
    read: ManifestRange | undefined,
    from: number,
  ): Uint8Array | Promise<Uint8Array> {
    const failure = this.failure ?? this.pool?.failure;
    if (failure !== undefined) throw failure;
    for (let i = from; i < calls.length; i++) {
      // A long prompt is one call behind the other, with nobody waiting for a result in between.
      if (this.isTurnDue(STRETCH_MS)) return this.turn().then(() => this.execute(calls, sizes, read, i));
      const rest = this.launch(at(calls, i), sizes);
      if (rest !== undefined) return rest.then(() => this.execute(calls, sizes, read, i + 1));
    }
    if (read === undefined) return new Uint8Array(0);
    const [buffer, offset, bytes] = read;
    const start = at(this.offsets, buffer) + offset;
    return new Uint8Array(this.memory.buffer).slice(start, start + bytes);
  }

  /** A promise where other threads still work on it. */
  private launch({ launch, groups: [x, y, z] }: Call, sizes: Sizes): Promise<void> | undefined {
    const { kernel, bytes, call, args, callAt, fromAt } = launch;
    call.forEach(({ name }, i) => (args[callAt + i] = sizes[name] ?? 0));
    args[fromAt + 1] = args[fromAt + 2] = x;
    args[fromAt + 3] = y;
    args[fromAt + 4] = z;
    if (this.pool === undefined || x < 2 || bytes * y * z < this.splitBytes) {
      this.call(launch, args);
      return undefined;
    }
    const isDone = this.pool.run(kernel, args, fromAt, (from, to) => {
      const own = [...args];
      own[fromAt] = from;
      own[fromAt + 1] = to;
      this.call(launch, own);
    });
    return isDone ? undefined : this.pool.finished();
  }

  /** Behind a kernel that failed the buffers hold anything. */
  private call({ run, name }: Launch, args: readonly number[]): void {
    try {
      run(...args);
    } catch (error) {
      this.failure = new DeviceError(`the kernel ${name} failed: ${String(error)}`, { cause: error });
      throw this.failure;
    }
  }

  close(): void {
    this.pool?.close();
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module, { env: { memory } });
  } catch (error) {
    throw new DeviceError(`the package's WebAssembly does not start: ${String(error)}`, { cause: error });
  }
}

/** Private memory of the kernel that needs most: known to an instance only, which here has no memory to speak of. */
async function stackBytesOf(module: WebAssembly.Module, shared: boolean): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
  const { exports } = await instantiate(module, memory);
  return (exports["stack_bytes"] as WebAssembly.Global<"i32">).value;
}

function newMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    const mib = Math.ceil(bytes / 2 ** 20);
    throw new DeviceError(`the model needs ${mib} MiB of WebAssembly memory, which cannot be had`, { cause: error });
  }
}

function at<V>(items: readonly V[], index: number): V {
  const item = items[index];
  if (item === undefined) throw new DeviceError(`the package's plan points at item ${index} of ${items.length}`);
  return item;
}
