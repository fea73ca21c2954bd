/**
 * Threads of the CPU device: workers that stay, each with an instance of the module over the shared memory. A launch is
 * a few numbers in shared memory and one `Atomics.notify`, never a message; its workgroups along x are cut into pieces,
 * and every thread that is awake, the calling one too, takes the next piece until there is none. A thread that sleeps
 * too long is not waited for. Which thread runs a workgroup changes nothing in its result.
 */
import { DeviceError } from "../errors.ts";
import { CONTROL, NO_PIECE, PIECE_BITS, WORKER_SOURCE } from "./cpu-worker.ts";
import type { WorkerStart } from "./cpu-worker.ts";
import { STRETCH_MS, nextTurn } from "./next-turn.ts";

/** Most arguments of a kernel. */
const MOST_ARGS = 128;
/** Looks at a value that often before the thread sleeps: as long as the kernels between two that are split may take. */
const SPINS = 20_000;
/** Pieces of a launch for each thread: where one is slower, the others take more. */
const PIECES_EACH = 4;
/** The item of the shared memory for each name. */
const AT = Object.fromEntries(CONTROL.map((name, i) => [name, i])) as Record<(typeof CONTROL)[number], number>;
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
  private launches = 0;

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
          stackBytes,
          layout: CONTROL,
          pieceBits: PIECE_BITS,
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
    const { control, values } = this;
    this.throwFailure();
    const size = args[fromAt + 1] ?? 0;
    const pieces = Math.min(size, this.count * PIECES_EACH, NO_PIECE - 1);
    // The launch is closed, which a thread sees that still looks at the last one, before its arguments change.
    const launch = ++this.launches << PIECE_BITS;
    Atomics.store(control, AT.claim, launch | NO_PIECE);
    values.set(args);
    control[AT.kernel] = kernel;
    control[AT.argCount] = args.length;
    control[AT.fromAt] = fromAt;
    control[AT.failures] = 0;
    control[AT.pieces] = pieces;
    Atomics.store(control, AT.done, 0);
    // The first piece is this thread's.
    Atomics.store(control, AT.claim, launch + 1);
    Atomics.add(control, AT.round, 1);
    Atomics.notify(control, AT.round);
    for (let piece = 0; piece < pieces;) {
      try {
        own(Math.floor((size * piece) / pieces), Math.floor((size * (piece + 1)) / pieces));
      } catch (error) {
        this.fail(String(error), error);
      }
      Atomics.add(control, AT.done, 1);
      piece = this.nextPiece(launch, pieces);
    }
    return this.wait();
  }

  /** Takes a piece of the launch; `pieces` where none is left. */
  private nextPiece(launch: number, pieces: number): number {
    let claim = Atomics.load(this.control, AT.claim);
    while (claim - launch < pieces) {
      const found = Atomics.compareExchange(this.control, AT.claim, claim, claim + 1);
      if (found === claim) return claim - launch;
      claim = found;
    }
    return pieces;
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
    const pieces = control[AT.pieces] ?? 0;
    const start = performance.now();
    for (let spins = 1; ; spins++) {
      const done = Atomics.load(control, AT.done);
      if (done === pieces) break;
      if (spins < SPINS) continue;
      if (this.canSleep) Atomics.wait(control, AT.done, done, STRETCH_MS);
      else if (spins % SPINS !== 0) continue;
      if (performance.now() - start >= STRETCH_MS && Atomics.load(control, AT.done) !== pieces) return false;
    }
    if (Atomics.load(control, AT.failures) > 0) this.fail("a kernel of this package failed on another thread");
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
    this.control[AT.kernel] = -1;
    Atomics.add(this.control, AT.round, 1);
    Atomics.notify(this.control, AT.round);
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
