/**
 * A program in WebAssembly memory: its buffers one after the other, and its launches as calls with all arguments but the
 * sizes of the call made beforehand. Launches that touch much memory are split among threads.
 */
import type { ManifestScalar, ProgramManifest } from "../../plan/manifest.ts";
import { DeviceError } from "../errors.ts";
import { ThreadPool } from "./cpu-threads.ts";
import type { PreparedProgram, Recording, Sizes } from "./device.ts";

const PAGE = 65536;
/** Bytes between the beginnings of cache lines and of vectors. */
const ALIGNMENT = 64;
/** A launch that touches fewer bytes, every row of the grid all of them, is over before other threads are awake. */
const SPLIT_BYTES = 512 * 1024;

type Kernel = (...args: readonly number[]) => void;

interface Launch {
  readonly run: Kernel;
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

export class CpuProgram implements PreparedProgram {
  private constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly offsets: readonly number[],
    private readonly launches: readonly (readonly Launch[])[],
    private readonly pool: ThreadPool | undefined,
  ) {}

  /** `threads` beyond 1 need a module whose memory is shared. Throws `DeviceError` where the buffers do not fit in the 4 GiB of a module, or the engine has not the memory. */
  static async create(
    program: ProgramManifest,
    module: WebAssembly.Module,
    bytesOf: (buffer: number) => number,
    threads: number,
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
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
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
    return new CpuProgram(memory, offsets, launches, pool);
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, at(this.offsets, buffer) + offset);
  }

  begin(sizes: Sizes): Recording {
    return {
      launch: (plan, step, [x, y, z]) => {
        const { run, kernel, bytes, call, args, callAt, fromAt } = at(at(this.launches, plan), step);
        call.forEach(({ name }, i) => (args[callAt + i] = sizes[name] ?? 0));
        args[fromAt + 1] = args[fromAt + 2] = x;
        args[fromAt + 3] = y;
        args[fromAt + 4] = z;
        if (this.pool === undefined || x < 2 || bytes * y * z < SPLIT_BYTES) return run(...args);
        this.pool.run(kernel, args, fromAt, (from, to) => {
          const own = [...args];
          own[fromAt] = from;
          own[fromAt + 1] = to;
          run(...own);
        });
      },
      submit: async (read) => {
        if (read === undefined) return new Uint8Array(0);
        const [buffer, offset, bytes] = read;
        const start = at(this.offsets, buffer) + offset;
        const copy = new Uint8Array(this.memory.buffer).slice(start, start + bytes);
        await nextTurn();
        return copy;
      },
    };
  }

  close(): void {
    this.pool?.close();
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Private memory of the kernel that needs most: known to an instance only, which here has no memory to speak of. */
async function stackBytesOf(module: WebAssembly.Module, shared: boolean): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
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

/** Resolves when timers, signals and the page had their turn; sooner than a timer of 0 ms, which waits 1 or 4. */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function at<V>(items: readonly V[], index: number): V {
  const item = items[index];
  if (item === undefined) throw new DeviceError(`the package's plan points at item ${index} of ${items.length}`);
  return item;
}
