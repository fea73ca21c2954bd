/** What a thread of the CPU device runs, as text: a package is one module, so that a worker has no file to load. */

/** The items of the shared `Int32Array`. `round` counts launches; `pending` the threads that still work on one. */
export const CONTROL = ["round", "pending", "failures", "kernel", "argCount", "fromAt"] as const;

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: readonly string[];
  readonly control: Int32Array;
  /** The arguments of the launch. */
  readonly values: Float64Array;
  /** This thread is number `index` of `count`. */
  readonly index: number;
  readonly count: number;
  readonly stackBytes: number;
  readonly layout: typeof CONTROL;
  readonly spins: number;
}

/** A function expression `(start, ready) => void` that returns when kernel -1 is launched. */
export const WORKER_SOURCE = `({ module, memory, kernels, control, values, index, count, stackBytes, layout, spins }, ready) => {
  const [ROUND, PENDING, FAILURES, KERNEL, ARG_COUNT, FROM_AT] = layout.map((_, i) => i);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = kernels.map((name) => exports[name]);
  let round = 0;
  ready();
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(control, ROUND) === round; i++);
    Atomics.wait(control, ROUND, round);
    round++;
    if (control[KERNEL] < 0) return;
    const args = Array.from(values.subarray(0, control[ARG_COUNT]));
    const fromAt = control[FROM_AT];
    const size = args[fromAt + 1];
    args[fromAt] = Math.floor((size * index) / count);
    args[fromAt + 1] = Math.floor((size * (index + 1)) / count);
    args[args.length - 1] += stackBytes * index;
    try {
      functions[control[KERNEL]](...args);
    } catch {
      Atomics.add(control, FAILURES, 1);
    }
    if (Atomics.sub(control, PENDING, 1) === 1) Atomics.notify(control, PENDING);
  }
}`;
