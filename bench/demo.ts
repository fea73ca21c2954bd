/**
 * demo: from the start of a process to 100 tokens of examples/moby, all installed: the generated package, which loads
 * its weights and generates, and `llmc run`, which compiles the model first. On the target that a user gets here.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Row } from "./support/harness.ts";
import { RUNS, WARM_UPS, machine, median, report } from "./support/harness.ts";

const LLMC = path.resolve("dist/llmc.mjs");
const PROMPT = "Call me Ishmael.";
const TOKENS = 100;

/** Runs Node with these arguments; what it prints. */
function node(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

function seconds(args: readonly string[]): number {
  const once = (): number => {
    const start = performance.now();
    const tokens = Number(node(args).split("\n").at(-2));
    if (tokens !== TOKENS) throw new Error(`${tokens} tokens instead of ${TOKENS}`);
    return (performance.now() - start) / 1000;
  };
  return median(Array.from({ length: WARM_UPS + RUNS }, once).slice(WARM_UPS));
}

const folder = mkdtempSync(path.join(os.tmpdir(), "llmc-bench-"));
try {
  const out = path.join(folder, "moby");
  node([LLMC, "build", "examples/moby", "--out", out]);
  const url = JSON.stringify(pathToFileURL(path.join(out, "index.js")).href);
  const options = `{ maxTokens: ${TOKENS}, temperature: 0, stopAtEos: false }`;
  const program = `const { load } = await import(${url});
    const model = await load();
    const generation = model.generate(${JSON.stringify(PROMPT)}, ${options});
    await generation.text();
    console.log("\\n" + generation.tokens.length);
    await model.close();`;
  const shell = `import { execFileSync } from "node:child_process";
    const args = ${JSON.stringify([LLMC, "run", "examples/moby", "--prompt", PROMPT, "--max-tokens", `${TOKENS}`, "--no-stop-eos", "--json"])};
    console.log("\\n" + JSON.parse(execFileSync(process.execPath, args)).tokens.length);`;
  const row = (name: string, code: string): Row => ({
    ...{ name, llmc: seconds(["--input-type=module", "-e", code]), unit: "s", better: "lower", runs: RUNS },
    ...{ peer: null, peerName: null, ratio: null },
  });
  const rows = [row(`package, ${TOKENS} tokens`, program), row(`llmc run, ${TOKENS} tokens`, shell)];
  report("demo", machine(), rows, process.argv.includes("--json"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
