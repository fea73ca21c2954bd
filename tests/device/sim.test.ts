/** The CUDA simulator on correct kernels: exact results in every order of blocks, every 16-bit float, what is counted. */
import { mkdtempSync, rmSync } from "node:fs";
import { execFileSync, spawnSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fromBf16, fromF16, toBf16, toF16 } from "../../src/kernel/half.ts";
import { compileProgram, compileSim, kernelsOf, runtimeWarnings, simProblem } from "../support/cuda-sim.ts";
import type { BlockOrder, Sim } from "../support/cuda-sim.ts";
import { KNOWN, input, kernelText, output } from "./known-kernels.ts";
import type { KnownName } from "./known-kernels.ts";

const problem = simProblem();
beforeEach(({ skip }) => {
  if (problem !== undefined) skip(problem);
});

const sims = new Map<string, Promise<Sim>>();

/** One compilation a file. */
function simOf(file: string): Promise<Sim> {
  const found = sims.get(file) ?? compileSim(kernelText(file), []);
  sims.set(file, found);
  return found;
}

afterAll(async () => {
  for (const sim of sims.values()) (await sim).close();
});

const floats = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);
const words = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer);

async function run(name: KnownName, order: BlockOrder = "forward") {
  const { file, launch, expected } = KNOWN[name];
  const sim = await simOf(file);
  const { buffers, unwritten, traffic } = await sim.launch({ ...launch, order });
  const written = buffers.filter((_, i) => launch.buffers[i]?.access === "read_write").map(floats);
  return { written, unwritten, traffic, expected };
}

describe("a correct kernel", () => {
  const orders: readonly BlockOrder[] = ["forward", "backward", 1, 2];
  it.for(Object.keys(KNOWN) as KnownName[])("%s gives exact results in every order of blocks", async (name) => {
    for (const order of orders) {
      const { written, unwritten, expected } = await run(name, order);
      expect(written).toEqual(expected);
      expect(unwritten.every((count) => count === 0)).toBe(true);
    }
  });

  it("reads what the last launch wrote, as the two kernels of a softmax", async () => {
    const sim = await simOf("softmax.cu");
    const { buffers } = await sim.launch(KNOWN.row_stats.launch);
    const { launch, expected } = KNOWN.row_scale;
    const second = { ...launch, buffers: [launch.buffers[0]!, input(buffers[1]!), launch.buffers[2]!] };
    expect(floats((await sim.launch(second)).buffers[2]!)).toEqual(expected[0]);
  });
});

describe("16-bit floats", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const grid = [256, 1, 1] as const;
  const block = [256, 1, 1] as const;

  it("widen as src/kernel/half.ts does, for all 65,536 patterns of both", async () => {
    const sim = await simOf("small-floats.cu");
    const buffers = [input(all), input(all), output(4 * 65536), output(4 * 65536)];
    const result = await sim.launch({ kernel: "widen", grid, block, buffers, scalars: [] });
    expect(floats(result.buffers[2]!)).toEqual(Float32Array.from(all, fromF16));
    expect(floats(result.buffers[3]!)).toEqual(Float32Array.from(all, fromBf16));
  });

  it.for([
    ["the values themselves", (i: number) => fromF16(i)],
    ["values between neighbours, ties among them", (i: number) => (fromF16(i) + fromF16(i ^ 1)) / 2],
    ["a bit above a tie", (i: number) => ((fromF16(i) + fromF16(i ^ 1)) / 2) * (1 + 2 ** -20)],
    ["all upper halves of an f32", (i: number) => fromBf16(i)],
    ["ties of bfloat16", (i: number) => (fromBf16(i) + fromBf16(i ^ 1)) / 2],
  ] as const)("narrow as src/kernel/half.ts does: %s", async ([, value]) => {
    const sim = await simOf("small-floats.cu");
    const x = Float32Array.from(all, value);
    const buffers = [input(x), output(2 * 65536), output(2 * 65536)];
    const result = await sim.launch({ kernel: "narrow", grid, block, buffers, scalars: [] });
    // A GPU gives 0x7fff for every NaN.
    const expected = (round: (x: number) => number): Uint16Array =>
      Uint16Array.from(x, (v) => (Number.isNaN(v) ? 0x7fff : round(v)));
    expect(words(result.buffers[1]!)).toEqual(expected(toF16));
    expect(words(result.buffers[2]!)).toEqual(expected(toBf16));
  });

  it("add, multiply and fuse with one rounding", async () => {
    const sim = await simOf("small-floats.cu");
    const b = all.map((i) => (i * 40503 + 77) & 0xffff);
    const c = all.map((i) => (i * 30011 + 5) & 0xffff);
    const buffers = [input(all), input(b), input(c), output(131072), output(131072), output(131072)];
    const result = await sim.launch({ kernel: "arithmetic", grid, block, buffers, scalars: [] });
    const expected = (exact: (i: number) => number): number[] =>
      [...all].map((i) => (Number.isNaN(exact(i)) ? NaN : fromF16(toF16(exact(i)))));
    const actual = (buffer: number): number[] => [...words(result.buffers[buffer]!)].map(fromF16);
    // Sums and products of two halves are exact in a double.
    expect(actual(3)).toEqual(expected((i) => fromF16(all[i]!) + fromF16(b[i]!)));
    expect(actual(4)).toEqual(expected((i) => fromF16(all[i]!) * fromF16(b[i]!)));
    expect(actual(5)).toEqual(expected((i) => fusedExactly(fromF16(all[i]!), fromF16(b[i]!), fromF16(c[i]!))));
  });

  /** a * b + c as a double on the same side of every half and tie as the exact value: integers in units of 2^-48. */
  function fusedExactly(a: number, b: number, c: number): number {
    if (![a, b, c].every(Number.isFinite)) return a * b + c;
    const unit = 2 ** 24;
    const exact = BigInt(a * unit) * BigInt(b * unit) + BigInt(c * unit) * BigInt(unit);
    if (exact === 0n) return a * b + c;
    // Keep 40 bits and let the last stand for all that is dropped.
    const size = exact < 0n ? -exact : exact;
    const dropped = BigInt(Math.max(0, size.toString(2).length - 40));
    const kept = size >> dropped;
    const odd = kept << dropped === size ? kept : kept | 1n;
    return (exact < 0n ? -1 : 1) * Number(odd) * 2 ** (Number(dropped) - 48);
  }
});

describe("what is counted", () => {
  it("is the bytes of a launch, and no sector too many where lanes lie side by side", async () => {
    const { traffic } = await run("axpy4");
    expect(traffic).toMatchObject({ readBytes: 3200, writtenBytes: 1600, readSectors: 100, leastReadSectors: 100 });
    expect(traffic).toMatchObject({ writtenSectors: 50, leastWrittenSectors: 50, sharedRequests: 0, meanBankWays: 0 });
  });

  it("is a sector a lane where lanes lie a row apart", async () => {
    const { traffic } = await run("transpose32");
    expect(traffic).toMatchObject({ readSectors: 1024, leastReadSectors: 128, writtenSectors: 128 });
  });

  it("is the bank conflicts of shared memory, which a padded row avoids", async () => {
    const launch = KNOWN.matmul.launch;
    const plain = await compileSim(kernelText("matmul.cu").replace("[TILE + 1]", "[TILE]"), ["matmul"]);
    const [padded, conflicting] = [await run("matmul"), await plain.launch(launch)];
    plain.close();
    expect(conflicting.traffic.worstBankWays).toBe(4);
    expect(padded.traffic.worstBankWays).toBeLessThan(4);
    expect(padded.traffic.meanBankWays).toBeLessThan(conflicting.traffic.meanBankWays);
  });
});

describe("every form of access is seen", () => {
  /** Of `case` number index: bytes that a thread reads and writes. */
  // prettier-ignore
  const FORMS: readonly (readonly [read: number, written: number])[] = [
    [16, 16], [32, 16], [4, 16], [0, 16], [16, 16], [32, 16], [16, 16], [16, 8], [8, 16], [4, 2], [4, 4], [8, 8], [4, 4],
    [32, 16], [12, 4], [4, 2], [4, 2], [24, 16], [32, 32],
  ];
  const text = kernelText("access-forms.cu").split("\n");

  it.for(FORMS.map((bytes, form) => ({ bytes, form, source: text.find((line) => line.includes(`case ${form}:`)) })))(
    "$form: $source",
    async ({ bytes: [read, written], form }) => {
      const sim = await simOf("access-forms.cu");
      const [vectors, halves] = [new Float32Array(32 * 4).fill(1), new Uint16Array(32 * 4).fill(0x3c00)];
      const filled = (data: ArrayBufferView) => ({ ...input(data), access: "read_write" as const });
      const buffers = [input(vectors), input(vectors), input(halves), filled(vectors), filled(halves)];
      const scalars = [{ type: "i32", value: form }] as const;
      const launch = { kernel: "forms", grid: [1, 1, 1], block: [32, 1, 1], buffers, scalars } as const;
      const { traffic } = await sim.launch(launch);
      expect([traffic.readBytes / 32, traffic.writtenBytes / 32]).toEqual([read, written]);
    },
  );
});

describe("the simulator", () => {
  it("compiles without a warning", async () => {
    expect(await runtimeWarnings()).toBe("");
  });

  it("shows what g++ says about a text that is wrong, by its lines", async () => {
    const text = `extern "C" __global__ void f(float* x) {\n  x[0] = y;\n}\n`;
    await expect(compileSim(text, ["f"])).rejects.toThrow(/kernels\.cu:2:\d+: error: .*y.* was not declared/);
  });

  it("names the kernels that a text lacks", async () => {
    await expect(compileSim(kernelText("softmax.cu"), ["row_stats", "softmax"])).rejects.toThrow("no kernel softmax");
  });

  it("finds kernels by their declarations, but not in comments", () => {
    const text = [
      "// __global__ void no(int x)",
      'extern "C" __global__ void plain(int x);',
      "__global__ void __launch_bounds__(64, 2) after(const float* x) {}",
      "__launch_bounds__(32) __global__ __launch_bounds__(4 * (8)) void before (int y) {}",
      "__device__ void helper(int x) {}",
    ].join("\n");
    expect(kernelsOf(text)).toEqual([
      { name: "plain", maxThreads: "0" },
      { name: "after", maxThreads: "64" },
      { name: "before", maxThreads: "4 * (8)" },
    ]);
  });

  it("runs a small launch in little time", async () => {
    const sim = await simOf("softmax.cu");
    await sim.launch(KNOWN.row_stats.launch);
    const start = performance.now();
    for (let i = 0; i < 200; i++) await sim.launch(KNOWN.row_stats.launch);
    // 0.4 ms on an idle machine; a loaded one has its room.
    expect((performance.now() - start) / 200).toBeLessThan(10);
  });

  it("starts again after a launch that its process does not survive", async () => {
    const kernel = (name: string, body: string): string => `extern "C" __global__ void ${name}(int* x) { ${body} }`;
    const sim = await compileSim([kernel("ends", "exit(3 + *x);"), kernel("works", "*x = 5;")].join("\n"), []);
    const launch = { grid: [1, 1, 1], block: [1, 1, 1], scalars: [] } as const;
    const buffer = { bytes: new Uint8Array(4), access: "read_write", isFilled: true } as const;
    const ended = sim.launch({ ...launch, kernel: "ends", buffers: [buffer] });
    await expect(ended).rejects.toMatchObject({ kind: "crash", message: expect.stringContaining("exit code 3") });
    const { buffers } = await sim.launch({ ...launch, kernel: "works", buffers: [buffer] });
    expect(buffers[0]).toEqual(Uint8Array.of(5, 0, 0, 0));
    sim.close();
  });

  it("runs a program with its own main, whose failures its API tells", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cuda-sim-test-"));
    const executable = path.join(folder, "program");
    const files = { "softmax.cu": kernelText("softmax.cu"), "main.cu": kernelText("driver-main.cu") };
    await compileProgram(files, executable);
    const print = (...args: string[]): string => execFileSync(executable, args, { encoding: "utf8", stdio: "pipe" });
    expect(print("good")).toBe("cuda-sim sum 1\nno error\n");
    expect(print("small")).toMatch(/^unspecified: kernel row_scale, .*softmax\.cu:29: reads 8 bytes just past the end/);
    expect(print("freed")).toContain("cudaMemcpy: 16 bytes at");
    const host = spawnSync(executable, ["host"], { encoding: "utf8" });
    expect(host).toMatchObject({ signal: "SIGABRT", stdout: "" });
    expect(host.stderr).toContain("code of the host touches memory of the device: cudaMalloc number 2");
    rmSync(folder, { recursive: true });
  });
});
