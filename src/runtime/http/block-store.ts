/**
 * Blocks of files that were fetched, in the Cache API: one cache for each version of a file, one entry a block, so that
 * what has come is there after a reload, whatever happens to the rest. Blocks of a file whose hashes are known are kept
 * under these, whatever version the server calls it, and found in the caches of other files too. Where there is no Cache
 * API (Node, a page without https), nothing is kept for later.
 */
import type { FileDigest } from "./digest.ts";

/** In bytes: what is asked for at a time, and what is kept. */
export const BLOCK_BYTES = 8 * 1024 * 1024;

/** Names of caches start with it; then come the URL, the size and the name of the version, or the URL and `HASHED`. */
const PREFIX = "llmc-file ";
const HASHED = "sha256";

/** A version of a file that is kept. */
export interface Kept {
  readonly size: number;
  /** As `strongName` gives it. */
  readonly version: string;
}

export class BlockStore {
  private readonly memory = new Map<number, Uint8Array>();
  private isFull = false;
  private writing: Promise<void> = Promise.resolve();

  /** `keepsAll`: blocks that the cache does not take are kept in memory, for a server that sends files from the start. */
  private constructor(
    private readonly url: string,
    private readonly cache: Cache | undefined,
    private readonly keepsAll: boolean,
    /** Of a file whose hashes are known, by these. */
    private readonly keys: readonly string[],
  ) {}

  /** Without `kept`, or where the browser refuses, nothing is kept for later. Other versions of the file are deleted. */
  static async open(url: string, kept: Kept | FileDigest | undefined, keepsAll: boolean): Promise<BlockStore> {
    const keys = kept !== undefined && "sha256" in kept ? kept.sha256.map(hashKey) : [];
    return new BlockStore(url, kept && (await openCache(url, kept, new Set(keys))), keepsAll, keys);
  }

  async get(index: number): Promise<Uint8Array | undefined> {
    return this.memory.get(index) ?? (await this.kept(index).catch(() => undefined));
  }

  async has(index: number): Promise<boolean> {
    return this.memory.has(index) || (await this.match(index).catch(() => undefined)) !== undefined;
  }

  private async kept(index: number): Promise<Uint8Array | undefined> {
    const found = await this.match(index);
    return found && new Uint8Array(await found.arrayBuffer());
  }

  private async match(index: number): Promise<Response | undefined> {
    const place = this.keys.length === 0 ? this.cache : this.cache && storage();
    return place?.match(this.keyOf(index));
  }

  private keyOf(index: number): string {
    return this.keys[index] ?? rangeKey(index);
  }

  /** Whether all blocks of a file of `size` bytes are there. */
  async hasAll(size: number): Promise<boolean> {
    for (let index = 0; index * BLOCK_BYTES < size; index++) if (!(await this.has(index))) return false;
    return true;
  }

  /** Returns while the block is written; one is at a time. */
  async put(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.writing;
    this.memory.set(index, bytes);
    this.writing = this.write(index, bytes);
  }

  /** Resolves when all blocks are written. */
  async written(): Promise<void> {
    await this.writing;
  }

  private async write(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const isKept = await this.keep(index, bytes);
    if (isKept || !this.keepsAll) this.memory.delete(index);
  }

  private async keep(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    if (this.cache === undefined || this.isFull) return false;
    try {
      await this.cache.put(this.keyOf(index), new Response(bytes));
      return true;
    } catch (error) {
      this.isFull = true;
      console.warn(`llmc: no more of ${this.url} is kept for the next visit: ${String(error)}`);
      return false;
    }
  }
}

/** An address that nobody has (RFC 2606), because keys of a cache are addresses; other sizes of blocks have other keys. */
function rangeKey(index: number): string {
  return `https://llmc.invalid/${index * BLOCK_BYTES}-${(index + 1) * BLOCK_BYTES}`;
}

function hashKey(hash: string): string {
  return `https://llmc.invalid/sha256/${hash}`;
}

/** Reading the property throws in a frame without an origin. */
function storage(): CacheStorage | undefined {
  try {
    return globalThis.caches;
  } catch {
    return undefined;
  }
}

export function canKeep(): boolean {
  return storage() !== undefined;
}

/** `keys`: of the blocks that the file has, if they are known; others are deleted. */
async function openCache(url: string, kept: Kept | FileDigest, keys: ReadonlySet<string>): Promise<Cache | undefined> {
  const name = `${PREFIX}${url} ${"version" in kept ? `${kept.size} ${kept.version}` : HASHED}`;
  try {
    await clear(url, name);
    const cache = await storage()?.open(name);
    if (keys.size > 0)
      for (const { url: key } of (await cache?.keys()) ?? []) if (!keys.has(key)) await cache?.delete(key);
    return cache;
  } catch {
    return undefined;
  }
}

/** The version of the file that is kept, whole or in part. */
export async function keptVersion(url: string): Promise<Kept | undefined> {
  const names = await storage()
    ?.keys()
    .catch(() => []);
  const start = `${PREFIX}${url} `;
  const found = names?.find((name) => name.startsWith(start))?.slice(start.length);
  const [, size, version] = /^(\d+) (.*)$/.exec(found ?? "") ?? [];
  return version === undefined ? undefined : { size: Number(size), version };
}

/** Deletes what is kept of the file at `url`, or of all files; not the cache named `but`. */
export async function clear(url?: string, but?: string): Promise<void> {
  const start = url === undefined ? PREFIX : `${PREFIX}${url} `;
  for (const name of (await storage()?.keys()) ?? [])
    if (name.startsWith(start) && name !== but) await storage()?.delete(name);
}
