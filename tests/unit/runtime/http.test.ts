/** Files over HTTP from a server of this process that cuts, stalls and does not know ranges; nothing is kept. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openBytes } from "../../../src/runtime/byte-source.ts";
import { BLOCK_BYTES } from "../../../src/runtime/http/block-store.ts";
import { BYTES, LAST, PATIENT, PROBE, expectBytes, open, rangeOf, readAll, server } from "./served-file.ts";

describe("a file at a URL", () => {
  it("is read by blocks, each once, behind one request for its size", async () => {
    const source = await open();
    expect([source.size, server.asked]).toEqual([BYTES.length, [PROBE]]);
    await readAll(source);
    expect(server.asked).toEqual([PROBE, rangeOf(0), rangeOf(1), rangeOf(2)]);
    await source.close?.();
  });

  it("gives any stretch, and refuses those outside", async () => {
    const source = await open();
    for (const [offset, length] of [
      [5, 0],
      [LAST, 1],
      [BLOCK_BYTES - 3, 7],
      [1, LAST],
      [0, BLOCK_BYTES],
      [2 * BLOCK_BYTES, 1000],
    ] as const)
      // prettier-ignore
      await expectBytes(source, offset, length);
    for (const [offset, length] of [
      [LAST, 2],
      [-1, 2],
      [0, -1],
    ] as const)
      await expect(source.read(offset, length)).rejects.toThrow(RangeError);
    await source.close?.();
  });

  it("asks for the next block while the caller is busy, and for no more", async () => {
    const source = await open();
    await source.read(0, 8);
    await vi.waitFor(() => expect(server.asked).toEqual([PROBE, rangeOf(0), rangeOf(1)]), PATIENT);
    await source.read(0, BLOCK_BYTES);
    expect(server.asked.length).toBe(3);
    await source.close?.();
  });

  it("is undefined where there is none, or a single-page app answers with its page", async () => {
    for (const status of [404, 410]) {
      server.instead = (response) => (response.writeHead(status).end("no"), true);
      expect(await openBytes(server.url)).toBeUndefined();
    }
    server.instead = (response) => (response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<p>"), true); // prettier-ignore
    expect(await openBytes(server.url)).toBeUndefined();
  });

  it("may be empty", async () => {
    server.bytes = new Uint8Array(0);
    for (const ranges of [true, false]) {
      server.ranges = ranges;
      const source = await open();
      expect([source.size, await source.read(0, 0)]).toEqual([0, new Uint8Array(0)]);
      await source.close?.();
    }
  });

  it("takes fetch from the caller, who may change the request", async () => {
    const seen: string[] = [];
    server.instead = (response, _, { headers }) =>
      headers.authorization === "me" ? false : (response.writeHead(401).end(), true);
    const signing: typeof fetch = (url, init) => {
      seen.push(String(url));
      return fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), Authorization: "me" } });
    };
    await expect(open()).rejects.toMatchObject({ name: "DownloadError", status: 401 });
    const source = await open({ fetch: signing });
    await expectBytes(source, 0, 100);
    await source.close?.();
    expect(new Set(seen)).toEqual(new Set([server.url]));
  });
});

describe("a connection that breaks", () => {
  it("is taken up again at the byte where it broke", async () => {
    server.cutAfter = (n) => (n === 2 ? 1_000_000 : undefined);
    const source = await open();
    await readAll(source);
    const from = BLOCK_BYTES + 1_000_000;
    expect(server.asked).toEqual([PROBE, rangeOf(0), rangeOf(1), `${from}-${2 * BLOCK_BYTES - 1}`, rangeOf(2)]);
    await source.close?.();
  });

  it("may break again and again as long as something comes between", async () => {
    server.cutAfter = (n) => (n > 0 ? 700_000 : undefined);
    const source = await open();
    await expectBytes(source, 0, BLOCK_BYTES);
    expect(server.asked.length).toBeGreaterThan(BLOCK_BYTES / 700_000);
    await source.close?.();
  });

  it("is given up where nothing comes, by an error that says how often it was tried", async () => {
    const source = await open();
    server.instead = (response) => (response.destroy(), true);
    const error = {
      name: "DownloadError",
      message: expect.stringMatching(/model\.safetensors: .*\(tried 4 times\)$/s),
    };
    await expect(source.read(0, 8)).rejects.toMatchObject(error);
    server.instead = () => false;
    await expectBytes(source, 0, 8);
    await source.close?.();
  });

  it("may end early without an error, where the server says no length", async () => {
    server.instead = (response, n) => {
      if (n !== 1) return false;
      response.writeHead(206, { "Content-Range": `bytes ${rangeOf(0)}/${BYTES.length}` });
      response.end(BYTES.subarray(0, 5000));
      return true;
    };
    const source = await open();
    await expectBytes(source, 0, BLOCK_BYTES);
    expect(server.asked[2]).toBe(`5000-${BLOCK_BYTES - 1}`);
    await source.close?.();
  });

  it("is taken for broken where nothing comes for long", async () => {
    server.instead = (response, n) => {
      if (n !== 1 && n !== 2) return false;
      if (n === 2) return true;
      response.writeHead(206, { "Content-Range": `bytes ${rangeOf(0)}/${BYTES.length}` });
      response.write(BYTES.subarray(0, 5000));
      return true;
    };
    const source = await open({ limits: { stallMs: 500 } });
    await expectBytes(source, 0, BLOCK_BYTES);
    expect(server.asked.slice(2, 4)).toEqual([`5000-${BLOCK_BYTES - 1}`, `5000-${BLOCK_BYTES - 1}`]);
    await vi.waitFor(() => expect(server.abandoned()).toBeGreaterThanOrEqual(2), PATIENT);
    await source.close?.();
  });

  it("is tried again where the server is busy, not before it asks for, and not where it refuses", async () => {
    server.instead = (response, n) => n === 0 && (response.writeHead(503, { "Retry-After": "1" }).end(), true);
    const start = performance.now();
    const source = await open();
    expect(performance.now() - start).toBeGreaterThan(900);
    server.instead = (response) => (response.writeHead(403).end(), true);
    await expect(source.read(0, 8)).rejects.toMatchObject({ name: "DownloadError", status: 403 });
    await source.close?.();
    server.instead = (response) => (response.writeHead(500).end(), true);
    await expect(open()).rejects.toMatchObject({ name: "DownloadError", status: 500 });
    expect(server.asked.filter((range) => range === PROBE).length).toBe(2 + 2);
  });

  it("names the reason of the system where there is no server", async () => {
    await server.close();
    await expect(open()).rejects.toMatchObject({
      name: "DownloadError",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("a server without ranges", () => {
  beforeEach(() => {
    server.ranges = false;
  });

  it("sends the file once, whatever is read of it and in whatever order", async () => {
    const source = await open();
    await expectBytes(source, 2 * BLOCK_BYTES + 10, 100);
    await expectBytes(source, 5, 100);
    await readAll(source);
    expect(server.asked).toEqual([PROBE]);
    await source.close?.();
  });

  it("sends it again where the connection broke, and what was there is left out", async () => {
    server.cutAfter = (n) => (n === 0 ? BLOCK_BYTES + 5000 : undefined);
    const source = await open();
    await readAll(source);
    expect(server.asked.length).toBe(2);
    await source.close?.();
  });

  it("may not say how long the file is", async () => {
    server.instead = (response) => (response.writeHead(200).write(BYTES.subarray(0, 9)), response.end(BYTES.subarray(9)), true); // prettier-ignore
    const source = await open();
    expect(source.size).toBe(BYTES.length);
    await readAll(source);
    expect(server.asked.length).toBe(1);
  });

  it("may cease to know them: what it has passed is asked for again", async () => {
    server.ranges = true;
    const source = await open();
    server.ranges = false;
    await expectBytes(source, BLOCK_BYTES, 1000);
    await expectBytes(source, 0, 1000);
    expect(server.asked).toEqual([PROBE, rangeOf(1), rangeOf(0)]);
    await source.close?.();
  });

  it("may begin to know them, or cease to", async () => {
    server.ranges = true;
    const source = await open();
    await expectBytes(source, 0, 8);
    await vi.waitFor(() => expect(server.asked.length).toBe(3), PATIENT);
    server.ranges = false;
    await expectBytes(source, 2 * BLOCK_BYTES, 1000);
    server.ranges = true;
    await readAll(source);
    await source.close?.();
  });
});
