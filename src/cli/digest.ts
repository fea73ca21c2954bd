/** The hashes of a file's blocks, by which a package knows its weights wherever they are fetched from. */
import { createHash } from "node:crypto";
import { BLOCK_BYTES } from "../runtime/http/block-store.ts";
import type { FileDigest } from "../runtime/http/digest.ts";
import { openWeights } from "./checkpoint.ts";
import { fileError, reason } from "./failure.ts";

/** Reads the whole file, the next block while one is hashed. Throws `CommandFailure` 5 where it cannot be read. */
export async function digestOf(file: string): Promise<FileDigest> {
  const source = await openWeights(file);
  const { size } = source;
  const block = (at: number): Promise<Uint8Array> => source.read(at, Math.min(BLOCK_BYTES, size - at));
  try {
    const sha256: string[] = [];
    let next = block(0);
    for (let at = 0; at < size; at += BLOCK_BYTES) {
      const bytes = await next;
      if (at + BLOCK_BYTES < size) next = block(at + BLOCK_BYTES);
      sha256.push(createHash("sha256").update(bytes).digest("base64"));
    }
    return { bytes: size, sha256 };
  } catch (error) {
    throw fileError(`cannot read the weights ${file}: ${reason(error)}`);
  } finally {
    await source.close?.();
  }
}
