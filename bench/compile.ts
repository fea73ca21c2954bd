/**
 * compile: Llama-3-8B geometry (f16 storage, profile `webgpu-gpu`), from `.llm` text to the files of the package. `cold`
 * is a new process of the command line, with Node's start; `layers` is time(32 layers) / time(2 layers) inside one warm
 * process. GPT-2 and a mixture of 16 experts (the geometry of Mixtral 8x7B with twice the experts) are cold processes
 * too. Nothing here opens a device, and there is no peer.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { packageFiles } from "../src/driver/artifact.ts";
import { compile } from "../src/driver/compile.ts";
import { profileNamed } from "../src/profiles/index.ts";
import { defined } from "../src/support/errors.ts";
import type { Row } from "./support/harness.ts";
import { RUNS, WARM_UPS, interleaved, machine, median, report } from "./support/harness.ts";

const SOURCE = "examples/llama/llama.llm";
const PROFILE = "webgpu-gpu";
/** Grattafiori et al. 2024, arXiv:2407.21783, table 3. */
const GEOMETRY: Readonly<Record<string, string>> = {
  ...{ vocab: "128256", dim: "4096", ffn: "14336", heads: "32", kv_heads: "8", context: "8192" },
  ...{ tied: "false", theta: "500000.0" },
};
const MIXTURE = "examples/mixtral/mixtral.llm";
const DEPTH = 32;
const SHALLOW = 2;

type Settings = Readonly<Record<string, string>>;

/** Seconds of `llmc build` in a new process. */
function coldSeconds(source: string, settings: Settings): number {
  const folder = mkdtempSync(path.join(os.tmpdir(), "llmc-bench-"));
  try {
    const set = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]); // prettier-ignore
    const options = ["--target", "webgpu", "--profile", PROFILE, "--storage", "f16", "--out", path.join(folder, "out")];
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, ["dist/llmc.mjs", "build", source, ...options, ...set]);
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`llmc build ended with ${status}: ${String(stderr)}`);
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Text to package in this process. */
function build(text: string, depth: number): void {
  const profile = defined(profileNamed(PROFILE), `a profile ${PROFILE}`);
  const set = { ...GEOMETRY, depth: `${depth}` };
  const compilation = compile({ path: SOURCE, text }, { profiles: [profile], entries: ["generate"], set, storage: "f16" }); // prettier-ignore
  if (compilation.builds.length === 0) throw new Error(compilation.diagnostics.map((d) => d.message).join("; "));
  packageFiles(compilation, "bench", "0.0.0");
}

const text = readFileSync(SOURCE, "utf8");
const contestant = (depth: number): { name: string; run: () => Promise<void> } => ({
  name: `${depth} layers`,
  run: () => Promise.resolve(build(text, depth)),
});
const [deep = NaN, shallow = NaN] = await interleaved([contestant(DEPTH), contestant(SHALLOW)]);
const cold = (source: string, settings: Settings): number => {
  const run = (): number => coldSeconds(source, settings);
  for (let i = 0; i < WARM_UPS; i++) run();
  return median(Array.from({ length: RUNS }, run));
};

const row = (name: string, llmc: number, unit: string): Row => ({
  ...{ name, llmc, unit, peer: null, peerName: null, ratio: null },
  ...{ better: "lower", runs: RUNS },
});
report(
  "compile",
  machine(),
  [
    row("cold process, 32 layers", cold(SOURCE, { ...GEOMETRY, depth: `${DEPTH}` }), "s"),
    row("cold process, gpt2", cold("examples/gpt2/gpt2.llm", {}), "s"),
    row("cold process, 16 experts, 32 layers", cold(MIXTURE, { num_local_experts: "16", context: "8192" }), "s"),
    row("warm, 32 layers", deep, "s"),
    row("warm, 2 layers", shallow, "s"),
    row("warm, 32 layers / 2 layers", deep / shallow, ""),
  ],
  process.argv.includes("--json"),
);
