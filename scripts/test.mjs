/**
 * The test command: type check, lint, format check, then each suite with its seconds, and one closing line with the
 * counts. `--quick` leaves out the suites that need an adapter or build whole packages. Skipped tests are listed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const quick = process.argv.includes("--quick");
const bin = (name) => path.join(root, "node_modules", ".bin", name);

const checks = [
  ["prepare", process.execPath, ["scripts/prepare.mjs"]],
  ["types", bin("tsc"), ["-p", "."]],
  [
    "lint",
    bin("oxlint"),
    ["--quiet", "--deny-warnings", "src", "grammar", "passes", "codegen", "tests", "scripts", "bench"],
  ],
  ["format", bin("prettier"), ["--check", "--log-level=warn", "."]],
];
const suites = ["unit", "golden", "fuzz", ...(quick ? [] : ["differential", "package", "browser"])];

const rows = [];
const total = { passed: 0, failed: 0, skipped: 0 };
let broken = false;
for (const [name, command, args] of checks) {
  const { seconds, status } = timed(command, args);
  rows.push([name, seconds, status === 0 ? "ok" : "FAILED"]);
  if (status !== 0) broken = true;
}
const skips = [];
for (const suite of suites) runSuite(suite);

process.stdout.write("\n");
for (const [name, seconds, outcome] of rows)
  process.stdout.write(`${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s  ${outcome}\n`);
for (const skip of skips) process.stdout.write(`skipped: ${skip}\n`);
if (broken && total.failed === 0) total.failed = 1;
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = broken || total.failed > 0 || total.passed === 0 ? 1 : 0;

function runSuite(suite) {
  const folder = path.join("tests", suite);
  if (!existsSync(path.join(root, folder))) return;
  const report = path.join(root, "node_modules", ".cache", `llmc-${suite}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  const args = ["run", folder, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { seconds, status } = timed(bin("vitest"), args);
  const result = JSON.parse(readFileSync(report, "utf8"));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests;
  total.skipped += result.numPendingTests + result.numTodoTests;
  for (const file of result.testResults)
    for (const test of file.assertionResults)
      if (test.status === "pending" || test.status === "skipped")
        skips.push(`${path.relative(root, file.name)}: ${test.fullName}`);
  if (status !== 0) broken = true;
  rows.push([suite, seconds, `${result.numPassedTests} passed, ${result.numFailedTests} failed`]);
}

function timed(command, args) {
  const start = performance.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, npm_config_loglevel: "error" },
  });
  return { seconds: (performance.now() - start) / 1000, status };
}
