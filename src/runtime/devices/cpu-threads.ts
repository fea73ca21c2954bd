/**
 * Threads of the CPU device: workers that stay, each with an instance of the module over the shared memory. A launch is
 * a few numbers in shared memory and one `Atomics.notify`, never a message; every thread takes its stretch of the
 * workgroups along x, the calling thread the first one. Which thread runs a workgroup changes nothing in its result.
 */
import { DeviceError } from "../errors.ts";
import { CONTROL, WORKER_SOURCE } from "./cpu-worker.ts";
import type { WorkerStart } from "./cpu-worker.ts";

/** Most arguments of a kernel. */
const MOST_ARGS = 128;
/** Looks at a value that often before the thread sleeps: about as long as a sleep and a wake take. */
const SPINS = 2000;
/** A thread that does not answer for so long is dead. */
const PATIENCE_MS = 30_000;

interface Thread {
  terminate(): unknown;
}

export class ThreadPool {
  private readonly threads: Thread[] = [];
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.length));
  private readonly values = new Float64Array(new SharedArrayBuffer(8 * MOST_ARGS));
  private readonly canSleep = canSleep();

  private constructor(private readonly count: number) {}

  /**
   * Starts `count - 1` workers. `kernels` are the names of the exports, by whose index they are run; thread i has its
   * private memory `i * stackBytes` behind the stack that a launch names. Throws `DeviceError` where a worker fails.
   */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    kernels: readonly string[],
    stackBytes: number,
    count: number,
  ): Promise<ThreadPool> {
    const pool = new ThreadPool(count);
    const { control, values } = pool;
    try {
      const starts = Array.from({ length: count - 1 }, (_, i): WorkerStart => {
        return {
          module,
          memory,
          kernels,
          control,
          values,
          index: i + 1,
          count,
          stackBytes,
          layout: CONTROL,
          spins: SPINS,
        };
      });
      await Promise.all(starts.map(async (start) => pool.threads.push(await startThread(start))));
      return pool;
    } catch (error) {
      pool.close();
      throw new DeviceError(`a worker of WebAssembly did not start: ${String(error)}`, { cause: error });
    }
  }

  /** Runs kernel number `kernel` with `args`, whose items at `fromAt` and `fromAt + 1` are the first workgroup along x
   * and the one behind the last. `own` runs a stretch on this thread. */
  run(kernel: number, args: readonly number[], fromAt: number, own: (from: number, to: number) => void): void {
    const { control, values, count } = this;
    const size = args[fromAt + 1] ?? 0;
    values.set(args);
    control[CONTROL.indexOf("kernel")] = kernel;
    control[CONTROL.indexOf("argCount")] = args.length;
    control[CONTROL.indexOf("fromAt")] = fromAt;
    control[CONTROL.indexOf("failures")] = 0;
    Atomics.store(control, CONTROL.indexOf("pending"), count - 1);
    Atomics.add(control, CONTROL.indexOf("round"), 1);
    Atomics.notify(control, CONTROL.indexOf("round"));
    try {
      own(0, Math.floor(size / count));
    } finally {
      this.wait();
    }
    if (Atomics.load(control, CONTROL.indexOf("failures")) > 0)
      throw new DeviceError("a kernel of this package failed on another thread");
  }

  /** Until the other threads are done. */
  private wait(): void {
    const { control } = this;
    const at = CONTROL.indexOf("pending");
    const start = performance.now();
    let spins = 0;
    for (;;) {
      const pending = Atomics.load(control, at);
      if (pending === 0) return;
      if (++spins < SPINS) continue;
      if (this.canSleep) Atomics.wait(control, at, pending, PATIENCE_MS);
      if ((this.canSleep || spins % SPINS === 0) && performance.now() - start > PATIENCE_MS)
        throw new DeviceError("a thread of WebAssembly does not answer; load the model again");
    }
  }

  /** Ends the workers. */
  close(): void {
    this.control[CONTROL.indexOf("kernel")] = -1;
    Atomics.add(this.control, CONTROL.indexOf("round"), 1);
    Atomics.notify(this.control, CONTROL.indexOf("round"));
    for (const thread of this.threads.splice(0)) thread.terminate();
  }
}

/** Whether threads can share memory here: a page must be isolated from other origins for that. */
export function canShareMemory(): boolean {
  // The flag is absent in Node.
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated !== false;
}

/** Threads to use where the caller does not say: as many as the machine has, 8 at most. */
export async function machineThreads(): Promise<number> {
  const available = isNode() ? (await nodeModule<typeof import("node:os")>("node:os")).availableParallelism() : navigator.hardwareConcurrency; // prettier-ignore
  return Math.max(1, Math.min(8, available));
}

/** Starts one worker and waits until it is ready. */
async function startThread(start: WorkerStart): Promise<Thread> {
  if (isNode()) {
    const { Worker: NodeWorker } = await nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
    const source = `const { parentPort, workerData } = require("node:worker_threads");\n(${WORKER_SOURCE})(workerData, () => parentPort.postMessage(null));`;
    const worker = new NodeWorker(source, { eval: true, workerData: start });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    // A process with a model that nobody closed still ends by itself.
    worker.unref();
    return worker;
  }
  const source = `onmessage = ({ data }) => (${WORKER_SOURCE})(data, () => postMessage(null));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(start);
    });
    return worker;
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function isNode(): boolean {
  return typeof process !== "undefined" && process.versions?.node !== undefined;
}

/** Bundlers for the browser must not try to resolve it. */
async function nodeModule<M>(name: string): Promise<M> {
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as M;
}

/** A page's own thread may not sleep. */
function canSleep(): boolean {
  return isNode() || typeof document === "undefined";
}
