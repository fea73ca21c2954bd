/**
 * `npm run demo`: compiles examples/moby to a package, says what it made, and streams text from that package.
 * Arguments after `--`: a prompt.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(root, "build", "moby");
const prompt = process.argv[2] ?? "Call me Ishmael.";

if (!existsSync(path.join(root, "dist/llmc.mjs"))) spawnSync(process.execPath, ["scripts/prepare.mjs"], { cwd: root, stdio: "inherit" }); // prettier-ignore
const built = llmc("build", "examples/moby", "--out", out, "--json");
const { parameters, kernels, pipelines, memory, seconds, profiles, dispatches } = built;
const passes = Object.entries(seconds.passes).map(([name, s]) => `${name} ${(s * 1000).toFixed(0)} ms`);
say(`examples/moby/moby.llm -> build/moby (${profiles.join(", ")})`);
say(`  ${parameters.toLocaleString("en")} parameters, ${kernels} kernels (${pipelines} pipelines), ${dispatches.extend1.perLayer} dispatches a layer`); // prettier-ignore
say(`  peak memory ${kib(memory.extend1.peak)} a token (lower bound ${kib(memory.extend1.lowerBound)}), compiled in ${seconds.total.toFixed(2)} s`); // prettier-ignore
say(`  passes: ${passes.join(", ")}`);

const { load } = await import(pathToFileURL(path.join(out, "index.js")).href);
const model = await load();
try {
  say(`  running on ${model.target}: ${model.adapter}\n`);
  process.stdout.write(prompt);
  for await (const piece of model.generate(prompt, { maxTokens: 120, temperature: 0.7, topK: 40, seed: 1851 })) process.stdout.write(piece); // prettier-ignore
  process.stdout.write("\n");
} finally {
  await model.close();
}

function llmc(...args) {
  const child = spawnSync(process.execPath, ["dist/llmc.mjs", ...args], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
  const document = JSON.parse(child.stdout);
  if (child.status === 0) return document;
  say(`llmc ${args[0]} failed: ${document.error.message}`);
  process.exit(child.status ?? 1);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
