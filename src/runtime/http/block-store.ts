/**
 * Blocks of files that were fetched, in the Cache API: one cache for each version of a file, one entry a block, so that
 * what has come is there after a reload, whatever happens to the rest. Blocks of a file whose hashes are known are kept
 * under these, whatever version the server calls it, and found in the caches of other files too. Where there is no Cache
 * API (Node, a page without https), nothing is kept for later.
 */
import type { FileDigest } from "./digest.ts";

/** In bytes: what is asked for at a time, and what is kept. */
export const BLOCK_BYTES = 8 * 1024 * 1024;

/** Names of caches start with it; then come the URL, the size and the name of the version. */
const PREFIX = "llmc-file ";

/** The same of caches whose keys are hashes; then comes the URL. */
const HASHED = "llmc-blocks ";

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
    private readonly digest?: FileDigest,
  ) {}

  /**
   * Without `kept`, or where the browser refuses, nothing is kept for later. What was kept the same way of other versions
   * of the file is deleted.
   */
  static async open(url: string, kept: Kept | FileDigest | undefined, keepsAll: boolean): Promise<BlockStore> {
    if (kept === undefined || !("sha256" in kept))
      return new BlockStore(url, kept && (await openCache(url, kept)), keepsAll);
    return new BlockStore(url, await openHashed(url, kept), keepsAll, kept);
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
    const place = this.digest === undefined ? this.cache : this.cache && storage();
    return place?.match(this.keyOf(index));
  }

  private keyOf(index: number): string {
    const hash = this.digest?.sha256[index];
    return hash === undefined ? rangeKey(index) : hashKey(hash);
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

function nameOf(url: string, { size, version }: Kept): string {
  return `${PREFIX}${url} ${size} ${version}`;
}

async function openCache(url: string, kept: Kept): Promise<Cache | undefined> {
  const name = nameOf(url, kept);
  try {
    await deleteCaches((each) => each.startsWith(`${PREFIX}${url} `) && each !== name);
    return await storage()?.open(name);
  } catch {
    return undefined;
  }
}

async function openHashed(url: string, { sha256 }: FileDigest): Promise<Cache | undefined> {
  try {
    const cache = await storage()?.open(HASHED + url);
    const keys = new Set(sha256.map(hashKey));
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

/** Deletes what is kept of the file at `url`, or of all files. */
export async function clear(url?: string): Promise<void> {
  await deleteCaches((name) =>
    url === undefined
      ? name.startsWith(PREFIX) || name.startsWith(HASHED)
      : name.startsWith(`${PREFIX}${url} `) || name === HASHED + url,
  );
}

async function deleteCaches(isMeant: (name: string) => boolean): Promise<void> {
  for (const name of (await storage()?.keys()) ?? []) if (isMeant(name)) await storage()?.delete(name);
}
