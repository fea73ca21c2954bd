/**
 * cuda-static: what can be said of emitted CUDA C++ without a GPU, for the kernels of one decoded token of examples/llama
 * (two layers of the real sizes): registers, shared memory and spills as NVIDIA's compiler states them for sm_90a; bytes
 * that a launch moves against those that it must move (each element of its buffers once); 32-byte sectors of its
 * requests against the fewest that could hold them; bank conflicts. The last three are the simulator's counts.
 */
import { readFileSync } from "node:fs";
import { kernelName } from "../codegen/cuda/names.ts";
import { artifactOf } from "../src/driver/artifact.ts";
import { compile } from "../src/driver/compile.ts";
import { UNIT, packageData } from "../src/driver/package-data.ts";
import { cudaSm80 } from "../src/profiles/cuda.ts";
import { loadOn } from "../src/runtime/load.ts";
import { defined } from "../src/support/errors.ts";
import { cudaDeviceFor } from "../tests/support/cuda-device.ts";
import type { SimTraffic } from "../tests/support/cuda-sim.ts";
import { cudaTools } from "../tests/support/nvrtc.ts";
import { randomWeights } from "../src/driver/random-weights.ts";

const SOURCE = "examples/llama/llama.llm";
const SET = { depth: "2", vocab: "1024" };
const STORAGE = "f16";

interface KernelFacts {
  readonly kernel: string;
  readonly registers: number;
  readonly sharedBytes: number;
  readonly spillBytes: number;
  /** Bytes moved / bytes that must be moved. */
  readonly bytes: number;
  /** Sectors touched / the fewest. */
  readonly sectors: number;
  readonly bankWays: number;
}

const text = readFileSync(SOURCE, "utf8");
const options = { profiles: [cudaSm80], entries: ["generate"], set: SET, storage: STORAGE, context: 128 } as const;
const compilation = compile({ path: SOURCE, text }, options);
if (compilation.builds.length === 0) throw new Error(compilation.diagnostics.map(({ message }) => message).join("; "));
const data = packageData(artifactOf(compilation, "bench", "0.0.0"));
const profile = defined(data.profiles[0], "a profile");

const tools = await cudaTools();
if (typeof tools === "string") throw new Error(tools);
const { kernels } = await profile.load();
const compiled = tools.compile(String(kernels[UNIT]), { arch: "sm_90a" });
if (!compiled.ok || compiled.log !== "") throw new Error(compiled.log);

/** What each kernel moved in one decoded token, and how much its buffers hold. */
const launches = new Map<string, { traffic: SimTraffic; held: number }>();
let isDecoding = false;
const { device, sim } = await cudaDeviceFor(profile, (kernel, traffic, buffers) => {
  if (!isDecoding) return;
  // A buffer that is only partly of this call (a cache, a table of angles) counts as far as it was touched.
  const held = buffers.reduce((sum, { bytes }) => sum + bytes.length, 0);
  launches.set(kernel, { traffic, held });
});
const weights = defined(randomWeights({ path: SOURCE, text }, STORAGE, { set: SET }), SOURCE);
const model = await loadOn({ device, profile }, data, { weights, tokenizer: null });
const generation = model.generate([1, 2, 3, 4], { maxTokens: 2, temperature: 0, stopAtEos: false });
await generation.next();
isDecoding = true;
await generation.text();
await model.close();
sim.close();

const rows = [...launches].map(([kernel, { traffic, held }]): KernelFacts => {
  const figures = defined(
    compiled.kernels.find(({ name }) => name === kernelName(kernel)),
    `figures of ${kernel}`,
  );
  const moved = traffic.readBytes + traffic.writtenBytes;
  const least = traffic.leastReadSectors + traffic.leastWrittenSectors;
  return {
    kernel,
    registers: figures.registers,
    sharedBytes: figures.sharedBytes,
    spillBytes: figures.spillStores + figures.spillLoads,
    bytes: moved / Math.min(held, moved),
    sectors: (traffic.readSectors + traffic.writtenSectors) / least,
    bankWays: traffic.worstBankWays,
  };
});
if (process.argv.includes("--json"))
  process.stdout.write(
    `${JSON.stringify({ ok: true, bench: "cuda-static", machine: `NVRTC ${tools.version}`, rows })}\n`,
  );
else {
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(28) : String(cell).padStart(10))).join("");
  process.stdout.write(`cuda-static, NVRTC ${tools.version}, sm_90a, one token of ${SOURCE}\n`);
  process.stdout.write(`${line(["kernel", "registers", "shared", "spills", "bytes", "sectors", "banks"])}\n`);
  for (const row of rows)
    process.stdout.write(
      `${line([row.kernel, row.registers, row.sharedBytes, row.spillBytes, row.bytes.toFixed(2), row.sectors.toFixed(2), row.bankWays])}\n`,
    );
}
