/** The weights that a command names or finds: refused where they are none, and their header. */
import { openBytes } from "../runtime/byte-source.ts";
import type { ByteSource } from "../runtime/public-types.ts";
import { readSafetensors } from "../runtime/safetensors.ts";
import type { SafetensorsFile } from "../runtime/safetensors.ts";
import { fileError, reason } from "./failure.ts";
import { isFile } from "./files.ts";

/** Opens a safetensors file; the caller closes it. Throws `CommandFailure` 5. */
export async function openWeights(file: string): Promise<ByteSource> {
  if (/\.(bin|pt|pth|pkl|pickle)$/.test(file))
    throw fileError(`${file} looks like a pickle, which may run code and is never read; convert it with safetensors.torch.save_file`); // prettier-ignore
  if (!isFile(file)) throw fileError(`cannot read the weights ${file}: no such file`);
  try {
    const source = await openBytes(file);
    if (source !== undefined) return source;
  } catch (error) {
    throw fileError(`cannot read the weights ${file}: ${reason(error)}`);
  }
  throw fileError(`cannot read the weights ${file}: no such file`);
}

/** The header of a safetensors file: names, types, shapes. Throws `SafetensorsError` where it is malformed. */
export async function readCheckpoint(file: string): Promise<SafetensorsFile> {
  const source = await openWeights(file);
  try {
    return await readSafetensors(source);
  } finally {
    await source.close?.();
  }
}
