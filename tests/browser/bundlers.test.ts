/**
 * An app that uses the package of examples/moby, as its user's tools serve it: Vite's development server, Vite's build,
 * webpack 5. Its page takes WebGPU and a worker of its own the target `cpu`; both give the tokens that PyTorch recorded,
 * which are those that the same package gives in Node (`tests/package/moby.test.ts`).
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { build, createServer, preview } from "vite";
import type { InlineConfig } from "vite";
import { installMoby, mobyPrompts } from "../support/moby-package.ts";
import type { MobyProject } from "../support/moby-package.ts";
import { NO_CHROMIUM, chromiumPath, launchChromium, visit } from "./chromium.ts";
import { ISOLATED, serveFolder } from "./static-server.ts";
import { bundle, findWebpack } from "./webpack.ts";
import type { Webpack } from "./webpack.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const executable = chromiumPath();
const TOKENS = 16;
const { prompt, greedy } = mobyPrompts()[0] ?? expect.unreachable("no prompt was recorded");

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>`;
const APP = {
  "run.js": `import { load } from "moby";
export async function run(target) {
  const model = await load({ target, threads: 2 });
  const generation = model.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens: ${TOKENS} });
  await generation.text();
  await model.close();
  return { target: model.device.target, adapter: model.device.adapter, tokens: generation.tokens };
}`,
  "worker.js": `import { run } from "./run.js";
run("cpu").then(postMessage, (error) => postMessage(String(error)));`,
  "main.js": `import { run } from "./run.js";
const inWorker = new Promise((resolve, reject) => {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});
globalThis.results = Promise.all([run("webgpu"), inWorker]).catch(String);`,
};

interface Opened {
  readonly browser: Browser;
  readonly project: MobyProject;
  readonly webpack: Webpack | string;
}

let opened: Opened | undefined;
beforeAll(async () => {
  if (executable === undefined) return;
  // Goes on while the package is built.
  const webpack = findWebpack();
  const project = installMoby("webgpu,cpu");
  for (const [name, text] of Object.entries({ ...APP, "index.html": PAGE }))
    writeFileSync(join(project.folder, name), text);
  opened = { project, browser: await launchChromium(executable), webpack: await webpack };
}, 180_000);
afterAll(async () => {
  await opened?.browser.close();
  opened?.project.remove();
});

/** What the app at `url` has computed, and what the page complained about. */
async function results({ browser }: Opened, url = ""): Promise<unknown> {
  const { page, complaints } = await visit(browser, url);
  try {
    await page.waitForFunction("globalThis.results !== undefined");
    // Vite's client says that it is there.
    const others = complaints.filter((text) => !text.startsWith("[vite] connect"));
    return { results: await page.evaluate("globalThis.results"), complaints: others };
  } finally {
    await page.close();
  }
}

const tokens = greedy.slice(0, TOKENS);
const expected = {
  results: [
    { target: "webgpu", adapter: expect.stringContaining("swiftshader"), tokens },
    { target: "cpu", adapter: "WebAssembly, 2 threads", tokens },
  ],
  complaints: [],
};

describe("an app with the package", () => {
  const config = ({ folder }: MobyProject): InlineConfig => ({
    root: folder,
    configFile: false,
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, headers: ISOLATED },
    preview: { host: "127.0.0.1", port: 0, headers: ISOLATED },
  });

  it("gives the tokens of Node under Vite's development server", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const server = await createServer(config(opened.project));
    try {
      await server.listen();
      expect(await results(opened, server.resolvedUrls?.local[0])).toEqual(expected);
    } finally {
      await server.close();
    }
  });

  it("gives them when Vite has built it", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    await build(config(opened.project));
    const server = await preview(config(opened.project));
    try {
      expect(await results(opened, server.resolvedUrls?.local[0])).toEqual(expected);
    } finally {
      await server.close();
    }
  });

  it("gives them when webpack has bundled it, which has no complaint either", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { webpack, project } = opened;
    if (typeof webpack === "string") return skip(webpack);
    const { folder } = project;
    expect(await bundle(webpack, folder, "./main.js", "bundled")).toBe("");
    const server = await serveFolder(join(folder, "bundled"), ISOLATED, { "/": PAGE });
    try {
      expect(await results(opened, server.url)).toEqual(expected);
    } finally {
      server.close();
    }
  });

  it("is bundled by webpack where it holds no weights, and takes them from another origin", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { webpack, project } = opened;
    if (typeof webpack === "string") return skip(webpack);
    const { folder } = project;
    await buildBare(folder);
    const weights = await serveFolder(opened.project.package, { "Access-Control-Allow-Origin": "*" });
    writeFileSync(join(folder, "bare.js"), bareApp(weights.url));
    expect(await bundle(webpack, folder, "./bare.js", "bundled-bare")).toBe("");
    const server = await serveFolder(join(folder, "bundled-bare"), {}, { "/": PAGE });
    try {
      expect(await results(opened, server.url)).toEqual({
        results: [expect.stringMatching(/^WeightsError: there are no weights at .*model\.safetensors$/), tokens],
        // Chromium tells of the file that is not there.
        complaints: [expect.stringMatching(/404/)],
      });
    } finally {
      server.close();
      weights.close();
    }
  });
});

/** The package of moby's source alone, in `folder`/bare. */
async function buildBare(folder: string): Promise<void> {
  const moby = join(ROOT, "examples/moby/moby.llm");
  mkdirSync(join(folder, "source"));
  const source = join(folder, "source", "moby.llm");
  copyFileSync(moby, source);
  const args = [
    join(ROOT, "dist/llmc.mjs"),
    "build",
    source,
    "--target",
    "cpu",
    "--out",
    join(folder, "bare"),
    "--json",
  ];
  await promisify(execFile)(process.execPath, args);
}

const bareApp = (url: string): string => `import { load } from "./bare/index.js";
const tokensOf = async (options) => {
  const model = await load(options);
  const generation = model.generate(${JSON.stringify(prompt)}, { temperature: 0, maxTokens: ${TOKENS} });
  await generation.text();
  await model.close();
  return generation.tokens;
};
const [weights, tokenizer] = ["${url}model.safetensors", "${url}tokenizer.json"];
globalThis.results = Promise.all([tokensOf({ tokenizer }).catch(String), tokensOf({ weights, tokenizer })]).catch(String);
`;
