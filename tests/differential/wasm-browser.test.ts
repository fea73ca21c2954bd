/**
 * Moby's package on the target `cpu` in headless Chromium: on the page's thread and in a module worker, where memory may
 * be shared and where it may not. Chromium has relaxed SIMD. The tokens are those that PyTorch recorded.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { emitPackage } from "../../codegen/package/index.ts";
import { artifactOf } from "../../src/driver/artifact.ts";
import { compile } from "../../src/driver/compile.ts";
import { cpuRelaxed, cpuSimd } from "../../src/profiles/cpu.ts";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "../browser/chromium.ts";
import { mobyPrompts } from "../support/moby-package.ts";

const TOKENS = 16;
const { prompt, greedy } = mobyPrompts()[0]!;

const RUN = `async (url, threads) => {
  const { load } = await import(url + "index.js");
  const model = await load({ target: "cpu", threads });
  const generation = model.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens: ${TOKENS} });
  await generation.text();
  const { adapter, profile } = model.device;
  await model.close();
  return { adapter, profile, tokens: [...generation.tokens] };
}`;
const WORKER = `const run = ${RUN};
onmessage = async ({ data }) => postMessage(await run(data, 2).catch(String));`;
const IN_WORKER = `(url) => new Promise((resolve, reject) => {
  const worker = new Worker(url + "worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(url);
})`;

const executable = chromiumPath();
let browser: Browser | undefined;
const servers: Server[] = [];

/** Serves the package; `isolated`: its pages may share memory between threads. */
async function serve(isolated: boolean): Promise<string> {
  const example = path.resolve(import.meta.dirname, "../../examples/moby");
  const read = (name: string): Buffer => readFileSync(path.join(example, name));
  const source = { path: "moby.llm", text: read("moby.llm").toString() };
  const artifact = artifactOf(
    compile(source, { profiles: [cpuRelaxed, cpuSimd], entries: ["generate"] }),
    "moby",
    "0.0.0",
  );
  const files = new Map<string, string | Buffer>([
    ...emitPackage(artifact),
    ["", "<!doctype html><link rel=icon href=data:,>"],
    ["worker.js", WORKER],
    ["model.safetensors", read("model.safetensors")],
    ["tokenizer.json", read("tokenizer.json")],
  ]);
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const file = files.get(name);
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    response.setHeader("Content-Type", name.endsWith(".js") ? "text/javascript" : name === "" ? "text/html" : "application/octet-stream"); // prettier-ignore
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

/** What `script` answers, and what the page wrote on its console. */
async function onPage(isolated: boolean, script: (url: string) => string): Promise<unknown> {
  const url = await serve(isolated);
  const page = await browser!.newPage();
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  await page.goto(url);
  try {
    return { result: await page.evaluate(script(url)), lines };
  } finally {
    await page.close();
  }
}

beforeAll(async () => {
  browser = executable === undefined ? undefined : await launchChromium(executable);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

describe("moby on the cpu of a browser", { timeout: 60_000 }, () => {
  const tokens = greedy.slice(0, TOKENS);
  const two = { result: { adapter: "WebAssembly, 2 threads", profile: "cpu-relaxed", tokens }, lines: [] };
  const one = {
    result: { adapter: "WebAssembly, 1 thread", profile: "cpu-relaxed", tokens },
    lines: [expect.stringMatching(/^llmc: one thread instead of those asked for: this page is not isolated/)],
  };
  const page = (url: string): string => `(${RUN})(${JSON.stringify(url)}, 2)`;
  const worker = (url: string): string => `(${IN_WORKER})(${JSON.stringify(url)})`;

  it.for([
    ["runs on two threads", "a page that may share memory", true, page, two],
    ["runs on two threads", "a worker of such a page", true, worker, two],
    ["runs on one thread, though two are asked for, and says so,", "a page that may not", false, page, one],
    ["runs on one thread, though two are asked for, and says so,", "a worker of such a page", false, worker, one],
  ] as const)("%s on %s", async ([, , isolated, script, expected], { skip }) => {
    if (browser === undefined) return skip(NO_CHROMIUM);
    expect(await onPage(isolated, script)).toEqual(expected);
  });
});
