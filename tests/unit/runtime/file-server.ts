/** An HTTP server of one file, for tests: it notes what it was asked for, and misbehaves as it is told. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an answer is to be like; a test changes it between requests. */
export interface Behaviour {
  bytes: Uint8Array;
  /** Whether it knows Range requests. */
  ranges: boolean;
  headers: Record<string, string>;
  /** Takes the place of the answer to request number `n`, of 0, 1, ...; false where it does not. */
  instead: (response: ServerResponse, n: number, request: IncomingMessage) => boolean;
  /** The connection breaks behind so many bytes of the body of request number `n`. */
  cutAfter: (n: number) => number | undefined;
}

export interface FileServer extends Behaviour {
  readonly url: string;
  /** `from-to` of every request, `all` of one without a range. */
  readonly asked: string[];
  /** Connections that were closed before their answer was sent. */
  readonly abandoned: () => number;
  close(): Promise<void>;
}

export const ETAG = '"v1"';

export async function serveFile(bytes: Uint8Array): Promise<FileServer> {
  let abandoned = 0;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    response.on("close", () => (abandoned += response.writableFinished ? 0 : 1));
    const n = asked.length;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    asked.push(range === null ? "all" : `${range[1]}-${range[2]}`);
    for (const [name, value] of Object.entries(self.headers)) response.setHeader(name, value);
    if (self.instead(response, n, request)) return;
    const isPart = range !== null && self.ranges;
    const from = isPart ? Number(range[1]) : 0;
    const to = isPart && range[2] !== "" ? Math.min(Number(range[2]), self.bytes.length - 1) : self.bytes.length - 1;
    if (isPart && from > to) return response.writeHead(416, { "Content-Range": `bytes */${self.bytes.length}` }).end();
    const body = self.bytes.subarray(from, to + 1);
    response.writeHead(isPart ? 206 : 200, {
      "Content-Length": body.length,
      ...(isPart ? { "Content-Range": `bytes ${from}-${to}/${self.bytes.length}` } : {}),
    });
    const cut = self.cutAfter(n);
    if (cut === undefined) return response.end(body);
    return response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 100));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const self: FileServer = {
    bytes,
    ranges: true,
    headers: { ETag: ETAG },
    instead: () => false,
    cutAfter: () => undefined,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors`,
    asked,
    abandoned: () => abandoned,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return self;
}

/** Bytes that differ from block to block. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}
