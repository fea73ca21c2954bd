/**
 * A file on a server as a source of bytes: read in blocks, one request each, the next one while the caller is busy with
 * the last. Of what was read, memory holds a few blocks.
 */
import { DownloadError } from "../errors.ts";
import type { ByteSource } from "../public-types.ts";
import { BLOCK_BYTES } from "./block-store.ts";
import type { BlockStore } from "./block-store.ts";
import { isBlock } from "./digest.ts";
import type { FileDigest } from "./digest.ts";
import type { Download } from "./download.ts";

/** Blocks in memory: two tensors that are compared lie in two each. */
const MOST_BLOCKS = 4;

export class BlockSource implements ByteSource {
  /** The last ones that were asked for, the oldest first. */
  private readonly blocks = new Map<number, Promise<Uint8Array>>();
  /** Ends when the last request has. */
  private turn: Promise<unknown> = Promise.resolve();
  private last = -1;

  /** `digest`: what blocks that come are held to. */
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly download: Download,
    private readonly store: BlockStore,
    private readonly digest: FileDigest | undefined,
    private readonly end: () => void,
  ) {}

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size)
      throw new RangeError(`bytes ${offset} to ${offset + length} are outside ${this.name} of ${this.size} bytes`);
    signal?.throwIfAborted();
    if (length === 0) return new Uint8Array(0);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
    const start = offset - first * BLOCK_BYTES;
    if (first === last) return (await this.block(first, signal)).subarray(start, start + length);
    const bytes = new Uint8Array(length);
    for (let index = first; index <= last; index++) {
      const block = await this.block(index, signal);
      const at = index * BLOCK_BYTES - offset;
      bytes.set(block.subarray(Math.max(0, -at), Math.min(block.length, length - at)), Math.max(0, at));
    }
    return bytes;
  }

  async close(): Promise<void> {
    this.blocks.clear();
    this.end();
    this.download.close();
    await this.store.written();
  }

  private async block(index: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const found = this.started(index);
    const isNext = index === this.last + 1 && (index + 1) * BLOCK_BYTES < this.size;
    this.last = index;
    if (isNext)
      found.then(
        () => void this.started(index + 1),
        // Told to who reads it.
        () => undefined,
      );
    return signal === undefined ? found : unlessAborted(found, signal);
  }

  private started(index: number): Promise<Uint8Array> {
    const found = this.blocks.get(index) ?? this.inTurn(index);
    this.blocks.delete(index);
    this.blocks.set(index, found);
    for (const oldest of this.blocks.keys()) if (this.blocks.size > MOST_BLOCKS) this.blocks.delete(oldest);
    return found;
  }

  private inTurn(index: number): Promise<Uint8Array> {
    const block = this.turn.then(() => this.load(index));
    // A failure is told to who reads the block; who reads it again tries again.
    this.turn = block.catch(() => this.blocks.delete(index));
    return block;
  }

  private async load(index: number): Promise<Uint8Array> {
    const kept = await this.store.get(index);
    if (kept?.length === this.bytesOf(index)) return kept;
    const { position } = this.download;
    // A server that sends the whole file sends what lies before as well, which will be asked for.
    if (position !== undefined)
      for (let before = Math.ceil(position / BLOCK_BYTES); before < index; before++)
        if (!(await this.store.has(before))) await this.fetched(before);
    return this.fetched(index);
  }

  private async fetched(index: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.bytesOf(index));
    const from = index * BLOCK_BYTES;
    await this.download.read(from, bytes);
    if (!(await this.isRight(index, bytes))) {
      await this.download.read(from, bytes);
      if (!(await this.isRight(index, bytes)))
        throw new DownloadError(
          `${this.name}: bytes ${from} to ${from + bytes.length - 1} are not those of the weights that the package was built with`,
        );
    }
    await this.store.put(index, bytes);
    return bytes;
  }

  private async isRight(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return this.digest === undefined || isBlock(this.digest, index, bytes);
  }

  private bytesOf(index: number): number {
    return Math.min(BLOCK_BYTES, this.size - index * BLOCK_BYTES);
  }
}

function unlessAborted<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
