/**
 * The target `cpu` when something goes wrong: a thread that ends between launches and inside one, a kernel that traps,
 * memory that cannot be had, threads where there can be none. Each is a typed error or one line on stderr, at once, and
 * what comes after it is refused. Also the near misses: a slow thread is not a dead one.
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { emitWasm } from "../../codegen/wasm/emit.ts";
import { parseKernel } from "../../src/kernel/parse.ts";
import type { ProgramManifest } from "../../src/plan/manifest.ts";
import { CpuDevice } from "../../src/runtime/devices/cpu.ts";
import type { PreparedProgram } from "../../src/runtime/devices/device.ts";
import { openDevice } from "../../src/runtime/devices/open.ts";
import { DeviceError } from "../../src/runtime/errors.ts";

/** Workgroup i counts to `turns[i]` and puts the count into `out[places[i]]`. */
const COUNT = `kernel @count(%turns: read i32[T], %places: read i32[T], %out: read_write f32[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %zero = const 0 : i32
  %one = const 1 : i32
  %none = const 0.0 : f32
  %more = const 1.0 : f32
  %i = builtin workgroup_x : i32
  %turn_count = load %turns[%i] : i32
  %total = for %k = %zero to %turn_count step %one iter(%sum = %none) {
    %next = add %sum, %more : f32
    yield %next
  }
  %place = load %places[%i] : i32
  store %out[%place], %total
}
`;

/** So large that its launches are split among threads. */
const BYTES = 2 ** 20;
const [TURNS, PLACES, OUT] = [0, 1, 2];
const GROUPS = 8;
const IN_ORDER = Array.from({ length: GROUPS }, (_, i) => i);
/** Seconds of work. */
const LONG = 2 ** 31 - 1;
const FAR = 2 ** 29 - 1;

const MANIFEST: ProgramManifest = {
  kernels: [
    {
      name: "count",
      access: "rrw",
      buffers: [["turns", "i32"], ["places", "i32"], ["out", "f32"]], // prettier-ignore
      call: [{ name: "T", type: "i32" }],
      launch: [],
      workgroup: [1, 1, 1],
    },
  ],
  buffers: ["turns", "places", "out"].map((name) => ({ name, kind: "temporary", bytes: BYTES })),
  ranges: [TURNS, PLACES, OUT].map((buffer) => [buffer, 0, BYTES] as const),
  grids: [[[[[[1, "T"]], 1]], [], []]],
  plans: [
    { entry: "count", bucket: { T: GROUPS }, steps: [[0, 0, [0, 1, 2], []]], inputs: {}, outputs: {}, types: {} },
  ],
};

const code = { wasm: emitWasm([parseKernel(COUNT)]) };

/** The workers that were started since the test began. */
const workers: Worker[] = [];
const threads = createRequire(import.meta.url)("node:worker_threads") as { Worker: typeof Worker };

beforeAll(() => {
  threads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
    }
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  threads.Worker = Worker;
  syncBuiltinESMExports();
});

let program: PreparedProgram | undefined;
beforeEach(() => {
  workers.length = 0;
});
afterEach(() => program?.close());

async function prepare(count: number): Promise<PreparedProgram> {
  program = await new CpuDevice(count).prepare(MANIFEST, code, () => BYTES);
  return program;
}

/** The counts, at their places. */
async function run(
  on: PreparedProgram,
  turns: readonly number[],
  places: readonly number[] = IN_ORDER,
): Promise<readonly number[]> {
  const bytes = (values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
  on.write(TURNS, 0, bytes(turns));
  on.write(PLACES, 0, bytes(places));
  const recording = on.begin({ T: GROUPS });
  recording.launch(0, 0, [GROUPS, 1, 1]);
  return [...new Float32Array((await recording.submit([OUT, 0, 4 * GROUPS])).slice().buffer)];
}

const SHORT = [3, 1, 4, 1, 5, 9, 2, 6];
/** The calling thread takes the first piece, and is busy with it long enough for another one to take the second. */
const WHILE_BUSY = 1e8;
const UNEVEN = [WHILE_BUSY, LONG, 1, 1, 1, 1, 1, 1];

/** Rejects with a `DeviceError` of this text, and within seconds. */
async function expectFailure(call: Promise<unknown>, message: RegExp): Promise<void> {
  const start = performance.now();
  const error: unknown = await call.then(() => "no error", (reason: unknown) => reason); // prettier-ignore
  expect(error).toBeInstanceOf(DeviceError);
  expect(String(error)).toMatch(message);
  expect(performance.now() - start).toBeLessThan(5000);
}

describe("a thread that ends", () => {
  it("between launches: the next call throws, and every one after it", async () => {
    const on = await prepare(3);
    expect(await run(on, SHORT)).toEqual(SHORT);
    expect(workers).toHaveLength(2);
    await workers[0]!.terminate();
    await expectFailure(run(on, SHORT), /a thread of this model ended \(exit code 1\); close the model/);
    await expectFailure(run(on, SHORT), /a thread of this model ended/);
    expect(() => on.close()).not.toThrow();
  });

  it("between launches, and nobody has heard of it yet: the others do its work, unless it had begun", async () => {
    const on = await prepare(2);
    const ended = workers[0]!.terminate();
    const first = await run(on, SHORT).catch((error: unknown) => error);
    if (first instanceof Error) expect(first).toBeInstanceOf(DeviceError);
    else expect(first).toEqual(SHORT);
    await ended;
    await expectFailure(run(on, SHORT), /a thread of this model ended/);
  });

  it("inside a launch", async () => {
    const on = await prepare(2);
    const call = run(on, UNEVEN);
    void workers[0]!.terminate();
    await expectFailure(call, /a thread of this model ended/);
    await expectFailure(run(on, SHORT), /a thread of this model ended/);
  });

  it("because the model is closed inside a launch", async () => {
    const on = await prepare(2);
    const call = run(on, UNEVEN);
    on.close();
    await expectFailure(call, /the model is closed/);
  });

  it("before it was ready", async () => {
    const preparing = prepare(2);
    await expect.poll(() => workers.length, { interval: 1 }).toBe(1);
    void workers[0]!.terminate();
    await expectFailure(preparing, /did not start: .*exit code/);
  });
});

/** Turns of the event loop until `call` resolves. */
async function turnsOf(call: Promise<unknown>): Promise<number> {
  let turns = 0;
  const count = (): void => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await call;
  clearImmediate(next);
  return turns;
}

describe("a call of many launches", () => {
  const launches = async (turns: number): Promise<number> => {
    const on = await prepare(1);
    on.write(TURNS, 0, new Uint8Array(new Int32Array(GROUPS).fill(turns).buffer));
    const recording = on.begin({ T: GROUPS });
    for (let i = 0; i < 10; i++) recording.launch(0, 0, [GROUPS, 1, 1]);
    return turnsOf(recording.submit());
  };

  it("gives the event loop its turns where they are long", async () => {
    expect(await launches(1e7)).toBeGreaterThan(4);
  });

  it("does not where they are short: a turn costs more than a launch", async () => {
    expect(await launches(10)).toBeLessThan(4);
  });
});

describe("a slow thread", () => {
  const slow = [WHILE_BUSY, 4e8, 1, 1, 1, 1, 1, 1];
  // Counting in f32 ends at 2^24.
  const counted = [2 ** 24, 2 ** 24, 1, 1, 1, 1, 1, 1];

  it("is waited for, and the event loop gets its turns meanwhile", async () => {
    const on = await prepare(2);
    const call = run(on, slow);
    expect(await turnsOf(call)).toBeGreaterThan(2);
    expect(await call).toEqual(counted);
  });

  it("keeps calls and writes in their order, with nobody waiting in between", async () => {
    const on = await prepare(2);
    const calls = [run(on, slow), run(on, SHORT), run(on, slow), run(on, [...SHORT].reverse())];
    expect(await Promise.all(calls)).toEqual([counted, SHORT, counted, [...SHORT].reverse()]);
  });
});

describe("a kernel that traps", () => {
  it.each([
    [1, 0, /the kernel count failed: .*out of bounds/],
    [2, 0, /the kernel count failed: .*out of bounds/],
    [2, 1, /failed on another thread/],
  ])("of %i threads, in workgroup %i", async (count, group, message) => {
    const on = await prepare(count);
    const places = IN_ORDER.map((i) => (i === group ? FAR : i));
    const turns = count === 1 ? SHORT : [WHILE_BUSY, ...SHORT.slice(1)];
    await expectFailure(run(on, turns, places), message);
    await expectFailure(run(on, SHORT), message);
  });
});

describe("memory", () => {
  it("that is more than a module can have", async () => {
    const preparing = new CpuDevice(1).prepare(MANIFEST, code, () => 2 * 2 ** 30);
    await expectFailure(preparing, /the model needs 6145 MiB of WebAssembly memory, which cannot be had/);
  });

  it.each([1, 2])("that the machine has not, for %i threads", async (count) => {
    const { Memory } = WebAssembly;
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.initial > 1) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
        super(descriptor);
      }
    };
    try {
      await expectFailure(prepare(count), /the model needs 4 MiB of WebAssembly memory, which cannot be had/);
      expect(workers).toEqual([]);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });
});

describe("threads where memory cannot be shared", () => {
  const profile = {
    name: "cpu-simd",
    target: "cpu",
    requires: { features: [], limits: {} },
    load: () => Promise.reject(new Error("not loaded here")),
  };
  const adapter = async (count?: number): Promise<string> =>
    (await openDevice([profile], { threads: count })).device.info.adapter;
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("are one, said once, and only to who asked for more", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await adapter(2)).toBe("WebAssembly, 2 threads");
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(await adapter()).toBe("WebAssembly, 1 thread");
    expect(await adapter(1)).toBe("WebAssembly, 1 thread");
    expect(warn).not.toHaveBeenCalled();
    expect(await adapter(2)).toBe("WebAssembly, 1 thread");
    expect(await adapter(4)).toBe("WebAssembly, 1 thread");
    expect(warn.mock.calls).toEqual([
      ["llmc: one thread instead of those asked for: this engine has no SharedArrayBuffer"],
    ]);
  });
});
