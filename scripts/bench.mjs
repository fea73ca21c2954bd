/**
 * `npm run -s bench -- NAME [--json]`: bundles bench/NAME.ts with esbuild and runs it. Installs the peers of
 * bench/package.json first, where they are missing.
 */
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [name, ...rest] = process.argv.slice(2);
const known = readdirSync(path.join(root, "bench")).filter((f) => f.endsWith(".ts")).map((f) => f.slice(0, -3)); // prettier-ignore
if (!known.includes(name)) {
  const message = `unknown bench ${name ?? ""}; there are: ${known.join(", ")}`;
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ ok: false, error: { code: "usage", message } })}\n`); // prettier-ignore
  else process.stderr.write(`${message}\n`);
  process.exit(2);
}
if (!existsSync(path.join(root, "bench/node_modules"))) {
  process.stderr.write("bench: installing the peers (npm ci in bench/)\n");
  const install = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: path.join(root, "bench"), stdio: ["ignore", 2, 2] }); // prettier-ignore
  if (install.status !== 0) process.exit(5);
}
// There, so that Node finds the peers.
const outfile = path.join(root, "bench/node_modules/.cache/llmc", `${name}.mjs`);
await build({
  entryPoints: [path.join(root, "bench", `${name}.ts`)],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["webgpu", "onnxruntime-web", "koffi"],
  logLevel: "error",
  plugins: [keepPlaces()],
  banner: { js: 'import { createRequire as benchRequire } from "node:module"; const require = benchRequire(import.meta.url);' }, // prettier-ignore
});
const child = spawnSync(process.execPath, [outfile, ...rest], { cwd: root, stdio: "inherit" });
process.exitCode = child.status ?? 1;

/** Files outside of bench/ that look for others beside them still find them in the bundle. */
function keepPlaces() {
  return {
    name: "keep-places",
    setup(bundle) {
      bundle.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path: file }) => {
        if (file.includes("node_modules") || file.startsWith(path.join(root, "bench"))) return undefined;
        const text = readFileSync(file, "utf8");
        const contents = text
          .replaceAll("import.meta.dirname", JSON.stringify(path.dirname(file)))
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(file).href));
        return { contents, loader: file.endsWith(".ts") ? "ts" : "js" };
      });
    },
  };
}
