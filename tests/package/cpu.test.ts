/**
 * A package for the target `cpu` in processes of their own, which have threads: they end by themselves, whether the
 * model was closed or forgotten, in the middle of a generation too.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitPackage } from "../../codegen/package/index.ts";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { cpuSimd } from "../../src/profiles/cpu.ts";
import { mobyPrompts } from "../support/moby-package.ts";

const EXAMPLE = path.resolve(import.meta.dirname, "../../examples/moby");
const { prompt, greedy } = mobyPrompts()[0]!;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "llmc-cpu-"));
  const source = { path: "moby.llm", text: readFileSync(path.join(EXAMPLE, "moby.llm"), "utf8") };
  const artifact = artifactOf(compile(source, { profiles: [cpuSimd], entries: ["generate"] }), "moby", "0.0.0");
  const files = [...emitPackage(artifact)].map(([name, text]): readonly [string, string | Buffer] => [name, text]);
  for (const name of ["model.safetensors", "tokenizer.json"])
    files.push([name, readFileSync(path.join(EXAMPLE, name))]);
  for (const [name, content] of files) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a module prints that has `model`, on three threads. Rejects where its process does not end within `timeout` ms. */
async function run(text: string, timeout = 20_000): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const module = `import { load } from "./index.js";
const workers = () => process.report.getReport().workers.length;
const model = await load({ target: "cpu", threads: 3 });
const generate = (maxTokens) => model.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens });
${text}`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", module], { cwd: folder, timeout });
}

describe("a process with a model on three threads", { timeout: 30_000 }, () => {
  it.each([
    ["closed", "await model.close();"],
    ["forgotten", ""],
  ])("gives the recorded tokens and ends by itself, the model %s", async (_, ending) => {
    const { stdout, stderr } = await run(`const generation = generate(24);
await generation.text();
console.log(JSON.stringify({ tokens: generation.tokens, adapter: model.device.adapter, workers: workers() }));
${ending}`);
    expect(JSON.parse(stdout)).toEqual({ tokens: greedy.slice(0, 24), adapter: "WebAssembly, 3 threads", workers: 2 });
    expect(stderr).toBe("");
  });

  it("has no worker any more behind close", async () => {
    const { stdout } = await run(`await model.close();
while (workers() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(workers());`);
    expect(stdout).toBe("0\n");
  });

  it("leaves no worker and no memory behind fifty models, two at a time", { timeout: 100_000 }, async () => {
    const program = `await model.close();
(await import("node:v8")).setFlagsFromString("--expose-gc");
const collect = (await import("node:vm")).runInNewContext("gc");
const megabytes = () => (collect(), process.memoryUsage().rss / 2 ** 20);
const results = new Set();
const sizes = [];
for (let i = 0; i < 25; i++) {
  const two = await Promise.all([load({ target: "cpu", threads: 2 }), load({ target: "cpu", threads: 3 })]);
  const generations = two.map((each) => each.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens: 3 }));
  for (const generation of generations) await generation.text();
  for (const { tokens } of generations) results.add(tokens.join());
  await Promise.all(two.map((each) => each.close()));
  sizes.push(megabytes());
}
while (workers() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify({ results: [...results], sizes }));`;
    const { stdout } = await run(program, 90_000);
    const { results, sizes } = JSON.parse(stdout) as { results: string[]; sizes: number[] };
    expect(results).toEqual([greedy.slice(0, 3).join()]);
    const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1]!;
    const growth = median(sizes.slice(-5)) - median(sizes.slice(0, 5));
    // Forty models lie between the two; their weights alone, as the file stores them, would be more.
    expect(growth).toBeLessThan((40 * statSync(path.join(folder, "model.safetensors")).size) / 2 ** 20);
  });

  it("ends by itself where a generation was left in the middle", async () => {
    const { stdout } = await run(`for await (const piece of generate(50)) break;
console.log("left");`);
    expect(stdout).toBe("left\n");
  });

  it("ends with the error that nobody caught", async () => {
    await expect(run(`throw new Error("of the caller");`)).rejects.toMatchObject({
      code: 1,
      killed: false,
      stderr: expect.stringContaining("of the caller"),
    });
  });
});
