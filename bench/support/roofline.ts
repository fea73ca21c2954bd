/**
 * What the machine can do at most in WebAssembly: multiply-adds in registers, with and without relaxed SIMD, and bytes
 * read from memory beyond all caches. Written in instructions, not compiled, so that it does not depend on llmc's code.
 */
import { FunctionBody } from "../../codegen/wasm/function-body.ts";
import { encodeModule } from "../../codegen/wasm/module.ts";
import type { WasmFunction } from "../../codegen/wasm/module.ts";
import { ThreadPool } from "../../src/runtime/devices/cpu-threads.ts";
import { RUNS, WARM_UPS, median } from "./harness.ts";

export interface Roofline {
  /** GFLOP/s of `f32x4.mul` and `f32x4.add`. */
  readonly multiplyAdd: number;
  /** GFLOP/s of `f32x4.relaxed_madd`; undefined where the engine has none. */
  readonly relaxed: number | undefined;
  /** GB/s. */
  readonly read: number;
}

const PAGE = 65536;
/** As many chains as hide the latency of a multiplication and an addition, two of each a cycle. */
const SUMS = 12;
/** Rounds of one workgroup of `peak`. */
const ROUNDS = 4096;
const PEAK_GROUPS = 512;
export const READ_BYTES = 512 * 2 ** 20;
/** One workgroup of `read` reads so much. */
const BLOCK = PAGE;
const STREAMS = 4;

/** Bytes that all streams together read in one step. */
const STEP = STREAMS * 16;

export interface Ceilings {
  /** Seconds of reading all of `READ_BYTES` once. */
  read(): number;
  /** GFLOP/s, and GB/s. */
  measure(): Roofline;
  close(): void;
}

export async function ceilings(threads: number): Promise<Ceilings> {
  const hasRelaxed = engineHasRelaxed();
  const functions = [peakFunction("peak", false), readFunction(), ...(hasRelaxed ? [peakFunction("peak_relaxed", true)] : [])]; // prettier-ignore
  const module = new WebAssembly.Module(encodeModule(functions, { shared: true, stackBytes: PAGE }));
  const pages = READ_BYTES / PAGE + 1 + threads;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(memory.buffer).fill(1);
  const names = functions.map(({ name }) => name);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const pool = threads > 1 ? await ThreadPool.start(module, memory, names, PAGE, threads) : undefined;
  const data = (1 + threads) * PAGE;
  const seconds = (name: string, workgroups: number): number => {
    const run = exports[name] as (...args: number[]) => void;
    const own = (from: number, to: number): void => run(data, from, to, workgroups, 1, 1, PAGE);
    const start = performance.now();
    if (pool === undefined) own(0, workgroups);
    else pool.run(names.indexOf(name), [data, 0, workgroups, workgroups, 1, 1, PAGE], 1, own);
    return (performance.now() - start) / 1000;
  };
  const typical = (run: () => number): number => median(Array.from({ length: RUNS + WARM_UPS }, run).slice(WARM_UPS));
  const flops = (name: string): number =>
    (PEAK_GROUPS * ROUNDS * SUMS * 8) / typical(() => seconds(name, PEAK_GROUPS)) / 1e9;
  const read = (): number => seconds("read", READ_BYTES / BLOCK);
  return {
    read,
    measure: () => ({
      multiplyAdd: flops("peak"),
      relaxed: hasRelaxed ? flops("peak_relaxed") : undefined,
      read: READ_BYTES / typical(read) / 1e9,
    }),
    close: () => pool?.close(),
  };
}

export function engineHasRelaxed(): boolean {
  return WebAssembly.validate(encodeModule([peakFunction("peak", true)], { shared: false, stackBytes: 0 }));
}

/** The parameters of every kernel of one buffer, and their locals. */
function start(): {
  readonly body: FunctionBody;
  readonly from: number;
  readonly to: number;
  readonly base: number;
  readonly stack: number;
} {
  // prettier-ignore
  const body = new FunctionBody();
  const [base, from, to] = ["base", "from", "to"].map((name) => body.param(name, "i32"));
  for (const name of ["x", "y", "z"]) body.param(name, "i32");
  const stack = body.param("stack", "i32");
  return { body, base: base ?? 0, from: from ?? 0, to: to ?? 0, stack };
}

function peakFunction(name: string, isRelaxed: boolean): WasmFunction {
  const { body, from, to, stack } = start();
  const [group, round] = [body.local("group", "i32"), body.local("round", "i32")];
  const sums = Array.from({ length: SUMS }, (_, i) => body.local(`sum${i}`, "v128"));
  const [x, y] = [body.local("x", "v128"), body.local("y", "v128")];
  // Each sum is its own chain, `sum = sum * x + y`, which stays near 1.
  for (const [local, value] of [
    [x, 0.5],
    [y, 0.5],
  ] as const)
    // prettier-ignore
    body.add(["f32.const", value], ["f32x4.splat"], ["local.set", local]);
  body.loop(group, [["local.get", from]], [["local.get", to]], [["i32.const", 1]], () =>
    body.loop(round, [["i32.const", 0]], [["i32.const", ROUNDS]], [["i32.const", 1]], () => {
      for (const sum of sums) {
        body.add(["local.get", sum], ["local.get", x]);
        body.add(...(isRelaxed ? [] : ([["f32x4.mul"]] as const)), ["local.get", y]);
        body.add([isRelaxed ? "f32x4.relaxed_madd" : "f32x4.add"], ["local.set", sum]);
      }
    }),
  );
  for (const sum of sums) body.add(["local.get", stack], ["local.get", sum], ["v128.store", 4, 0]);
  return body.finish(name);
}

function readFunction(): WasmFunction {
  const { body, base, from, to, stack } = start();
  const [group, at, end] = ["group", "at", "end"].map((name) => body.local(name, "i32"));
  const sums = Array.from({ length: STREAMS }, (_, i) => body.local(`sum${i}`, "v128"));
  const [g, a, e] = [group ?? 0, at ?? 0, end ?? 0];
  body.loop(g, [["local.get", from]], [["local.get", to]], [["i32.const", 1]], () => {
    const begin = [["local.get", base], ["local.get", g], ["i32.const", BLOCK], ["i32.mul"], ["i32.add"]] as const;
    body.add(...begin, ["i32.const", BLOCK], ["i32.add"], ["local.set", e]);
    body.loop(a, begin, [["local.get", e]], [["i32.const", 4 * STEP]], () => {
      for (let step = 0; step < 4; step++)
        sums.forEach(
          (sum, i) =>
          body.add(["local.get", a], ["v128.load", 4, step * STEP + i * 16], ["local.get", sum], ["v128.xor"], ["local.set", sum]), // prettier-ignore
        );
    });
  });
  for (const sum of sums) body.add(["local.get", stack], ["local.get", sum], ["v128.store", 4, 0]);
  return body.finish("read");
}
