/** A server of one file for the tests of files over HTTP, anew for each, and ways to read the file. */
import { afterEach, beforeEach, expect } from "vitest";
import { BLOCK_BYTES } from "../../../src/runtime/http/block-store.ts";
import { openHttp } from "../../../src/runtime/http/index.ts";
import type { HttpOptions } from "../../../src/runtime/http/index.ts";
import type { ByteSource } from "../../../src/runtime/public-types.ts";
import { patternBytes, serveFile } from "./file-server.ts";
import type { FileServer } from "./file-server.ts";

/** Two blocks and a bit. */
export const BYTES = patternBytes(2 * BLOCK_BYTES + 1000);
export const LAST = BYTES.length - 1;
export const PROBE = "0-7";
export const rangeOf = (block: number): string =>
  `${block * BLOCK_BYTES}-${Math.min(LAST, (block + 1) * BLOCK_BYTES - 1)}`;
/** Other processes may have the machine. */
export const PATIENT = { timeout: 20_000 };
const QUICK = { retries: 3, firstRetries: 1, pauseMs: 1, longestPauseMs: 4, stallMs: 20_000 } as const;

export let server: FileServer;
beforeEach(async () => {
  server = await serveFile(BYTES);
});
afterEach(() => server.close());

export async function open(options: HttpOptions = {}): Promise<ByteSource> {
  const source = await openHttp(server.url, { ...options, limits: { ...QUICK, ...options.limits } });
  return source ?? expect.unreachable("there is no file");
}

export async function readAll(source: ByteSource, piece = 3_000_000): Promise<void> {
  for (let at = 0; at < source.size; at += piece) await expectBytes(source, at, Math.min(piece, source.size - at));
}

export async function expectBytes(source: ByteSource, offset: number, length: number): Promise<void> {
  const bytes = await source.read(offset, length);
  expect(Buffer.compare(bytes, server.bytes.subarray(offset, offset + length))).toBe(0);
}
