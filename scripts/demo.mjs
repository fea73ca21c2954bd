/**
 * `npm run demo`: compiles examples/moby to a package and says what it made; then `demo-stream.mjs` streams text from
 * it: on WebGPU where there is a GPU, else on WebAssembly, or on what LLMC_TARGET says. Arguments after `--` are the
 * prompt.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { spawnQuietly } from "./spawn-quietly.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, "build", "moby");
const prompt = process.argv.slice(2).join(" ") || "Call me Ishmael.";

if (spawnSync(process.execPath, ["scripts/prepare.mjs"], { cwd: root, stdio: ["ignore", 2, 2] }).status !== 0)
  process.exit(3);
summarize(build());
process.exitCode = await spawnQuietly(process.execPath, ["scripts/demo-stream.mjs", out, prompt], { cwd: root });

/** The summary that `llmc build --json` prints. */
function build() {
  const args = ["dist/llmc.mjs", "build", "examples/moby", "--target", "webgpu,cpu", "--out", out, "--json"];
  const child = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const document = child.stdout.trim() === "" ? { ok: false } : JSON.parse(child.stdout);
  if (document.ok) return document;
  process.stderr.write(`llmc build failed: ${document.error?.message ?? `exit code ${child.status}`}\n`);
  process.exit(child.status || 3);
}

function summarize({ parameters, kernels, dispatches, memory, seconds }) {
  const slowest = Object.entries(seconds.passes).sort(([, a], [, b]) => b - a).slice(0, 3); // prettier-ignore
  const { extend1 } = memory;
  const rows = {
    "examples/moby/moby.llm": "-> build/moby, an npm package",
    parameters: parameters.toLocaleString("en"),
    kernels: `${kernels}; ${dispatches.extend1.perLayer} launches a layer and token`,
    passes: `${Object.keys(seconds.passes).length}; slowest: ${slowest.map(([name, s]) => `${name} ${s.toFixed(2)} s`).join(", ")}`,
    "peak memory": `${kib(extend1.peak)} a token beside weights and cache (lower bound ${kib(extend1.lowerBound)})`,
    "compile time": `${seconds.total.toFixed(2)} s`,
  };
  for (const [name, text] of Object.entries(rows)) process.stdout.write(`${name.padEnd(13)} ${text}\n`);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
