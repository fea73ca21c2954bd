/**
 * Threads of the CPU device: workers that stay, each with an instance of the module over the shared memory. A launch is
 * a few numbers in shared memory and one `Atomics.notify`, never a message; every thread takes its stretch of the
 * workgroups along x, the calling thread the first one. Which thread runs a workgroup changes nothing in its result.
 */
import { DeviceError } from "../errors.ts";
import { CONTROL, WORKER_SOURCE } from "./cpu-worker.ts";
import type { WorkerStart } from "./cpu-worker.ts";
import { STRETCH_MS, nextTurn } from "./next-turn.ts";

/** Most arguments of a kernel. */
const MOST_ARGS = 128;
/** Looks at a value that often before the thread sleeps: about as long as a sleep and a wake take. */
const SPINS = 2000;
/** A page is not told of every end of a worker; a thread that has not answered for so long is taken for dead. */
const PATIENCE_MS = 30_000;

interface Thread {
  terminate(): unknown;
}

export class ThreadPool {
  private readonly threads: Thread[] = [];
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.length));
  private readonly values = new Float64Array(new SharedArrayBuffer(8 * MOST_ARGS));
  private readonly canSleep = canSleep();
  private firstFailure: DeviceError | undefined;

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
    const onEnd = (how: string): void =>
      pool.fail(`a thread of this model ended (${how}); close the model and load it again`);
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
      await Promise.all(starts.map((start) => startThread(start, pool.threads, onEnd)));
      return pool;
    } catch (error) {
      pool.close();
      throw new DeviceError(`a worker of WebAssembly did not start: ${String(error)}`, { cause: error });
    }
  }

  /** Why nothing can run any more: a thread ended, a kernel failed, the pool is closed. Undefined where all is well. */
  get failure(): DeviceError | undefined {
    return this.firstFailure;
  }

  /**
   * Runs kernel number `kernel` with `args`, whose items at `fromAt` and `fromAt + 1` are the first workgroup along x
   * and the one behind the last. `own` runs a stretch on this thread. False where other threads still work on it: then
   * nothing else may run before `finished` resolves. Throws the failure, if there is one.
   */
  run(kernel: number, args: readonly number[], fromAt: number, own: (from: number, to: number) => void): boolean {
    const { control, values, count } = this;
    this.throwFailure();
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
    } catch (error) {
      this.fail(String(error), error);
    }
    return this.wait();
  }

  /** Resolves when all threads are done with the launch that `run` began; rejects with the failure, if there is one. */
  async finished(): Promise<void> {
    const start = performance.now();
    while (!this.wait()) {
      await nextTurn();
      if (performance.now() - start > PATIENCE_MS)
        this.fail("a thread of this model does not answer; close the model and load it again");
      this.throwFailure();
    }
  }

  /** Waits until the other threads are done, but not for long: whether they are. Throws where a kernel failed. */
  private wait(): boolean {
    const { control } = this;
    const at = CONTROL.indexOf("pending");
    const start = performance.now();
    for (let spins = 1; ; spins++) {
      const pending = Atomics.load(control, at);
      if (pending === 0) break;
      if (spins < SPINS) continue;
      if (this.canSleep) Atomics.wait(control, at, pending, STRETCH_MS);
      else if (spins % SPINS !== 0) continue;
      if (performance.now() - start >= STRETCH_MS && Atomics.load(control, at) !== 0) return false;
    }
    if (Atomics.load(control, CONTROL.indexOf("failures")) > 0)
      this.fail("a kernel of this package failed on another thread");
    this.throwFailure();
    return true;
  }

  /** The first failure stays: those after it follow from it. */
  private fail(message: string, cause?: unknown): void {
    this.firstFailure ??= cause instanceof DeviceError ? cause : new DeviceError(message, { cause });
  }

  private throwFailure(): void {
    if (this.firstFailure !== undefined) throw this.firstFailure;
  }

  /** Ends the workers, in the middle of a launch too. */
  close(): void {
    this.fail("the model is closed");
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

let hasWarned = false;

/** For a caller who asked for threads where there can be none: says so, once. */
export function warnOfOneThread(): void {
  if (hasWarned) return;
  hasWarned = true;
  // Such a page has no SharedArrayBuffer either; this is what its author can change.
  const reason =
    globalThis.crossOriginIsolated === false
      ? "this page is not isolated from other origins (Cross-Origin-Opener-Policy, Cross-Origin-Embedder-Policy)"
      : "this engine has no SharedArrayBuffer";
  console.warn(`llmc: one thread instead of those asked for: ${reason}`);
}

/**
 * Starts one worker, puts it into `threads` and waits until it is ready. `onEnd` hears how it ended, if it does by
 * itself: it has no reason to.
 */
async function startThread(start: WorkerStart, threads: Thread[], onEnd: (how: string) => void): Promise<void> {
  if (isNode()) {
    const { Worker: NodeWorker } = await nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
    // The text is a module where the process was started with --input-type=module, else a script; `import()` is in both.
    const source = `import("node:worker_threads").then(({ parentPort, workerData }) => (${WORKER_SOURCE})(workerData, () => parentPort.postMessage(null)));`;
    // Options of the process, a loader's say, are not for a thread that loads nothing.
    const worker = new NodeWorker(source, { eval: true, workerData: start, execArgv: [] });
    threads.push(worker);
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.on("error", (error) => (onEnd(String(error)), reject(error)));
      worker.on("exit", (code) => (onEnd(`exit code ${code}`), reject(new Error(`it ended with exit code ${code}`))));
    });
    // A process with a model that nobody closed still ends by itself.
    worker.unref();
    return;
  }
  const source = `onmessage = ({ data }) => (${WORKER_SOURCE})(data, () => postMessage(null));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const worker = new Worker(url);
    threads.push(worker);
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = ({ message }) => (onEnd(message), reject(new Error(message)));
      worker.postMessage(start);
    });
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
