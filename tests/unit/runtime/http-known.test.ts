/** A file at a URL whose hashes a package knows: what is held to them, what is kept under them, and what is neither. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clearCache } from "../../../src/runtime/byte-source.ts";
import { BLOCK_BYTES } from "../../../src/runtime/http/block-store.ts";
import type { FileDigest } from "../../../src/runtime/http/digest.ts";
import { openHttp } from "../../../src/runtime/http/index.ts";
import type { HttpOptions } from "../../../src/runtime/http/index.ts";
import { loadModel } from "../../../src/runtime/load.ts";
import { fakeCaches } from "./fake-caches.ts";
import type { FakeCaches } from "./fake-caches.ts";
import { serveFile } from "./file-server.ts";
import { BYTES, LAST, PROBE, open, rangeOf, readAll, server } from "./served-file.ts";
import { TOY_DATA, toyWeights } from "./toy-data.ts";

function digestOf(bytes: Uint8Array): FileDigest {
  const sha256: string[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES)
    sha256.push(createHash("sha256").update(bytes.subarray(at, at + BLOCK_BYTES)).digest("base64")); // prettier-ignore
  return { bytes: bytes.length, sha256 };
}

const DIGEST = digestOf(BYTES);
/** The file with one bit of block 1 turned. */
const CORRUPT = BYTES.slice();
CORRUPT[BLOCK_BYTES + 5]! ^= 1;
const ALL = [PROBE, rangeOf(0), rangeOf(1), rangeOf(2)];

let caches: FakeCaches;
beforeEach(() => {
  caches = fakeCaches();
  vi.stubGlobal("caches", caches.storage);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const knownAs = (digest: FileDigest, url = server.url): HttpOptions => ({ known: { ...digest, url: new URL(url) } });

/** Opens the file, reads and compares it; the requests that it took. */
async function visit(options: HttpOptions = knownAs(DIGEST)): Promise<readonly string[]> {
  const before = server.asked.length;
  const source = await open(options);
  try {
    await readAll(source);
  } finally {
    await source.close?.();
  }
  return server.asked.slice(before);
}
const keptHashes = (): readonly string[] =>
  Object.values(caches.content())
    .flat()
    .map((key) => key.slice("https://llmc.invalid/sha256/".length));

describe("a block that is not what the package was built with", () => {
  it.each([true, false])("is fetched once more, ranges: %s", async (ranges) => {
    server.ranges = ranges;
    const firstWithBlock1 = ranges ? 2 : 0;
    server.instead = (_, n) => {
      server.bytes = n === firstWithBlock1 ? CORRUPT : BYTES;
      return false;
    };
    expect(await visit()).toEqual(ranges ? [PROBE, rangeOf(0), rangeOf(1), rangeOf(1), rangeOf(2)] : [PROBE, rangeOf(1)]); // prettier-ignore
    expect(keptHashes()).toEqual(DIGEST.sha256);
  });

  it("is an error that names its bytes where it stays wrong, and is not kept; later it may be right", async () => {
    server.bytes = CORRUPT;
    const source = await open(knownAs(DIGEST));
    await source.read(0, 8);
    await expect(source.read(BLOCK_BYTES, 8)).rejects.toMatchObject({
      name: "DownloadError",
      message: `${server.url}: bytes ${BLOCK_BYTES} to ${2 * BLOCK_BYTES - 1} are not those of the weights that the package was built with`,
    });
    server.bytes = BYTES;
    await readAll(source);
    await source.close?.();
    expect(keptHashes().toSorted()).toEqual(DIGEST.sha256.toSorted());
  });

  it("is an error where nothing is kept, too", async () => {
    server.bytes = CORRUPT;
    for (const keepNothing of [() => undefined, () => vi.stubGlobal("caches", undefined)]) {
      keepNothing();
      await expect(visit({ ...knownAs(DIGEST), cache: false })).rejects.toMatchObject({ name: "DownloadError" });
    }
  });
});

describe("a file of another size", () => {
  it.each([true, false])("is an error before any block is read, ranges: %s", async (ranges) => {
    server.ranges = ranges;
    server.bytes = BYTES.subarray(0, LAST);
    await expect(visit()).rejects.toMatchObject({
      name: "DownloadError",
      message: `${server.url} has ${LAST} bytes; the weights that the package was built with have ${BYTES.length}`,
    });
    expect(server.asked).toEqual([PROBE]);
  });

  it("is one as well where blocks cannot be verified", async () => {
    vi.stubGlobal("crypto", {});
    server.bytes = BYTES.subarray(0, LAST);
    await expect(visit()).rejects.toMatchObject({ name: "DownloadError" });
  });
});

describe("a known file that was read before", () => {
  it("is not asked for again: not at a new ETag, and not without a connection", async () => {
    expect(await visit()).toEqual(ALL);
    expect(keptHashes()).toEqual(DIGEST.sha256);
    server.headers = { ETag: '"v2"' };
    expect(await visit()).toEqual([]);
    server.instead = (response) => (response.destroy(), true);
    expect(await visit()).toEqual([]);
  });

  it("is kept where the server names no version, and goes on though the version changes while it is read", async () => {
    let tag = 0;
    server.instead = (response) => (response.setHeader("ETag", `W/"${tag++}"`), false);
    expect(await visit()).toEqual(ALL);
    expect(await visit()).toEqual([]);
  });

  it("is fetched for the blocks that are missing", async () => {
    server.cutAfter = (n) => (n >= 2 ? 0 : undefined);
    await expect(visit()).rejects.toMatchObject({ name: "DownloadError" });
    server.cutAfter = () => undefined;
    server.headers = { ETag: '"v2"' };
    expect(await visit()).toEqual([PROBE, rangeOf(1), rangeOf(2)]);
  });

  it("shares its blocks with other URLs and builds; those that a new build lacks are deleted", async () => {
    const other = await serveFile(BYTES);
    await visit();
    const elsewhere = await openHttp(other.url, knownAs(DIGEST, other.url));
    await elsewhere?.read(BLOCK_BYTES - 1, 2);
    await elsewhere?.close?.();
    expect(other.asked).toEqual([]);
    await other.close();
    // The next build has another block 1.
    server.bytes = CORRUPT;
    const next = digestOf(CORRUPT);
    expect(await visit(knownAs(next))).toEqual([PROBE, rangeOf(1)]);
    expect(keptHashes().toSorted()).toEqual(next.sha256.toSorted());
    expect(await visit(knownAs(next))).toEqual([]);
  });

  it("is read where the browser refuses the cache", async () => {
    vi.stubGlobal("caches", { open: () => Promise.reject(new DOMException("no", "SecurityError")) });
    expect(await visit()).toEqual(ALL);
  });

  it("is deleted by clearCache, and what is the app's stays", async () => {
    await caches.storage.open("of the app");
    for (const clear of [() => clearCache(server.url), () => clearCache()]) {
      await visit();
      await clearCache(`${server.url}.old`);
      expect(keptHashes().length).toBe(3);
      await clear();
      expect(Object.keys(caches.content())).toEqual(["of the app"]);
    }
  });
});

describe("what is not held to the hashes", () => {
  it("is a file at another URL, which the server's version names", async () => {
    server.bytes = CORRUPT;
    const other = knownAs(DIGEST, `${server.url}?other`);
    expect(await visit(other)).toEqual(ALL);
    expect(Object.keys(caches.content())).toEqual([`llmc-file ${server.url} ${BYTES.length} "v1"`]);
    expect(await visit(other)).toEqual([PROBE]);
  });

  it("is the same URL without hashes: what is kept the one way is no copy for the other, and is replaced", async () => {
    await visit({});
    expect(await visit()).toEqual(ALL);
    expect(Object.keys(caches.content())).toEqual([`llmc-file ${server.url} sha256`]);
    server.instead = (response) => (response.destroy(), true);
    await expect(visit({})).rejects.toMatchObject({ name: "DownloadError" });
    server.instead = () => false;
    expect(await visit({})).toEqual(ALL);
    expect(Object.keys(caches.content())).toEqual([`llmc-file ${server.url} ${BYTES.length} "v1"`]);
  });

  it("is any file where there is no crypto.subtle", async () => {
    vi.stubGlobal("crypto", {});
    server.bytes = CORRUPT;
    expect(await visit()).toEqual(ALL);
    expect(Object.keys(caches.content())).toEqual([`llmc-file ${server.url} ${BYTES.length} "v1"`]);
  });
});

describe("a model", () => {
  const load = async (weights?: string): Promise<void> => {
    const data = { ...TOY_DATA, weights: new URL(server.url), weightsDigest: digestOf(toyWeights()) };
    const model = await loadModel(data, { target: "js", tokenizer: null, ...(weights === undefined ? {} : { weights }) }); // prettier-ignore
    await model.close();
  };
  beforeEach(() => {
    // Another number in the last tensor: what a fine-tuned checkpoint is.
    server.bytes = toyWeights();
    server.bytes[server.bytes.length - 1]! ^= 1;
  });

  it("does not take other weights for those that it was built with, and keeps its own under their hash", async () => {
    await expect(load()).rejects.toThrow("are not those of the weights that the package was built with");
    await expect(load(server.url)).rejects.toMatchObject({ name: "DownloadError" });
    server.bytes = toyWeights();
    await load();
    expect(keptHashes()).toEqual(digestOf(toyWeights()).sha256);
  });

  it("takes those that the caller names", async () => {
    await load(`${server.url}?fine-tuned`);
    expect(server.asked.length).toBe(2);
  });
});
