/** Where bytes come from: a file, a URL, memory. Read in pieces, so that a checkpoint never lies in memory whole. */
import type { KnownFile } from "./http/digest.ts";
import type { ByteSource, ByteSourceLike, LoadOptions } from "./public-types.ts";

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

/** Those of the options of `load` that are about files. */
export interface FileOptions extends Pick<LoadOptions, "fetch" | "signal" | "cache"> {
  /** What a file at this URL, if it is read, is held to. */
  readonly known?: KnownFile;
}

/** Opens `like`. Undefined where there is no such file (404, ENOENT); other failures are thrown. */
export async function openBytes(like: ByteSourceLike, options: FileOptions = {}): Promise<ByteSource | undefined> {
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
  return isFile ? openFile(like) : (await import("./http/index.ts")).openHttp(like, options);
}

/**
 * Deletes what is kept of files that were read from URLs, by this package and others of llmc on this origin; with `url`
 * of that file only. Nothing is kept in Node.
 */
export async function clearCache(url?: string | URL): Promise<void> {
  await (await import("./http/index.ts")).clearCache(url);
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
