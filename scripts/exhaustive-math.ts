/**
 * exp and tanh of passes/kernel/accurate-math.ts, compiled by codegen/wasm, at every number of f32, against Math.exp and
 * Math.tanh in f64. Threads take chunks of 2^20 neighbouring bit patterns from a shared counter. Reported are the worst error
 * in ulp with its input, among normal results and among subnormal ones, and what NaN, infinities and overflow give.
 */
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { availableParallelism } from "node:os";
import { emitWasm } from "../codegen/wasm/emit.ts";
import { legalizeKernel } from "../passes/kernel/legalize.ts";
import { parseKernel } from "../src/kernel/parse.ts";
import { cpuSimd } from "../src/profiles/cpu.ts";

const REFERENCE: Readonly<Record<string, (x: number) => number>> = { exp: Math.exp, tanh: Math.tanh };

const CHUNK = 2 ** 20;
const CHUNKS = 2 ** 32 / CHUNK;
const PAGE = 65536;
/** The numbers from here on are rounded to infinity. */
const OVERFLOW = 2 ** 128 - 2 ** 103;

/** Four numbers a workgroup. */
const kernelText = (name: string): string =>
  `kernel @pointwise(%x: read f32x4[T], %y: write f32x4[T]) scalars(%T: call i32) workgroup(1, 1, 1) grid(ceil(T, 1), 1, 1) {
  %i = builtin workgroup_x : i32
  %value = load %x[%i] : f32x4
  %result = ${name} %value : f32x4
  store %y[%i], %result
}
`;

interface Worst {
  readonly ulp: number;
  readonly input: number;
}

interface Report {
  /** Of results of 2^-126 and more. */
  readonly normal: Worst;
  /** Of results below; an ulp is 2^-149. */
  readonly subnormal: Worst;
  /** Least and largest result where the exact one is beyond the range. */
  readonly overflow: readonly [number, number];
  readonly nanInputs: number;
  /** Results that are NaN, of inputs that are. */
  readonly nanResults: number;
  /** Results that are NaN, of inputs that are not. */
  readonly strayNans: number;
  /** Results of `SPECIAL`. */
  readonly special: readonly number[];
}

const SPECIAL = [Infinity, -Infinity, 0, -0];

type Mutable = { -readonly [K in keyof Report]: Report[K] };

function emptyReport(): Mutable {
  const worst: Worst = { ulp: 0, input: 0 };
  return {
    normal: worst,
    subnormal: worst,
    overflow: [Infinity, -Infinity],
    nanInputs: 0,
    nanResults: 0,
    strayNans: 0,
    special: [],
  };
}

/** Takes chunks until there are none. */
function measure(name: string, exactOf: (x: number) => number, next: Int32Array): Report {
  const xAt = PAGE;
  const yAt = xAt + 4 * CHUNK;
  const pages = (yAt + 4 * CHUNK) / PAGE + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(emitWasm([legalizeKernel(parseKernel(kernelText(name)), cpuSimd)]));
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports["pointwise"] as (...args: readonly number[]) => void; // prettier-ignore
  const bits = new Uint32Array(memory.buffer, xAt, CHUNK);
  const x = new Float32Array(memory.buffer, xAt, CHUNK);
  const y = new Float32Array(memory.buffer, yAt, CHUNK);
  // 1 / ulp by the exponent's bits of the exact result.
  const perUlp = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (23 - Math.max(-126, i - 1023)));
  const exact = new Float64Array(1);
  const high = new Uint32Array(exact.buffer);
  const report = emptyReport();
  for (let chunk = Atomics.add(next, 0, 1); chunk < CHUNKS; chunk = Atomics.add(next, 0, 1)) {
    for (let i = 0; i < CHUNK; i++) bits[i] = chunk * CHUNK + i;
    run(xAt, yAt, CHUNK / 4, 0, CHUNK / 4, CHUNK / 4, 1, 1, PAGE);
    let worst = report.normal.ulp;
    for (let i = 0; i < CHUNK; i++) {
      const input = x[i] ?? NaN;
      const found = y[i] ?? NaN;
      const wanted = exactOf(input);
      exact[0] = wanted;
      const error = Math.abs(found - wanted) * (perUlp[((high[1] ?? 0) >>> 20) & 2047] ?? 0);
      // False for NaN as well: what is unusual is looked at below.
      if (error <= worst && Math.abs(wanted) >= 2 ** -126 && Math.abs(wanted) < OVERFLOW) continue;
      noteUnusual(report, input, found, wanted, error);
      worst = report.normal.ulp;
    }
  }
  x.set(SPECIAL);
  run(xAt, yAt, 1, 0, 1, 1, 1, 1, PAGE);
  return { ...report, special: [...y.subarray(0, SPECIAL.length)] };
}

function noteUnusual(report: Mutable, input: number, found: number, wanted: number, error: number): void {
  if (Math.abs(input) === Infinity) return;
  if (Number.isNaN(input)) {
    report.nanInputs++;
    if (Number.isNaN(found)) report.nanResults++;
  } else if (Number.isNaN(found)) report.strayNans++;
  else if (Math.abs(wanted) >= OVERFLOW)
    report.overflow = [Math.min(report.overflow[0], found), Math.max(report.overflow[1], found)];
  else if (Math.abs(wanted) < 2 ** -126) {
    if (error > report.subnormal.ulp) report.subnormal = { ulp: error, input };
  } else if (error > report.normal.ulp) report.normal = { ulp: error, input };
}

function merged(a: Report, b: Report): Report {
  const worse = (p: Worst, q: Worst): Worst => (p.ulp >= q.ulp ? p : q);
  return {
    normal: worse(a.normal, b.normal),
    subnormal: worse(a.subnormal, b.subnormal),
    overflow: [Math.min(a.overflow[0], b.overflow[0]), Math.max(a.overflow[1], b.overflow[1])],
    nanInputs: a.nanInputs + b.nanInputs,
    nanResults: a.nanResults + b.nanResults,
    strayNans: a.strayNans + b.strayNans,
    special: a.special.length > 0 ? a.special : b.special,
  };
}

/** `-0` where it is that. */
const shown = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

async function report(name: string): Promise<void> {
  const start = performance.now();
  const next = new Int32Array(new SharedArrayBuffer(4));
  const threads = Math.min(8, availableParallelism());
  const reports = await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { name, next } });
      return new Promise<Report>((resolve, reject) => worker.once("message", resolve).once("error", reject));
    }),
  );
  const all = reports.reduce(merged, emptyReport());
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const [least, largest] = all.overflow;
  const lines = [
    `${name}: 2^32 inputs in ${seconds} s on ${threads} threads`,
    `  normal results     at most ${all.normal.ulp.toFixed(4)} ulp, at ${shown(all.normal.input)}`,
    `  subnormal results  at most ${all.subnormal.ulp.toFixed(4)} ulp of 2^-149, at ${shown(all.subnormal.input)}`,
    `  beyond the range   ${least > largest ? "no input" : `${shown(least)} to ${shown(largest)}`}`,
    `  NaN                ${all.nanResults} of ${all.nanInputs} stay NaN; ${all.strayNans} other inputs give NaN`,
    `  ${SPECIAL.map(shown).join(", ")} give ${all.special.map(shown).join(", ")}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in REFERENCE));
if (!isMainThread) {
  const { name, next } = workerData as { readonly name: string; readonly next: Int32Array };
  parentPort?.postMessage(measure(name, REFERENCE[name] ?? Math.exp, next));
} else if (unknown === undefined) {
  for (const name of asked.length > 0 ? asked : Object.keys(REFERENCE)) await report(name);
} else {
  process.stderr.write(`unknown function ${unknown}; there are: ${Object.keys(REFERENCE).join(", ")}\n`);
  process.exitCode = 2;
}
