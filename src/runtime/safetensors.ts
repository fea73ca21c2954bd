/**
 * The strict reader of safetensors files (https://github.com/huggingface/safetensors, "Format"). Every count, shape and
 * offset is checked before it is used; a file that breaks one rule is a `SafetensorsError` and gives nothing. Reads the
 * header only: the bytes of a tensor are read when they are asked for.
 */
import type { ByteSource } from "./public-types.ts";
import { SafetensorsError } from "./errors.ts";
import { StrictJsonError, parseStrictJson } from "./strict-json.ts";
import type { StrictJson } from "./strict-json.ts";

/** Bytes of one element. */
const DTYPE_BYTES = {
  BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8,
  U64: 8,
} as const; // prettier-ignore
export type SafetensorsDType = keyof typeof DTYPE_BYTES;

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** From the start of the file, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsFile {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

const MAX_HEADER_BYTES = 100_000_000;

/** Reads and checks the header of `source`. Throws `SafetensorsError`. */
export async function readSafetensors(source: ByteSource, signal?: AbortSignal): Promise<SafetensorsFile> {
  if (source.size < 8) throw broken(source, `the file has ${source.size} bytes, the header's length alone needs 8`);
  const prefix = await source.read(0, 8, signal);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw broken(source, `the header claims ${length} bytes, more than 100 MB`);
  if (length > BigInt(source.size - 8))
    throw broken(source, `the header claims ${length} bytes, the file has ${source.size - 8} after the length`);
  const headerBytes = Number(length);
  const text = decodeHeader(source, await source.read(8, headerBytes, signal));
  const header = parseHeader(source, text);
  const metadata = readMetadata(source, header.get("__metadata__"));
  const dataStart = 8 + headerBytes;
  const entries = [...header]
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => readEntry(source, name, value, dataStart));
  checkCoverage(source, entries, dataStart);
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

/** A message longer than this quotes a name or a number that is. */
const MESSAGE_LENGTH = 1000;

function broken(source: ByteSource, message: string): SafetensorsError {
  const shown = message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)}...` : message;
  return new SafetensorsError(`${source.name} is not a valid safetensors file: ${shown}`);
}

function decodeHeader(source: ByteSource, bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) throw broken(source, "the header does not start with `{`");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken(source, "the header is not valid UTF-8");
  }
}

function parseHeader(source: ByteSource, text: string): ReadonlyMap<string, StrictJson> {
  try {
    const header = parseStrictJson(text);
    if (header instanceof Map) return header;
  } catch (error) {
    if (error instanceof StrictJsonError) throw broken(source, `header: ${error.message}`);
    throw error;
  }
  throw broken(source, "the header is not a JSON object");
}

function readMetadata(source: ByteSource, value: StrictJson | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!(value instanceof Map)) throw broken(source, "`__metadata__` is not an object");
  const metadata = new Map<string, string>();
  for (const [key, item] of value as ReadonlyMap<string, StrictJson>) {
    if (typeof item !== "string") throw broken(source, `\`__metadata__\` has a value that is no string at "${key}"`);
    metadata.set(key, item);
  }
  return metadata;
}

function readEntry(source: ByteSource, name: string, value: StrictJson, dataStart: number): SafetensorsEntry {
  if (!(value instanceof Map)) throw broken(source, `"${name}" is not an object`);
  const fields = value as ReadonlyMap<string, StrictJson>;
  for (const key of fields.keys())
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets")
      throw broken(source, `"${name}" has the unknown field "${key}"`);
  const dtype = fields.get("dtype");
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPE_BYTES, dtype))
    throw broken(source, `"${name}" has the unknown dtype ${JSON.stringify(dtype)}`);
  const shape = countList(source, fields.get("shape"), `shape of "${name}"`);
  const offsets = countList(source, fields.get("data_offsets"), `data_offsets of "${name}"`);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined)
    throw broken(source, `data_offsets of "${name}" are not two numbers`);
  if (begin > end) throw broken(source, `data_offsets of "${name}" run backwards: ${begin} to ${end}`);
  if (dataStart + end > source.size)
    throw broken(source, `"${name}" ends at byte ${end} of the data, which has ${source.size - dataStart}`);
  const known = dtype as SafetensorsDType;
  const expected = checkedSize([...shape, DTYPE_BYTES[known]]);
  if (expected === undefined) throw broken(source, `the size of "${name}" [${shape.join(", ")}] is beyond 2^53`);
  if (expected !== end - begin)
    throw broken(source, `"${name}" is ${known}[${shape.join(", ")}], ${expected} bytes, but has ${end - begin}`);
  return { name, dtype: known, shape, offset: dataStart + begin, bytes: expected };
}

/** The product, or undefined where a partial one passes 2^53. */
export function checkedSize(factors: readonly number[]): number | undefined {
  let product = 1;
  for (const factor of factors) {
    if (!Number.isSafeInteger(factor) || factor < 0) return undefined;
    product *= factor;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

function countList(source: ByteSource, value: StrictJson | undefined, what: string): readonly number[] {
  if (!Array.isArray(value)) throw broken(source, `${what} is not a list`);
  return (value as readonly StrictJson[]).map((item) => {
    if (typeof item !== "number" || !Number.isSafeInteger(item) || item < 0 || Object.is(item, -0))
      throw broken(source, `${what} holds ${Object.is(item, -0) ? "-0" : JSON.stringify(item)}, which is no count`);
    return item;
  });
}

/** After sorting by begin the tensors cover the data exactly: no overlap, no hole, nothing behind the last one. */
function checkCoverage(source: ByteSource, entries: readonly SafetensorsEntry[], dataStart: number): void {
  let end = dataStart;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (entry.offset < end) throw broken(source, `"${entry.name}" overlaps the tensor before it`);
    if (entry.offset > end)
      throw broken(source, `there is a hole of ${entry.offset - end} bytes before "${entry.name}"`);
    end = entry.offset + entry.bytes;
  }
  if (end !== source.size) throw broken(source, `${source.size - end} bytes follow the last tensor`);
}
