/** What of a file at a URL is kept for the next visit, and when it is not; and a model that is loaded so. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clearCache } from "../../../src/runtime/byte-source.ts";
import { openHttp } from "../../../src/runtime/http/index.ts";
import { BLOCK_BYTES } from "../../../src/runtime/http/block-store.ts";
import { loadModel } from "../../../src/runtime/load.ts";
import type { Progress } from "../../../src/runtime/public-types.ts";
import { fakeCaches } from "./fake-caches.ts";
import type { FakeCaches } from "./fake-caches.ts";
import { patternBytes, serveFile } from "./file-server.ts";
import type { FileServer } from "./file-server.ts";
import { TOY_DATA, toyWeights } from "./toy-data.ts";
import { expectedTokens } from "./toy-program.ts";

/** Two blocks and a bit. */
const BYTES = patternBytes(2 * BLOCK_BYTES + 1000);
/** Other processes may have the machine. */
const PATIENT = { timeout: 20_000 };
const LIMITS = { retries: 1, firstRetries: 1, pauseMs: 1 } as const;

let server: FileServer;
let caches: FakeCaches;
beforeEach(async () => {
  server = await serveFile(BYTES);
  caches = fakeCaches();
  vi.stubGlobal("caches", caches.storage);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await server.close();
});

/** One visit: opens the file, reads it, or the first `most` bytes of it; the requests that it took. */
async function visit(options: { readonly cache?: boolean; readonly most?: number } = {}): Promise<readonly string[]> {
  const before = server.asked.length;
  const source = await openHttp(server.url, { cache: options.cache, limits: LIMITS });
  try {
    if (source === undefined) return expect.unreachable("there is no file");
    const end = Math.min(source.size, options.most ?? Infinity);
    for (let at = 0; at < end; at += BLOCK_BYTES) {
      const bytes = await source.read(at, Math.min(BLOCK_BYTES, end - at));
      expect(Buffer.compare(bytes, server.bytes.subarray(at, at + bytes.length))).toBe(0);
    }
  } finally {
    await source?.close?.();
  }
  return server.asked.slice(before);
}

const PROBE = "0-7";
const blocksOf = (...blocks: readonly number[]): readonly string[] =>
  blocks.map((block) => `${block * BLOCK_BYTES}-${Math.min(BYTES.length, (block + 1) * BLOCK_BYTES) - 1}`);
const keptBlocks = (): number => Object.values(caches.content()).flat().length;

describe("a file at a URL that was read before", () => {
  it("is not fetched again, but for the question whether it has changed", async () => {
    expect(await visit()).toEqual([PROBE, ...blocksOf(0, 1, 2)]);
    expect(keptBlocks()).toBe(3);
    expect(await visit()).toEqual([PROBE]);
  });

  it("is fetched from the block on that broke, after a reload too", async () => {
    server.instead = (response, n) => n >= 2 && (response.destroy(), true);
    await expect(visit()).rejects.toMatchObject({ name: "DownloadError" });
    server.instead = () => false;
    expect(await visit()).toEqual([PROBE, ...blocksOf(1, 2)]);
  });

  it("is fetched again where what is kept is not a block", async () => {
    await visit();
    const cache = await caches.storage.open(Object.keys(caches.content())[0] ?? "");
    await cache.put(`https://llmc.invalid/${BLOCK_BYTES}-${2 * BLOCK_BYTES}`, new Response("short"));
    expect(await visit()).toEqual([PROBE, ...blocksOf(1)]);
    expect(await visit()).toEqual([PROBE]);
  });

  it("is fetched anew where it has changed, and the old version is deleted", async () => {
    await visit();
    server.headers = { ETag: '"v2"' };
    server.bytes = patternBytes(BYTES.length, 7);
    expect(await visit()).toEqual([PROBE, ...blocksOf(0, 1, 2)]);
    expect(Object.keys(caches.content())).toEqual([`llmc-file ${server.url} ${BYTES.length} "v2"`]);
    server.bytes = patternBytes(5000, 7);
    expect(await visit()).toEqual([PROBE, "0-4999"]);
    expect(keptBlocks()).toBe(1);
  });

  it.each([
    ["a weak tag", { ETag: 'W/"v1"' }, false],
    ["neither tag nor date", {}, false],
    ["a date of just now", { "Last-Modified": new Date(Date.now() - 20_000).toUTCString() }, false],
    ["a date long past", { "Last-Modified": new Date(Date.now() - 90_000).toUTCString() }, true],
    ["a date long past and a weak tag", { ETag: 'W/"v1"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT" }, true],
  ] as readonly (readonly [string, Record<string, string>, boolean])[])("is known again by %s: %s %j", async (_, headers, isKept) => {
    server.headers = headers;
    await visit();
    expect(keptBlocks()).toBe(isKept ? 3 : 0);
    expect(await visit()).toEqual(isKept ? [PROBE] : [PROBE, ...blocksOf(0, 1, 2)]);
  }); // prettier-ignore

  it("is not kept where the caller does not want it, nor is it looked for", async () => {
    await visit({ cache: false });
    expect(caches.content()).toEqual({});
    await visit();
    expect((await visit({ cache: false })).length).toBe(4);
  });

  it("is read to its end where there is no room, which is said once; what has found room is used", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    caches.capacity = 1.5 * BLOCK_BYTES;
    await visit();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^llmc: no more of .*model\.safetensors is kept .*no space left/)]]); // prettier-ignore
    expect(await visit()).toEqual([PROBE, ...blocksOf(1, 2)]);
  });

  it("is read where the browser refuses the cache", async () => {
    vi.stubGlobal("caches", { keys: () => Promise.reject(new DOMException("no", "SecurityError")) });
    expect((await visit()).length).toBe(4);
    vi.spyOn(globalThis, "caches", "get").mockImplementation(() => {
      throw new DOMException("no", "SecurityError");
    });
    expect((await visit()).length).toBe(4);
  });

  it("is there without a connection, if all of it is", async () => {
    await visit({ most: BLOCK_BYTES });
    server.instead = (response) => (response.destroy(), true);
    await expect(visit()).rejects.toMatchObject({ name: "DownloadError" });
    server.instead = () => false;
    await visit();
    server.instead = (response) => (response.destroy(), true);
    expect(await visit()).toEqual([PROBE]);
  });

  it("is deleted by clearCache: one file, or all of llmc and nothing else", async () => {
    const other = await serveFile(BYTES.subarray(0, 100));
    const open = async (): Promise<void> => {
      const source = await openHttp(other.url);
      await source?.read(0, 8);
      await source?.close?.();
    };
    await caches.storage.open("of the app");
    await visit();
    await open();
    await clearCache(server.url);
    expect(Object.keys(caches.content())).toEqual(["of the app", expect.stringContaining(other.url)]);
    expect((await visit()).length).toBe(4);
    await clearCache();
    expect(Object.keys(caches.content())).toEqual(["of the app"]);
    await other.close();
  });
});

describe("a server without ranges", () => {
  beforeEach(() => {
    server.ranges = false;
  });

  it("sends a file once, and what was read of it is kept", async () => {
    expect(await visit()).toEqual([PROBE]);
    expect(keptBlocks()).toBe(3);
    // The answer is left where it is: it never comes to an end.
    server.instead = (response) => (response.writeHead(200, { "Content-Length": BYTES.length }).write("x"), true);
    const source = await openHttp(server.url);
    await vi.waitFor(() => expect(server.abandoned()).toBe(1), PATIENT);
    expect((await source?.read(BLOCK_BYTES, 1))?.[0]).toBe(BYTES[BLOCK_BYTES]);
    await source?.close?.();
    expect(server.asked).toEqual([PROBE, PROBE]);
  });

  it("goes on with memory where there is no room", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    caches.capacity = 1.5 * BLOCK_BYTES;
    const source = await openHttp(server.url);
    for (const block of [2, 1, 0, 1]) expect((await source?.read(block * BLOCK_BYTES, 4))?.[0]).toBe(BYTES[block * BLOCK_BYTES]); // prettier-ignore
    await source?.close?.();
    expect(server.asked.length).toBe(1);
  });
});

describe("a model whose weights are at a URL", () => {
  const load = (progress: Progress[] = []) =>
    loadModel(TOY_DATA, { weights: server.url, target: "js", onProgress: (each) => progress.push(each) });

  it("loads, says how many bytes it has of how many, and loads from what is kept", async () => {
    server.bytes = toyWeights();
    for (let i = 0; i < 2; i++) {
      const progress: Progress[] = [];
      const model = await load(progress);
      const generation = model.generate([1, 2, 3], { temperature: 0, maxTokens: 5, stopAtEos: false });
      await generation.text();
      expect(generation.tokens).toEqual(expectedTokens([1, 2, 3], 5));
      await model.close();
      const steps = progress.filter(({ stage }) => stage === "weights");
      const last = steps.at(-1);
      expect(last).toEqual({ stage: "weights", fraction: 1, loaded: last?.total, total: last?.total });
      expect(steps.map(({ fraction }) => fraction)).toEqual(steps.map(({ loaded = 0, total = 1 }) => loaded / total));
    }
    expect(server.asked).toEqual([PROBE, `0-${server.bytes.length - 1}`, PROBE]);
  });

  it("does not load where they are not there or cannot be fetched, by name", async () => {
    server.instead = (response) => (response.writeHead(404).end(), true);
    await expect(load()).rejects.toMatchObject({
      name: "WeightsError",
      message: `there are no weights at ${server.url}`,
    });
    server.instead = (response) => (response.writeHead(403).end(), true);
    await expect(load()).rejects.toMatchObject({ name: "DownloadError", status: 403 });
  });
});
