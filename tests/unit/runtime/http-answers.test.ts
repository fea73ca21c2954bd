/** Files over HTTP: answers that do not fit, and calls that are aborted; nothing is kept. */
import { describe, expect, it, vi } from "vitest";
import { BLOCK_BYTES } from "../../../src/runtime/http/block-store.ts";
import { BYTES, PATIENT, PROBE, expectBytes, open, rangeOf, readAll, server } from "./served-file.ts";

describe("an answer that does not fit", () => {
  const part = (from: number, to: number, total: number | string = BYTES.length) => ({
    "Content-Range": `bytes ${from}-${to}/${total}`,
  });
  const [first, size] = [`asked for bytes ${rangeOf(0).replace("-", " to ")}`, BYTES.length];

  it.each([
    ["another stretch", part(8, BLOCK_BYTES), first],
    ["more than was asked for", part(0, BLOCK_BYTES), first],
    ["no stretch", { "Content-Range": "bytes" }, first],
    ["a file of another size", part(0, BLOCK_BYTES - 1, size + 1), "has changed since"],
    ["another length, and no range", { "Content-Length": "5" }, first],
  ] as const)("is refused by name: %s", async (_, headers, message) => {
    const source = await open();
    server.instead = (response) => (response.writeHead(206, headers).end(BYTES.subarray(0, 5)), true);
    await expect(source.read(0, 8)).rejects.toMatchObject({ name: "DownloadError", message: expect.stringContaining(message) }); // prettier-ignore
    await source.close?.();
  });

  it("may bring less than was asked for, or not name the size", async () => {
    server.instead = (response, n) => {
      if (n !== 1 && n !== 2) return false;
      const [from, to] = n === 1 ? [0, 999] : [1000, BLOCK_BYTES - 1];
      response.writeHead(206, part(from, to, n === 1 ? size : "*")).end(BYTES.subarray(from, to + 1));
      return true;
    };
    const source = await open();
    await expectBytes(source, 0, BLOCK_BYTES);
    expect(server.asked.slice(0, 3)).toEqual([PROBE, rangeOf(0), `1000-${BLOCK_BYTES - 1}`]);
    await source.close?.();
  });

  it.each([
    [{ ETag: '"v1"' }, { ETag: '"v2"' }, true],
    [{ ETag: '"v1"' }, { ETag: 'W/"v1"' }, false],
    [{ ETag: '"v1"' }, {}, false],
    [{ "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT" }, { "Last-Modified": "Mon, 01 Jan 2024 00:00:01 GMT" }, true],
    [{ ETag: '"v1"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT" }, { ETag: '"v1"', "Last-Modified": "Mon, 01 Jan 2024 00:00:01 GMT" }, false],
  ] as readonly (readonly [Record<string, string>, Record<string, string>, boolean])[])("is of another version where %j becomes %j: %j", async (before, after, changed) => {
    server.headers = before;
    const source = await open();
    server.headers = after;
    const read = expectBytes(source, 0, 8);
    await (changed ? expect(read).rejects.toMatchObject({ name: "DownloadError", message: expect.stringContaining("has changed since") }) : read); // prettier-ignore
    await source.close?.();
  }); // prettier-ignore

  it("tells that the file went away", async () => {
    const source = await open();
    server.instead = (response) => (response.writeHead(404).end(), true);
    await expect(source.read(0, 8)).rejects.toThrow(/is no longer there/);
    await source.close?.();
  });

  it("may come from another origin, whose headers scripts do not see", async () => {
    const hiding: typeof fetch = async (url, init) => {
      const answer = await fetch(url, init);
      const headers = new Headers({ "Content-Length": answer.headers.get("Content-Length") ?? "" });
      return new Response(answer.body, { status: answer.status, headers });
    };
    const source = await open({ fetch: hiding });
    expect([source.size, server.asked]).toEqual([BYTES.length, [PROBE, "0-"]]);
    await readAll(source);
    expect(server.asked.slice(2)).toEqual([rangeOf(0), rangeOf(1), rangeOf(2)]);
    await source.close?.();
  });
});

describe("an abort", () => {
  const reason = new Error("enough");

  it("ends a request that is under way", async () => {
    const controller = new AbortController();
    const source = await open({ signal: controller.signal });
    server.instead = (response) => (response.writeHead(206, { "Content-Range": `bytes ${rangeOf(0)}/${BYTES.length}` }).write("x"), true); // prettier-ignore
    const read = source.read(0, 8);
    await vi.waitFor(() => expect(server.asked.length).toBe(2), PATIENT);
    controller.abort(reason);
    await expect(read).rejects.toBe(reason);
    await vi.waitFor(() => expect(server.abandoned()).toBe(1), PATIENT);
    await expect(source.read(0, 8)).rejects.toBe(reason);
  });

  it("ends the first request, and the pause before another try", async () => {
    // The first is never answered, the second asks for patience.
    server.instead = (response, n) => (n === 1 ? response.writeHead(503).end() : undefined, true);
    const limits = { firstRetries: 9, pauseMs: 60_000, longestPauseMs: 60_000 };
    for (const requests of [1, 2]) {
      const controller = new AbortController();
      const opening = open({ signal: controller.signal, limits });
      const outcome = opening.catch((error: unknown) => error);
      await vi.waitFor(() => expect(server.asked.length).toBe(requests), PATIENT);
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.abort(reason);
      expect(await outcome).toBe(reason);
    }
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.asked.length).toBe(2);
  });

  it("of one read leaves the others alone", async () => {
    const source = await open();
    const controller = new AbortController();
    const [cut, whole] = [source.read(0, 8, controller.signal), source.read(0, 9)];
    controller.abort(reason);
    await expect(cut).rejects.toBe(reason);
    expect((await whole).length).toBe(9);
    await source.close?.();
  });

  it("comes with close, for what was read ahead", async () => {
    server.instead = (response, n) => n === 2 && (response.writeHead(206, { "Content-Range": `bytes ${rangeOf(1)}/${BYTES.length}` }).write("x"), true); // prettier-ignore
    const source = await open();
    await source.read(0, 8);
    await vi.waitFor(() => expect(server.asked.length).toBe(3), PATIENT);
    await source.close?.();
    await vi.waitFor(() => expect(server.abandoned()).toBe(1), PATIENT);
  });
});
