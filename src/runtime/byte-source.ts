/** Where bytes come from: a file, a URL, memory. Read in pieces, so that a checkpoint never lies in memory whole. */
import type { ByteSource, ByteSourceLike } from "./public-types.ts";

export function bytesOf(bytes: Uint8Array | ArrayBuffer, name = "bytes in memory"): ByteSource {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    size: view.length,
    name,
    read: (offset, length) => Promise.resolve(bounded(view, offset, length, name)),
  };
}

function bounded(view: Uint8Array, offset: number, length: number, name: string): Uint8Array {
  if (offset < 0 || length < 0 || offset + length > view.length)
    throw new RangeError(`bytes ${offset} to ${offset + length} are outside ${name} of ${view.length} bytes`);
  return view.subarray(offset, offset + length);
}

/** Opens `like`. Undefined where there is no such file (404, ENOENT); other failures are thrown. */
export async function openBytes(
  like: ByteSourceLike,
  options: { readonly fetch?: typeof fetch; readonly signal?: AbortSignal } = {},
): Promise<ByteSource | undefined> {
  if (like instanceof Uint8Array || like instanceof ArrayBuffer) return bytesOf(like);
  if (typeof Blob !== "undefined" && like instanceof Blob)
    return {
      size: like.size,
      name: "a Blob",
      read: async (offset, length) => new Uint8Array(await like.slice(offset, offset + length).arrayBuffer()),
    };
  if (typeof like === "object" && "read" in like) return like;
  if (typeof like !== "string" && !(like instanceof URL))
    throw new TypeError("a file is given as a path, a URL, an ArrayBuffer, a Uint8Array or a Blob");
  const isFile = like instanceof URL ? like.protocol === "file:" : !/^(https?|blob|data):/.test(like) && hasFiles();
  return isFile ? openFile(like) : openUrl(like, options.fetch ?? fetch, options.signal);
}

function hasFiles(): boolean {
  return typeof process !== "undefined" && process.versions?.node !== undefined;
}

async function openFile(path: string | URL): Promise<ByteSource | undefined> {
  // Bundlers for the browser must not try to resolve it.
  const module = "node:fs/promises";
  const { open } = (await import(
    /* @vite-ignore */ /* webpackIgnore: true */ module
  )) as typeof import("node:fs/promises");
  const name = String(path);
  const source = path instanceof URL || !name.startsWith("file:") ? path : new URL(name);
  const handle = await open(source, "r").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  const { size } = await handle.stat();
  return {
    size,
    name,
    close: () => handle.close(),
    read: async (offset, length) => {
      // Not a pooled Buffer: its neighbours' bytes are nobody's business.
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new RangeError(`${name} ended at ${offset + done} of ${size} bytes`);
        done += bytesRead;
      }
      return bytes;
    },
  };
}

/** A URL by Range requests; a server that ignores them sends the whole file once. */
async function openUrl(
  url: string | URL,
  fetcher: typeof fetch,
  signal?: AbortSignal,
): Promise<ByteSource | undefined> {
  const name = String(url);
  const first = await fetcher(url, { headers: { Range: "bytes=0-7" }, signal: signal ?? null });
  if (first.status === 404) return undefined;
  if (!first.ok) throw new Error(`${name}: the server answered ${first.status} ${first.statusText}`);
  const total = /\/(\d+)$/.exec(first.headers.get("Content-Range") ?? "")?.[1];
  if (first.status !== 206 || total === undefined) return bytesOf(await first.arrayBuffer(), name);
  await first.body?.cancel();
  return {
    size: Number(total),
    name,
    read: async (offset, length, signalOfRead) => {
      if (length === 0) return new Uint8Array(0);
      const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
      const answer = await fetcher(url, { headers, signal: signalOfRead ?? null });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 206 || bytes.length !== length)
        throw new Error(`${name}: asked for ${length} bytes, the server sent ${bytes.length} (${answer.status})`);
      return bytes;
    },
  };
}
