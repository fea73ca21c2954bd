/**
 * What a package knows of the weights that it was built with, and whether a block that came is one of them. Hashes are
 * SHA-256 in base64.
 */
export interface FileDigest {
  /** The size of the file in bytes. */
  readonly bytes: number;
  /** Of each block of `BLOCK_BYTES`; the last may be shorter. */
  readonly sha256: readonly string[];
}

/** A file that is known before it is read: the one at `url`, and no other. */
export interface KnownFile extends FileDigest {
  readonly url: URL;
}

/** Whether blocks can be verified: in Node, and in pages on https or localhost. */
export function canVerify(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** Whether `bytes` are the block `index` of the file. */
export async function isBlock({ sha256 }: FileDigest, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...found)) === sha256[index];
}
