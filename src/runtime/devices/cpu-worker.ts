/** What a thread of the CPU device runs, as text: a package is one module, so that a worker has no file to load. */

/**
 * The items of the shared `Int32Array`. `round` counts launches, and threads sleep on it. `claim` is the launch and the
 * next piece of it that nobody has taken, in one word, so that a thread that comes late cannot take a piece of another
 * launch than the one whose arguments it has read. `done` counts pieces that are done; below `pieces`, somebody waits.
 */
export const CONTROL = ["round", "claim", "pieces", "done", "failures", "kernel", "argCount", "fromAt"] as const;

/** Bits of `claim` that count pieces; the launch is above, modulo what is left. */
export const PIECE_BITS = 8;
/** So many pieces stand for a launch that is closed. */
export const NO_PIECE = 2 ** PIECE_BITS - 1;

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: readonly string[];
  readonly control: Int32Array;
  /** The arguments of the launch. */
  readonly values: Float64Array;
  /** The number of this thread; the calling thread is 0. */
  readonly index: number;
  readonly stackBytes: number;
  readonly layout: typeof CONTROL;
  readonly pieceBits: number;
  readonly spins: number;
}

/** A function expression `(start, ready) => void` that returns when kernel -1 is launched. */
export const WORKER_SOURCE = `({ module, memory, kernels, control, values, index, stackBytes, layout, pieceBits, spins }, ready) => {
  const [ROUND, CLAIM, PIECES, DONE, FAILURES, KERNEL, ARG_COUNT, FROM_AT] = layout.map((_, i) => i);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = kernels.map((name) => exports[name]);
  const pieceMask = (1 << pieceBits) - 1;
  let round = 0;
  ready();
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(control, ROUND) === round; i++);
    Atomics.wait(control, ROUND, round);
    round = Atomics.load(control, ROUND);
    if (control[KERNEL] < 0) return;
    let claim = Atomics.load(control, CLAIM);
    const launch = claim >> pieceBits;
    const kernel = control[KERNEL];
    const pieces = control[PIECES];
    const fromAt = control[FROM_AT];
    const args = Array.from(values.subarray(0, control[ARG_COUNT]));
    const size = args[fromAt + 1];
    args[args.length - 1] += stackBytes * index;
    while (claim >> pieceBits === launch && (claim & pieceMask) < pieces) {
      const found = Atomics.compareExchange(control, CLAIM, claim, claim + 1);
      if (found !== claim) {
        claim = found;
        continue;
      }
      const piece = claim & pieceMask;
      args[fromAt] = Math.floor((size * piece) / pieces);
      args[fromAt + 1] = Math.floor((size * (piece + 1)) / pieces);
      try {
        functions[kernel](...args);
      } catch {
        Atomics.add(control, FAILURES, 1);
      }
      if (Atomics.add(control, DONE, 1) + 1 === pieces) Atomics.notify(control, DONE);
      claim = Atomics.load(control, CLAIM);
    }
  }
}`;
