/**
 * A large file at a URL, read by the package's module `http.js` in Chromium: its Cache API, its quota, its rules for
 * other origins. What a broken server does to it is tested in `tests/unit/runtime/http*.test.ts`.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { runtimeFiles } from "../../scripts/bundle-runtime.mjs";
import type { FileDigest } from "../../src/runtime/http/digest.ts";
import { BLOCK_BYTES } from "../../src/runtime/http/block-store.ts";
import { patternBytes } from "../unit/runtime/file-server.ts";
import { NO_CHROMIUM, chromiumPath, launchChromium, visit } from "./chromium.ts";
import type { Visit } from "./chromium.ts";
import { serveFolder } from "./static-server.ts";
import type { StaticServer } from "./static-server.ts";

const executable = chromiumPath();
const FILE = "/large.bin";
const bytes = patternBytes(2 * BLOCK_BYTES + 1000);
const whole = { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };

interface Opened extends Visit {
  readonly server: StaticServer;
}

let browser: Browser | undefined;
let folder = "";
let texts: Readonly<Record<string, string>> = {};
const servers: StaticServer[] = [];
const serve = async (headers?: Readonly<Record<string, string>>): Promise<StaticServer> => {
  const server = await serveFolder(folder, headers, texts);
  servers.push(server);
  return server;
};

beforeAll(async () => {
  if (executable === undefined) return;
  folder = mkdtempSync(join(tmpdir(), "llmc-large-"));
  writeFileSync(join(folder, FILE), bytes);
  texts = Object.fromEntries(Object.entries(await runtimeFiles()).map(([name, text]) => [`/${name}`, text]));
  browser = await launchChromium(executable);
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

let opened: Opened | undefined;
beforeEach(async () => {
  if (browser === undefined) return;
  const server = await serve();
  opened = { server, ...(await visit(browser, server.url)) };
  return () => opened?.page.close();
});

/** Reads the file in the page; size and hash, or the error. */
async function read({ page, server }: Opened, base = server.url, digest?: FileDigest): Promise<unknown> {
  const limits = { retries: 1, firstRetries: 1, pauseMs: 10, stallMs: 30_000 };
  return page.evaluate(`(async () => {
    const { openHttp } = await import("/http.js");
    const url = new URL(${JSON.stringify(new URL(FILE, base))});
    const known = ${JSON.stringify(digest)};
    const source = await openHttp(url, { limits: ${JSON.stringify(limits)}, known: known && { ...known, url } });
    const pieces = [];
    for (let at = 0; at < source.size; at += 3e6) pieces.push((await source.read(at, Math.min(3e6, source.size - at))).slice());
    const hash = await crypto.subtle.digest("SHA-256", await new Blob(pieces).arrayBuffer());
    await source.close();
    return { size: source.size, sha256: Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("") };
  })().catch(({ name, message }) => ({ name, message }))`);
}

/** The ranges that were asked for since the last call. */
const asked = ({ ranges }: StaticServer): readonly string[] => ranges.splice(0).map((range) => range.slice(FILE.length + 1)); // prettier-ignore
const PROBE = "0-7";
const BLOCKS = [0, 1, 2].map((i) => `${i * BLOCK_BYTES}-${Math.min(bytes.length, (i + 1) * BLOCK_BYTES) - 1}`);

describe("a large file at a URL, in Chromium", () => {
  it("goes on where it was after a connection that broke and a reload, and is fetched once", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server } = opened;
    server.breaksAt = BLOCK_BYTES + 1_000_000;
    expect(await read(opened)).toMatchObject({ name: "DownloadError" });
    expect(asked(server)).toContain(`${server.breaksAt}-${2 * BLOCK_BYTES - 1}`);
    server.breaksAt = Infinity;
    await page.reload();
    expect(await read(opened)).toEqual(whole);
    expect(asked(server)).toEqual([PROBE, ...BLOCKS.slice(1)]);
    await page.reload();
    expect(await read(opened)).toEqual(whole);
    expect(asked(server)).toEqual([PROBE]);
    await page.context().setOffline(true);
    expect(await read(opened)).toEqual(whole);
    expect(asked(server)).toEqual([]);
    await page.context().setOffline(false);
  });

  it("is kept by its hashes, shared with another origin's, and held to them, where they are known", async ({
    skip,
  }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server } = opened;
    const sha256 = [0, 1, 2].map((i) => createHash("sha256").update(bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)).digest("base64")); // prettier-ignore
    const digest = { bytes: bytes.length, sha256 };
    expect(await read(opened, server.url, digest)).toEqual(whole);
    expect(asked(server)).toEqual([PROBE, ...BLOCKS]);
    await page.reload();
    expect(await read(opened, server.url, digest)).toEqual(whole);
    expect(asked(server)).toEqual([]);
    const other = await serve({ "Access-Control-Allow-Origin": "*" });
    expect(await read(opened, other.url, digest)).toEqual(whole);
    expect(asked(other)).toEqual([]);
    const wrong = { ...digest, sha256: sha256.with(1, createHash("sha256").digest("base64")) };
    expect(await read(opened, server.url, wrong)).toMatchObject({ name: "DownloadError", message: expect.stringContaining(`bytes ${BLOCKS[1]?.replace("-", " to ")} are not those`) as string }); // prettier-ignore
    expect(new Set(asked(server))).toEqual(new Set([PROBE, BLOCKS[1]]));
  });

  it("is deleted by clearCache, and what is the app's stays", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server } = opened;
    await page.evaluate(`caches.open("of the app")`);
    await read(opened);
    expect(await page.evaluate("caches.keys()")).toHaveLength(2);
    await page.evaluate(`import("/runtime.js").then(({ clearCache }) => clearCache("${FILE}"))`);
    expect(await page.evaluate("caches.keys()")).toEqual(["of the app"]);
    asked(server);
    expect(await read(opened)).toEqual(whole);
    expect(asked(server)).toEqual([PROBE, ...BLOCKS]);
  });

  it("is read where there is no room to keep it, which the console says", async ({ skip }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const { page, server, complaints } = opened;
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(server.url).origin, quotaSize: 1.5 * BLOCK_BYTES }); // prettier-ignore
    expect(await read(opened)).toEqual(whole);
    expect(complaints).toEqual([
      expect.stringMatching(/^llmc: no more of .* is kept for the next visit: QuotaExceeded/),
    ]);
    asked(server);
    expect(await read(opened)).toEqual(whole);
    expect(asked(server)).toEqual([PROBE, ...BLOCKS.slice(1)]);
  });

  it("may be another origin's, if that allows it with one header; else the error names the header", async ({
    skip,
  }) => {
    if (opened === undefined) return skip(NO_CHROMIUM);
    const [open, closed] = [await serve({ "Access-Control-Allow-Origin": "*" }), await serve()];
    expect(await read(opened, open.url)).toEqual(whole);
    expect(asked(open)).toEqual([PROBE, ...BLOCKS]);
    const error = { name: "DownloadError", message: expect.stringContaining(`Access-Control-Allow-Origin: ${new URL(opened.server.url).origin}`) }; // prettier-ignore
    expect(await read(opened, closed.url)).toMatchObject(error);
    expect(asked(closed)).toEqual([PROBE]);
  });
});
