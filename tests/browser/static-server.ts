/** A tiny file server for tests: one folder, byte ranges, an empty page at `/`. It notes the requests for ranges. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
};

/** Pages with these headers may share memory between threads. */
export const ISOLATED: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export interface StaticServer {
  readonly url: string;
  /** `path first-last` of every request with a range. */
  readonly ranges: string[];
  /** From this byte of a file on, the connection breaks. */
  breaksAt: number;
  close(): void;
}

const EMPTY_PAGE = "<!doctype html><link rel=icon href=data:,>";

/** Serves `folder` on a free port of this machine; `texts` are files beside those in the folder. */
export async function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  texts: Readonly<Record<string, string>> = {},
): Promise<StaticServer> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path === "/" ? "index.html" : path);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    const text = texts[path] ?? (path === "/" && !existsSync(file) ? EMPTY_PAGE : undefined);
    if (text !== undefined) return response.end(text);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    const { size, mtimeMs } = statSync(file);
    response.setHeader("ETag", `"${size}-${mtimeMs}"`);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range === null) return createReadStream(file).pipe(response.setHeader("Content-Length", size));
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), size - 1)];
    self.ranges.push(`${path} ${start}-${end}`);
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${size}`, "Content-Length": end - start + 1 });
    if (end < self.breaksAt) return createReadStream(file, { start, end }).pipe(response);
    if (start >= self.breaksAt) return response.destroy();
    const part = createReadStream(file, { start, end: self.breaksAt - 1 });
    return part.on("end", () => setTimeout(() => response.destroy(), 20)).pipe(response, { end: false });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const self: StaticServer = {
    url: `http://localhost:${port}/`,
    ranges: [],
    breaksAt: Infinity,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return self;
}
