/**
 * Files over HTTP, a module of its own (`http.js` in a package) that is loaded when a URL is: Range requests by blocks,
 * what has come kept for the next visit, what breaks taken up again. A server without ranges sends the file once.
 */
import { bytesOf } from "../byte-source.ts";
import { DownloadError } from "../errors.ts";
import type { ByteSource } from "../public-types.ts";
import { PassingError, ask, soon } from "./answer.ts";
import type { Answer, Limits, Requests } from "./answer.ts";
import { BlockStore, canKeep, clear, keptVersion } from "./block-store.ts";
import type { Kept } from "./block-store.ts";
import { BlockSource } from "./blocks.ts";
import { Download, retrying } from "./download.ts";
import type { FileFacts } from "./download.ts";
import { canVerify } from "./digest.ts";
import type { FileDigest, KnownFile } from "./digest.ts";
import { strongName, versionNamed } from "./version.ts";

export interface HttpOptions {
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  /** Whether the file is kept for the next visit, where that is possible. Default true. */
  readonly cache?: boolean;
  /** Its blocks are verified, and kept under their hashes, if it is the file at this URL. */
  readonly known?: KnownFile;
  readonly limits?: Partial<Limits>;
}

const LIMITS: Limits = { retries: 6, firstRetries: 2, pauseMs: 500, longestPauseMs: 8000, stallMs: 30_000 };

/** Bytes of the first request, which asks for the size and the version: those that a safetensors file starts with. */
const PROBE_BYTES = 8;

/**
 * The file at `url`, of which nothing but size and version is read yet; close it. Undefined where there is none. Throws
 * `DownloadError`, or the reason of the signal, which ends later reads too.
 */
export async function openHttp(url: string | URL, options: HttpOptions = {}): Promise<ByteSource | undefined> {
  // Resolves a relative address as `fetch` does.
  const { url: absolute } = new Request(url);
  const controller = new AbortController();
  const abort = (): void => controller.abort(options.signal?.reason);
  options.signal?.throwIfAborted();
  options.signal?.addEventListener("abort", abort);
  const end = (): void => {
    options.signal?.removeEventListener("abort", abort);
    controller.abort();
  };
  const isKept = options.cache !== false && canKeep();
  const requests: Requests = {
    url: absolute,
    fetch: options.fetch ?? ((...args) => fetch(...args)),
    cache: isKept ? "no-store" : "no-cache",
    limits: { ...LIMITS, ...options.limits },
  };
  try {
    const known = options.known?.url.href === absolute ? options.known : undefined;
    const source = await open(requests, isKept, known, controller.signal, end);
    if (source === undefined || !(source instanceof BlockSource)) end();
    return source;
  } catch (error) {
    end();
    throw error;
  }
}

/** Deletes what is kept of the file at `url`, or of every file that was read by a package of llmc on this origin. */
export async function clearCache(url?: string | URL): Promise<void> {
  await clear(url === undefined ? undefined : new Request(url).url);
}

async function open(
  requests: Requests,
  isKept: boolean,
  known: FileDigest | undefined,
  signal: AbortSignal,
  end: () => void,
): Promise<ByteSource | undefined> {
  const { url } = requests;
  const digest = canVerify() ? known : undefined;
  const sourceOf = async (
    facts: FileFacts,
    kept: Kept | FileDigest | undefined,
    first?: Answer,
  ): Promise<ByteSource> => {
    const store = await BlockStore.open(url, kept, first !== undefined);
    const isThere = first !== undefined && (await store.hasAll(facts.size));
    if (isThere) first.cancel();
    const download = new Download(requests, facts, signal, isThere ? undefined : first);
    return new BlockSource(url, facts.size, download, store, digest, end);
  };
  // Where blocks are verified, it does not matter what version the server calls them.
  const hashed = digest && { size: digest.bytes, version: {} };
  if (hashed !== undefined && isKept && (await (await BlockStore.open(url, digest, false)).hasAll(hashed.size)))
    return sourceOf(hashed, digest);
  const probed = await probe(requests, isKept && hashed === undefined, signal);
  if (probed === undefined) return undefined;
  if ("kept" in probed) return sourceOf({ size: probed.kept.size, version: versionNamed(probed.kept.version) }, probed.kept); // prettier-ignore
  const { isWhole, version } = probed;
  if (!isWhole) probed.cancel();
  const size = isWhole ? probed.size : (probed.size ?? (await sizeOfRest(requests, signal)));
  const first = isWhole ? probed : undefined;
  if (known !== undefined && size !== undefined) checkSize(url, size, known);
  if (hashed !== undefined) return sourceOf(hashed, isKept ? digest : undefined, first);
  if (size === undefined) return bytesOf(await wholeBody(requests, signal, first), url);
  const name = isKept ? strongName(version, Date.now()) : undefined;
  const kept = name === undefined ? undefined : { size, version: name };
  return sourceOf({ size, version }, kept, first);
}

function checkSize(url: string, size: number, { bytes }: FileDigest): void {
  if (size !== bytes)
    throw new DownloadError(`${url} has ${size} bytes; the weights that the package was built with have ${bytes}`);
}

/** The first answer; where there is none, a copy of the whole file that is kept. */
async function probe(
  requests: Requests,
  isKept: boolean,
  signal: AbortSignal,
): Promise<Answer | { readonly kept: Kept } | undefined> {
  return retrying(requests, requests.limits.firstRetries, signal, async () => {
    try {
      return await ask(requests, 0, PROBE_BYTES - 1, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PassingError)) throw error;
      const kept = isKept ? await keptVersion(requests.url) : undefined;
      if (kept !== undefined && (await (await BlockStore.open(requests.url, kept, false)).hasAll(kept.size))) return { kept }; // prettier-ignore
      if (error.status === undefined && (await isForbidden(requests))) throw corsError(requests.url, error);
      throw error;
    }
  });
}

/** The size where `Content-Range` cannot be seen: of all that is behind the first byte, which is not read. */
async function sizeOfRest(requests: Requests, signal: AbortSignal): Promise<number | undefined> {
  const answer = await retrying(requests, requests.limits.firstRetries, signal, () => ask(requests, 0, undefined, signal)); // prettier-ignore
  answer?.cancel();
  return answer?.size;
}

/** All bytes of a file whose server does not say how many they are. */
async function wholeBody(requests: Requests, signal: AbortSignal, first: Answer | undefined): Promise<Uint8Array> {
  let answer = first;
  return retrying(requests, requests.limits.retries, signal, async () => {
    answer ??= await ask(requests, 0, undefined, signal);
    if (answer === undefined) throw new DownloadError(`${requests.url} is no longer there`);
    const { body, cancel } = answer;
    answer = undefined;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    try {
      for (;;) {
        const { done, value } = await soon(body.read(), requests.limits.stallMs, cancel);
        if (done) break;
        chunks.push(new Uint8Array(value));
      }
    } finally {
      cancel();
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  });
}

/** Whether another origin's server can be reached, so that it is its answer that scripts may not see. */
async function isForbidden({ url, fetch: fetcher }: Requests): Promise<boolean> {
  if (globalThis.location === undefined || new URL(url).origin === globalThis.location.origin) return false;
  return fetcher(url, { method: "HEAD", mode: "no-cors" }).then(
    ({ type }) => type === "opaque",
    () => false,
  );
}

function corsError(url: string, cause: unknown): DownloadError {
  return new DownloadError(
    `${url}: its server does not let this page read it; it must send Access-Control-Allow-Origin: ${globalThis.location.origin} (or *)`,
    { cause },
  );
}
