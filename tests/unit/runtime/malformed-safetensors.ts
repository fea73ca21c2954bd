/** Each way to be malformed that a strict reader of safetensors files refuses; each is one step from a valid file. */
import { rawFile } from "./safetensors-file.ts";

/** The text of a tensor's entry in a header. */
export const entry = (dtype: string, shape: string, begin: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
const data = (bytes: number): Uint8Array => new Uint8Array(bytes);

const a = entry("F32", "[1]", 0, 4);
/** What is wrong with a file, the file, and what a reader says about it. */
export const MALFORMED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["shorter than a length", data(7), /has 7 bytes/],
  ["a header longer than the file", rawFile("{}", data(0), 3n), /claims 3 bytes, the file has 2/],
  ["a header over 100 MB", rawFile("{}", data(0), 100_000_001n), /more than 100 MB/],
  ["a length beyond 2^53", rawFile("{}", data(0), 2n ** 63n), /more than 100 MB/],
  ["a header that does not start with a brace", rawFile(" {}"), /does not start with/],
  ["an empty header", rawFile(""), /does not start with/],
  ["invalid UTF-8", rawFile(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), /not valid UTF-8/],
  ["JSON that is none", rawFile("{a}"), /a key in double quotes is expected/],
  ["text behind the object", rawFile("{} x"), /something follows the value/],
  ["a duplicate name", rawFile(`{"a":${a},"a":${a}}`, data(4)), /the key "a" occurs twice/],
  ["a duplicate field", rawFile(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, data(4)), /the key "dtype" occurs twice/],
  ["metadata that is no object", rawFile(`{"__metadata__":[]}`), /`__metadata__` is not an object/],
  ["metadata that is not strings", rawFile(`{"__metadata__":{"n":1}}`), /no string at "n"/],
  ["an entry that is no object", rawFile(`{"a":1}`), /"a" is not an object/],
  ["an unknown field", rawFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, data(4)), /unknown field "x"/],
  ["a missing field", rawFile(`{"a":{"dtype":"F32","shape":[1]}}`), /data_offsets of "a" is not a list/],
  ["an unknown dtype", rawFile(`{"a":${entry("F31", "[1]", 0, 4)}}`, data(4)), /unknown dtype "F31"/],
  ["a dtype from the prototype", rawFile(`{"a":${entry("toString", "[1]", 0, 4)}}`, data(4)), /unknown dtype/],
  ["a negative size", rawFile(`{"a":${entry("F32", "[-1]", 0, 4)}}`, data(4)), /holds -1, which is no count/],
  ["a size of minus zero", rawFile(`{"a":${entry("F32", "[-0]", 0, 0)}}`), /holds -0, which is no count/],
  ["a fractional size", rawFile(`{"a":${entry("F32", "[1.5]", 0, 6)}}`, data(6)), /holds 1.5/],
  ["a size beyond 2^53", rawFile(`{"a":${entry("F32", "[9007199254740993]", 0, 4)}}`, data(4)), /beyond 2\^53/],
  ["a product beyond 2^53", rawFile(`{"a":${entry("F32", "[134217728,134217728]", 0, 4)}}`, data(4)), /beyond 2\^53/],
  ["offsets that run backwards", rawFile(`{"a":${entry("F32", "[1]", 4, 0)}}`, data(4)), /run backwards/],
  ["three offsets", rawFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, data(4)), /not two numbers/],
  ["an end past the data", rawFile(`{"a":${entry("F32", "[2]", 0, 8)}}`, data(7)), /ends at byte 8 of the data, which has 7/],
  ["a size that is not shape times type", rawFile(`{"a":${entry("F32", "[1]", 0, 8)}}`, data(8)), /4 bytes, but has 8/],
  ["an overlap", rawFile(`{"a":${entry("F32", "[2]", 0, 8)},"b":${entry("F32", "[2]", 4, 12)}}`, data(12)), /"b" overlaps/],
  ["a hole", rawFile(`{"a":${a},"b":${entry("F32", "[1]", 8, 12)}}`, data(12)), /hole of 4 bytes before "b"/],
  ["a hole at the start", rawFile(`{"a":${entry("F32", "[1]", 4, 8)}}`, data(8)), /hole of 4 bytes before "a"/],
  ["bytes behind the last tensor", rawFile(`{"a":${a}}`, data(5)), /1 bytes follow/],
  ["nesting without end", rawFile(`{"a":${"[".repeat(100_000)}`), /nested too deep/],
]; // prettier-ignore
