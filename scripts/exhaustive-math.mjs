/**
 * `node scripts/exhaustive-math.mjs [exp] [tanh]`: the project's own exp and tanh, compiled to WebAssembly, at all 2^32
 * numbers of f32 against those of f64. Bundles scripts/exhaustive-math.ts, which says what is measured, and runs it: minutes on two threads.
 */
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const outfile = path.join(root, "dist/scripts/exhaustive-math.mjs");
await build({
  entryPoints: [path.join(root, "scripts/exhaustive-math.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "error",
});
const child = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exitCode = child.status ?? 1;
