/** A tiny file server for tests: one folder, byte ranges, an empty page at `/`. It counts the requests for ranges. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".json": "application/json" };

export interface StaticServer {
  readonly url: string;
  /** `path first-last` of every request with a range. */
  readonly ranges: readonly string[];
  close(): void;
}

/** Serves `folder` on a free port of this machine. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path);
    if (path === "/") return response.setHeader("Content-Type", "text/html").end("<!doctype html><link rel=icon href=data:,>"); // prettier-ignore
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    const { size } = statSync(file);
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range === null) return createReadStream(file).pipe(response.setHeader("Content-Length", size));
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), size - 1)];
    ranges.push(`${path} ${start}-${end}`);
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${size}`, "Content-Length": end - start + 1 });
    return createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, ranges, close: () => server.close() };
}
