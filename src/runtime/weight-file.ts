/**
 * The file of a model's weights, read when the model is loaded, and again when it has lost its device. A path, a URL or
 * a Blob is opened anew each time: a file held open takes a descriptor for as long as the model lives, and a connection
 * does not last. Bytes in memory are the caller's, who may want to be rid of them: they are referred to weakly, so that
 * no model keeps a second copy of its weights. A caller's own source cannot be opened again: it is closed with the model.
 */
import { openBytes } from "./byte-source.ts";
import type { FileOptions } from "./byte-source.ts";
import { WeightsError } from "./errors.ts";
import type { ByteSource, ByteSourceLike } from "./public-types.ts";

export class WeightFile {
  private readonly like: () => ByteSourceLike;
  /** A caller's own source, once it was read. */
  private kept: ByteSource | undefined;

  /** `isReadAgain`: more than one `read` may come. */
  constructor(
    like: ByteSourceLike,
    private readonly isReadAgain: boolean,
  ) {
    this.like = isReadAgain ? withoutKeeping(like) : () => like;
  }

  async read(use: (source: ByteSource) => Promise<void>, options: FileOptions): Promise<void> {
    const like = this.like();
    const source = await openBytes(like, options);
    if (source === undefined) throw new WeightsError(`there are no weights at ${String(like)}`);
    this.kept = this.isReadAgain && source === like ? source : undefined;
    try {
      await use(source);
    } finally {
      if (this.kept === undefined) await source.close?.();
    }
  }

  async close(): Promise<void> {
    await this.kept?.close?.();
    this.kept = undefined;
  }
}

function withoutKeeping(like: ByteSourceLike): () => ByteSourceLike {
  if (like instanceof Uint8Array) return weakly(like.buffer, like.byteOffset, like.byteLength);
  return like instanceof ArrayBuffer ? weakly(like, 0, like.byteLength) : strongly(like);
}

// Closures of one function keep alive what any of them refers to, hence two functions.
function strongly(like: ByteSourceLike): () => ByteSourceLike {
  return () => like;
}

function weakly(buffer: ArrayBufferLike, offset: number, length: number): () => Uint8Array {
  const held = new WeakRef(buffer);
  return () => {
    const found = held.deref();
    if (found === undefined || found.byteLength < offset + length)
      throw new WeightsError("the weights were given as bytes, which are no longer there");
    return new Uint8Array(found, offset, length);
  };
}
