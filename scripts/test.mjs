/**
 * The test command: bundling, type check, lint, format check, then each suite with its seconds, and one closing line
 * with the counts. `--quick` leaves out the suites that need an adapter, another Node or build whole packages; `--long`
 * runs what tries random inputs alone, with many times as many of them. What a machine lacks is skipped and listed with
 * its reason, or a failure where `LLMC_REQUIRE=node22,chromium` names it. A failed check counts as one failed test.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { fetchCuda } from "./fetch-cuda.mjs";
import { fetchNode } from "./fetch-node.mjs";
import { spawnQuietly } from "./spawn-quietly.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const long = process.argv.includes("--long");
const quick = long || process.argv.includes("--quick");
if (long) process.env["LLMC_LONG"] = "1";
const bin = (name) => path.join(root, "node_modules", ".bin", name);

const checks = [
  ["bundle", process.execPath, ["scripts/prepare.mjs"]],
  ["types", bin("tsc"), ["-p", "."]],
  // The benches need the peers that they measure against; `npm run bench` installs them.
  ...(existsSync(path.join(root, "bench/node_modules")) ? [["types of bench", bin("tsc"), ["-p", "bench"]]] : []),
  ["lint", bin("oxlint"), ["--quiet", "--deny-warnings"]],
  ["format", bin("prettier"), ["--check", "--log-level=warn", "."]],
];
const suites = long
  ? ["fuzz", "differential/forced-schedules.test.ts", "differential/subgroups.test.ts"]
  : ["unit", "golden", "fuzz", ...(quick ? [] : ["differential", "package", "browser", "device"])];

/** The suites of the target `cpu`, whose threads and WebAssembly are the engine's, run in these Nodes as well. */
const nodes = quick ? [] : [22, 24];
const cpuSuites = ["differential/wasm-", "package/cpu"].flatMap((prefix) =>
  readdirSync(path.join(root, "tests", path.dirname(prefix)))
    .filter((f) => f.startsWith(path.basename(prefix)) && f.endsWith(".test.ts") && f !== "wasm-browser.test.ts")
    .map((f) => path.join("tests", path.dirname(prefix), f)),
);

/** What `LLMC_REQUIRE` may name, and the reasons of skipped tests that say it is not there. */
const needs = {
  ...Object.fromEntries(nodes.map((major) => [`node${major}`, new RegExp(`^cpu \\(node ${major}\\)`)])),
  chromium: /no Chromium on this machine/,
  webpack: /no webpack on this machine/,
  webgpu: /no WebGPU adapter/,
  "cuda-compile": /no NVRTC on this machine/,
  "cuda-sim": /no g\+\+ on this machine/,
};
const required = (process.env.LLMC_REQUIRE ?? "").split(",").filter((name) => name !== "");

const rows = [];
const skips = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const check of checks) await runCheck(...check);
// A download of 100 MB, so that its progress is seen.
if (!quick) await fetchCuda();
for (const suite of suites) await runSuite(suite, [path.join("tests", suite)]);
for (const major of nodes) await runUnderNode(major);
for (const name of quick ? [] : required) checkRequired(name);

process.stdout.write("\n");
for (const [name, seconds, outcome] of rows)
  process.stdout.write(`${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s  ${outcome}\n`);
for (const skip of skips) process.stdout.write(`skipped: ${skip}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runCheck(name, command, args) {
  const { seconds, status } = await timed(command, args);
  if (status !== 0) total.failed++;
  rows.push([name, seconds, status === 0 ? "ok" : "FAILED"]);
}

async function runUnderNode(major) {
  const name = `cpu (node ${major})`;
  const { binary, problem } = fetchNode(major);
  if (problem === undefined) return runSuite(name, cpuSuites, binary);
  total.skipped++;
  skips.push(`${name}: ${problem}`);
  rows.push([name, 0, "SKIPPED"]);
}

/** A requirement that is not met is one failure, however many tests were skipped for it. */
function checkRequired(name) {
  const reason = needs[name];
  const missed = reason === undefined ? [] : skips.filter((skip) => reason.test(skip));
  if (reason !== undefined && missed.length === 0) return;
  total.failed++;
  const names = Object.keys(needs).join(", ");
  rows.push([name, 0, reason === undefined ? `FAILED: LLMC_REQUIRE knows ${names}` : `FAILED: required, ${missed.length} skipped`]); // prettier-ignore
}

/** Runs test files with vitest, in this Node or that of `binary`. */
async function runSuite(suite, files, binary = process.execPath) {
  const report = path.join(root, "node_modules", ".cache", "llmc", `${suite.replace(/\W+/g, "-")}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", ...files, "--reporter=default", "--reporter=./scripts/test-reporter.mjs"];
  const { seconds, status } = await timed(binary, args, { LLMC_TEST_REPORT: report });
  const none = { passed: 0, failed: 0, skipped: 0, skips: [] };
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : none;
  // vitest can fail without a failed test: no file was found, or a worker died.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
  skips.push(...counts.skips);
  rows.push([suite, seconds, `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`]);
}

async function timed(command, args, variables = {}) {
  const start = performance.now();
  const env = { ...process.env, npm_config_loglevel: "error", ...variables };
  const status = await spawnQuietly(command, args, { cwd: root, env });
  return { seconds: (performance.now() - start) / 1000, status };
}
