/**
 * The package of examples/moby in a plain page of headless Chromium, without a bundler: weights by byte ranges, and the
 * tokens that PyTorch recorded, which are those that the same package gives in Node (`tests/package/moby.test.ts`).
 * A browser's software adapter takes about two seconds to compile the kernels and 5 ms for a token.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { installMoby, mobyPrompts } from "../support/moby-package.ts";
import type { MobyProject } from "../support/moby-package.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { serveFolder } from "./static-server.ts";
import type { StaticServer } from "./static-server.ts";

const path = chromiumPath();
const NO_CHROMIUM = "no Chromium on this machine (Debian: apt-get install chromium)";
const TOKENS = 24;

interface Opened {
  readonly project: MobyProject;
  readonly server: StaticServer;
  readonly browser: Browser;
  readonly page: Page;
  /** What the page complained about. */
  readonly complaints: string[];
}

let opened: Opened | undefined;

async function open(executable: string): Promise<Opened> {
  const project = installMoby();
  const server = await serveFolder(project.package);
  const browser = await launchChromium(executable);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(server.url);
  return { project, server, browser, page, complaints };
}

beforeAll(async () => {
  opened = path === undefined ? undefined : await open(path);
});
afterAll(async () => {
  await opened?.browser.close();
  opened?.server.close();
  opened?.project.remove();
});

/** What a page of a user's app does; the results come back as JSON. */
const PAGE_SCRIPT = `async ({ url, prompts, maxTokens }) => {
  const { load } = await import(url + "index.js");
  const stages = new Set();
  const model = await load({ target: "webgpu", onProgress: ({ stage }) => stages.add(stage) });
  const greedy = [];
  const texts = [];
  for (const prompt of prompts) {
    const generation = model.generate(prompt, { temperature: 0, maxTokens });
    texts.push(await generation.text());
    greedy.push(generation.tokens);
  }
  const { device } = model;
  await model.close();
  return { device, stages: [...stages], greedy, texts };
}`;

describe("the package in Chromium", () => {
  it("gives the tokens of Node and of PyTorch", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server, complaints } = opened;
    const prompts = mobyPrompts();
    const script = `(${PAGE_SCRIPT})(${JSON.stringify({ url: server.url, prompts: prompts.map(({ prompt }) => prompt), maxTokens: TOKENS })})`; // prettier-ignore
    const result: unknown = await page.evaluate(script);
    expect(result).toMatchObject({
      device: { target: "webgpu" },
      stages: ["device", "compile", "weights", "tokenizer"],
      greedy: prompts.map(({ greedy }) => greedy.slice(0, TOKENS)),
    });
    expect(complaints).toEqual([]);
  });

  it("fetches the weights by byte ranges, none of them twice", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const ranges = opened.server.ranges.filter((range) => range.startsWith("/model.safetensors "));
    const { size } = statSync(join(opened.project.package, "model.safetensors"));
    // The first request asks for the size, and whether the server knows ranges.
    expect(ranges).toEqual(["/model.safetensors 0-7", `/model.safetensors 0-${size - 1}`]);
  });

  it("falls back to JavaScript where the page has no WebGPU", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server } = opened;
    const { greedy = [], prompt = "" } = mobyPrompts()[0] ?? {};
    const script = `(async () => {
      Object.defineProperty(navigator, "gpu", { value: undefined });
      const { load } = await import("${server.url}index.js");
      const model = await load();
      const generation = model.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens: 8 });
      await generation.text();
      return { tokens: generation.tokens, target: model.device.target };
    })()`;
    expect(await page.evaluate(script)).toEqual({ tokens: greedy.slice(0, 8), target: "js" });
  });
});
