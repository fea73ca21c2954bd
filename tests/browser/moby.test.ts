/**
 * The package of examples/moby in headless Chromium without a bundler, in a plain page and in a worker: weights by byte
 * ranges, and the tokens that PyTorch recorded, which are those that the same package gives in Node
 * (`tests/package/moby.test.ts`). A browser's software adapter takes about two seconds to compile the kernels and 5 ms
 * for a token.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { installMoby, mobyPrompts } from "../support/moby-package.ts";
import type { MobyProject } from "../support/moby-package.ts";
import { NO_CHROMIUM, chromiumPath, launchChromium, visit } from "./chromium.ts";
import type { Visit } from "./chromium.ts";
import { serveFolder } from "./static-server.ts";
import type { StaticServer } from "./static-server.ts";

const path = chromiumPath();
const TOKENS = 24;
const prompts = mobyPrompts();

/** What an app does; the results come back as JSON. */
const RUN = `async ({ target, prompts, maxTokens }) => {
  const { load } = await import("./index.js");
  const stages = new Set();
  const model = await load({ target, onProgress: ({ stage }) => stages.add(stage) });
  const greedy = [];
  for (const prompt of prompts) {
    const generation = model.generate(prompt, { temperature: 0, maxTokens });
    await generation.text();
    greedy.push(generation.tokens);
  }
  await model.close();
  return { target: model.device.target, stages: [...stages], greedy };
}`;

const TEXTS = {
  "/run.js": `export const run = ${RUN};`,
  "/worker.js": `import { run } from "./run.js"; onmessage = async ({ data }) => postMessage(await run(data).catch(String));`,
};

interface Opened extends Visit {
  readonly project: MobyProject;
  readonly server: StaticServer;
  readonly browser: Browser;
}

let opened: Opened | undefined;
beforeAll(async () => {
  if (path === undefined) return;
  const project = installMoby();
  const server = await serveFolder(project.package, {}, TEXTS);
  const browser = await launchChromium(path);
  opened = { project, server, browser, ...(await visit(browser, server.url)) };
}, 180_000);
afterAll(async () => {
  await opened?.browser.close();
  opened?.server.close();
  opened?.project.remove();
});

const options = { target: "webgpu", prompts: prompts.map(({ prompt }) => prompt), maxTokens: TOKENS };
const onPage = (given: object): string => `import("/run.js").then(({ run }) => run(${JSON.stringify(given)}))`;
const inWorker = (given: object): string => `new Promise((resolve, reject) => {
  const worker = new Worker("/worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(${JSON.stringify(given)});
})`;

describe("the package in Chromium", () => {
  it.for([
    ["a page", onPage],
    ["a module worker", inWorker],
  ] as const)("gives the tokens of Node and of PyTorch in %s", async ([, script], { skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    expect(await opened.page.evaluate(script(options))).toEqual({
      target: "webgpu",
      stages: ["device", "compile", "weights", "tokenizer"],
      greedy: prompts.map(({ greedy }) => greedy.slice(0, TOKENS)),
    });
    expect(opened.complaints).toEqual([]);
  });

  it("fetches the weights by byte ranges, once for all visits", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const ranges = opened.server.ranges.filter((range) => range.startsWith("/model.safetensors "));
    const { size } = statSync(join(opened.project.package, "model.safetensors"));
    const question = "/model.safetensors 0-7";
    expect(ranges).toEqual([question, `/model.safetensors 0-${size - 1}`]);
  });

  it("falls back to JavaScript where the page has no WebGPU", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    await opened.page.evaluate(`Object.defineProperty(navigator, "gpu", { value: undefined })`);
    const { prompt = "", greedy = [] } = prompts[0] ?? {};
    expect(await opened.page.evaluate(onPage({ prompts: [prompt], maxTokens: 8 }))).toMatchObject({
      target: "js",
      greedy: [greedy.slice(0, 8)],
    });
  });
});
