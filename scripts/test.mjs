/**
 * The test command: bundling, type check, lint, format check, then each suite with its seconds, and one closing line
 * with the counts. `--quick` leaves out the suites that need an adapter or build whole packages. What a machine lacks
 * is skipped and listed with its reason. A failed check counts as one failed test.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { spawnQuietly } from "./spawn-quietly.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const quick = process.argv.includes("--quick");
const bin = (name) => path.join(root, "node_modules", ".bin", name);

const checks = [
  ["bundle", process.execPath, ["scripts/prepare.mjs"]],
  ["types", bin("tsc"), ["-p", "."]],
  // The benches need the peers that they measure against; `npm run bench` installs them.
  ...(existsSync(path.join(root, "bench/node_modules")) ? [["types of bench", bin("tsc"), ["-p", "bench"]]] : []),
  ["lint", bin("oxlint"), ["--quiet", "--deny-warnings"]],
  ["format", bin("prettier"), ["--check", "--log-level=warn", "."]],
];
const suites = ["unit", "golden", "fuzz", ...(quick ? [] : ["differential", "package", "browser"])];

const rows = [];
const skips = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const check of checks) await runCheck(...check);
for (const suite of suites) await runSuite(suite);

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

async function runSuite(suite) {
  const report = path.join(root, "node_modules", ".cache", "llmc", `${suite}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const args = ["run", path.join("tests", suite), "--reporter=default", "--reporter=./scripts/test-reporter.mjs"];
  const { seconds, status } = await timed(bin("vitest"), args, { LLMC_TEST_REPORT: report });
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
