/**
 * Hostile safetensors files: a valid one is generated, its header is changed as a tree (offsets, shapes, types, names,
 * fields, nesting, metadata), written as text, and then damaged as bytes (length, encoding, truncation). The oracle says
 * of any file whether it is valid and what it holds, by other means than the reader's.
 */
import { isUtf8 } from "node:buffer";
import type { Rng } from "../../src/support/random.ts";
import { rawFile } from "../unit/runtime/safetensors-file.ts";

/** JSON as it is written: keys may occur twice, and a leaf is any text. */
type Node =
  | { readonly kind: "object"; readonly entries: [key: string, value: Node][] }
  | { readonly kind: "list"; readonly items: Node[] }
  | { readonly kind: "leaf"; readonly text: string };

const leaf = (text: string | number): Node => ({ kind: "leaf", text: String(text) });
const text = (value: string): Node => leaf(JSON.stringify(value));
const list = (...items: Node[]): Node => ({ kind: "list", items });
const object = (...entries: [string, Node][]): Node => ({ kind: "object", entries });

const BITS: Readonly<Record<string, number>> = { BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32, F64: 64, I64: 64, U64: 64 }; // prettier-ignore

const FLOATS = ["F32", "F16", "BF16", "F64"];

const NAMES = ["w", "layers.0.weight", "layers.1.weight", "__proto__", "constructor", "\u00e9\u{1f600}", "a b", "\n", "toString", ""]; // prettier-ignore

interface Draft {
  readonly header: Node;
  readonly data: Uint8Array;
  /** Of the tensors. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

function valid(rng: Rng): Draft {
  const names = NAMES.filter(() => rng.uniform() < 0.4);
  let at = 0;
  const shapes = new Map<string, readonly number[]>();
  const isFloat = rng.uniform() < 0.7;
  const entries = names.map((name): [string, Node] => {
    // Mostly what a model reads.
    const dtype = rng.pick(isFloat ? FLOATS : Object.keys(BITS));
    const shape = Array.from({ length: rng.int(0, 4) }, () => rng.int(rng.uniform() < 0.1 ? 0 : 1, 4));
    const begin = at;
    shapes.set(name, shape);
    at += (shape.reduce((a, b) => a * b, 1) * BITS[dtype]!) / 8;
    const fields: [string, Node][] = [["dtype", text(dtype)], ["shape", list(...shape.map(leaf))], ["data_offsets", list(leaf(begin), leaf(at))]]; // prettier-ignore
    return [JSON.stringify(name), object(...shuffled(fields, rng).map(([k, v]): [string, Node] => [JSON.stringify(k), v]))]; // prettier-ignore
  });
  if (rng.uniform() < 0.5) entries.push(['"__metadata__"', object(['"format"', text("pt")], ['"n"', text("1")])]);
  const data = Uint8Array.from({ length: at }, () => rng.int(0, 256));
  return { header: object(...shuffled(entries, rng)), data, shapes };
}

function shuffled<V>(items: readonly V[], rng: Rng): V[] {
  return items
    .map((item) => [rng.uniform(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

const NUMBERS = ["0", "1", "2", "-1", "-0", "1.5", "1.0", "1e0", "2e1", "1e400", "-1e400", "0.1e1", "01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551616", "340282366920938463463374607431768211456", `1${"0".repeat(400)}`]; // prettier-ignore
const STRINGS = ['""', '"F32"', '"f32"', '"F31"', '"F4"', '"__proto__"', '"toString"', '"\\u0046\\u00332"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x"', '"\\u12"', '"\t"', '"\\u0000"', "'F32'", '"open', '"F8_E8M0"', '"C64"']; // prettier-ignore
const KEYS = ['"__metadata__"', '"\\u005f_metadata__"', '"dtype"', '"shape"', '"data_offsets"', '"w"', '"\\u0077"', '"__proto__"', '"x"', "x", '"\\ud800"', '""', "1", "null"]; // prettier-ignore

function hostile(rng: Rng): Node {
  switch (rng.int(0, 7)) {
    case 0:
      return leaf(rng.pick(NUMBERS));
    case 1:
      return leaf(rng.pick(STRINGS));
    case 2:
      return leaf(rng.pick(["null", "true", "false", "nul", "True", "", ",", "}", "]", ":", "[", "{", "/**/1"]));
    case 3:
      return nested(rng.pick([1, 2, 31, 32, 33, 200, 5000]), rng);
    case 4:
      return list(...Array.from({ length: rng.pick([0, 1, 2, 3, 40]) }, () => leaf(rng.pick(NUMBERS))));
    case 5:
      return object([rng.pick(KEYS), leaf(rng.pick(NUMBERS))]);
    default:
      return object();
  }
}

/** Lists or objects in one another. */
function nested(depth: number, rng: Rng): Node {
  const [open, close] = rng.pick([
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  return leaf(`${open.repeat(depth)}1${close.repeat(depth)}`);
}

/** All nodes of a tree that have children, itself included. */
function inner(node: Node): Node[] {
  if (node.kind === "leaf") return [];
  const children = node.kind === "list" ? node.items : node.entries.map(([, value]) => value);
  return [node, ...children.flatMap(inner)];
}

/** Changes one place of the tree. */
function changeTree(header: Node, rng: Rng): void {
  const node = rng.pick(inner(header));
  if (node.kind === "list") return changeList(node.items, rng);
  if (node.kind !== "object") return;
  const { entries } = node;
  const at = rng.int(0, entries.length);
  const entry = entries[at];
  switch (entry === undefined ? 0 : rng.int(0, 6)) {
    case 0:
      entries.splice(rng.int(0, entries.length + 1), 0, [rng.pick(KEYS), hostile(rng)]);
      return;
    case 1:
      entries.splice(at, 1);
      return;
    case 2:
      entries.push([entry![0], rng.uniform() < 0.5 ? entry![1] : hostile(rng)]);
      return;
    case 3:
      entry![0] = rng.pick(KEYS);
      return;
    case 4:
      entry![1] = hostile(rng);
      return;
    default:
      // A value of another place of the same kind: overlaps, wrong sizes, types that do not fit.
      entry![1] = rng.pick(entries)[1];
  }
}

function changeList(items: Node[], rng: Rng): void {
  const at = rng.int(0, items.length);
  const item = items[at];
  const value = item?.kind === "leaf" ? Number(item.text) : NaN;
  switch (item === undefined ? 0 : rng.int(0, 6)) {
    case 0:
      items.splice(at, 0, leaf(rng.pick(NUMBERS)));
      return;
    case 1:
      items.splice(at, 1);
      return;
    case 2:
      items.reverse();
      return;
    case 3:
      items[at] = hostile(rng);
      return;
    default:
      items[at] = leaf(Number.isFinite(value) ? value + rng.pick([-8, -4, -1, 1, 4, 8]) : rng.pick(NUMBERS));
  }
}

function written(node: Node, rng: Rng, spaces: number): string {
  const gap = (): string => (rng.uniform() < spaces ? rng.pick([" ", "\n", "\t", "\r", "  "]) : "");
  const write = (of: Node): string => {
    if (of.kind === "leaf") return of.text;
    const inside = of.kind === "list" ? of.items.map(write) : of.entries.map(([key, value]) => `${key}${gap()}:${gap()}${write(value)}`); // prettier-ignore
    const joined = inside.map((each) => `${gap()}${each}${gap()}`).join(",");
    return of.kind === "list" ? `[${joined}]` : `{${joined}}`;
  };
  return write(node);
}

const LENGTHS = [0n, 1n, 7n, 8n, 100_000_000n, 100_000_001n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

function damageBytes(file: Uint8Array, headerBytes: number, rng: Rng): Uint8Array {
  const view = new DataView(file.buffer);
  const inHeader = 8 + rng.int(0, Math.max(1, headerBytes));
  switch (rng.int(0, 7)) {
    case 0:
      view.setBigUint64(0, rng.pick(LENGTHS), true);
      return file;
    case 1:
      view.setBigUint64(0, BigInt(Math.max(0, headerBytes + rng.pick([-8, -2, -1, 1, 2, 8]))), true);
      return file;
    case 2:
      return file.slice(0, rng.int(0, file.length));
    case 3:
      return Uint8Array.from([...file, ...new Uint8Array(rng.int(1, 9))]);
    case 4:
      if (inHeader < file.length) file[inHeader] = rng.pick([0, 0x22, 0x5c, 0x80, 0xc0, 0xed, 0xf5, 0xff]);
      return file;
    case 5:
      if (inHeader < file.length) file[inHeader]! ^= 1 << rng.int(0, 8);
      return file;
    default:
      return rawFile(Uint8Array.from([0xef, 0xbb, 0xbf, ...file.slice(8, 8 + headerBytes)]), file.slice(8 + headerBytes)); // prettier-ignore
  }
}

export interface Mutant {
  readonly file: Uint8Array;
  /** What the tensors were before. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** A file up to three changes away from a valid one. */
export function mutant(rng: Rng): Mutant {
  const { header, data, shapes } = valid(rng);
  const changes = rng.int(0, 4);
  const inTree = rng.int(0, changes + 1);
  for (let i = 0; i < inTree; i++) changeTree(header, rng);
  const textOf = written(header, rng, rng.pick([0, 0, 0.2])) + (rng.uniform() < 0.2 ? " ".repeat(rng.int(1, 9)) : "");
  const bytes = new TextEncoder().encode(textOf);
  let file = rawFile(bytes, data);
  for (let i = inTree; i < changes; i++) if (file.length >= 8) file = damageBytes(file, bytes.length, rng);
  return { file, shapes };
}

export interface Expected {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

const STRINGS_OF_JSON = /"(?:[^"\\]|\\.)*"/gs;
const LIMIT = 2n ** 53n;

/** The tensors of a valid file, in any order; undefined for any other file. */
export function oracle(file: Uint8Array): readonly Expected[] | undefined {
  if (file.length < 8) return undefined;
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > 100_000_000n || length > BigInt(file.length - 8)) return undefined;
  const bytes = file.subarray(8, 8 + Number(length));
  if (bytes[0] !== 0x7b || !isUtf8(bytes)) return undefined;
  const source = new TextDecoder().decode(bytes);
  let header: unknown;
  try {
    header = JSON.parse(source);
  } catch {
    return undefined;
  }
  // What `JSON.parse` lets pass: keys that occur twice, and integers that it rounds.
  const bare = source.replace(STRINGS_OF_JSON, '""');
  if (bare.split(":").length - 1 !== countKeys(header)) return undefined;
  for (const [number] of bare.matchAll(/-?\d[\d.eE+-]*/g)) {
    if (!/^-?\d+$/.test(number) ? !Number.isFinite(Number(number)) : BigInt(number.replace("-", "")) >= LIMIT) return undefined; // prettier-ignore
  }
  if (!isRecord(header)) return undefined;
  const size = file.length - 8 - bytes.length;
  const found: Expected[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) return undefined;
    if (name === "__metadata__") {
      if (!Object.values(value).every((item) => typeof item === "string")) return undefined;
      continue;
    }
    const entry = expectedOf(name, value, 8 + bytes.length, size);
    if (entry === undefined) return undefined;
    found.push(entry);
  }
  return coversData(found, 8 + bytes.length, size) ? found : undefined;
}

function expectedOf(
  name: string,
  value: Readonly<Record<string, unknown>>,
  start: number,
  size: number,
): Expected | undefined {
  // prettier-ignore
  const { dtype, shape, data_offsets: offsets } = value;
  if (Object.keys(value).sort().join() !== "data_offsets,dtype,shape") return undefined;
  if (typeof dtype !== "string" || !Object.hasOwn(BITS, dtype) || !isCounts(shape) || !isCounts(offsets)) return undefined; // prettier-ignore
  if (offsets.length !== 2 || offsets[1]! > size) return undefined;
  let elements = 1n;
  for (const axis of shape) if ((elements *= BigInt(axis)) >= LIMIT) return undefined;
  const bytes = (elements * BigInt(BITS[dtype]!)) / 8n;
  if (bytes !== BigInt(offsets[1]!) - BigInt(offsets[0]!)) return undefined;
  return { name, dtype, shape, offset: start + offsets[0]!, bytes: Number(bytes) };
}

/** Each byte lies in exactly one tensor; an empty one lies where another begins or all end. */
function coversData(entries: readonly Expected[], start: number, size: number): boolean {
  const owners = new Uint8Array(size);
  for (const { offset, bytes } of entries) for (let i = 0; i < bytes; i++) owners[offset - start + i]!++;
  const begins = new Set([start + size, ...entries.filter(({ bytes }) => bytes > 0).map(({ offset }) => offset)]);
  return owners.every((count) => count === 1) && entries.every(({ offset }) => begins.has(offset));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0));
}

/** In all objects; not by recursion, which deep nests would break. */
function countKeys(root: unknown): number {
  const pending = [root];
  let count = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== "object" || value === null) continue;
    const children: unknown[] = Object.values(value);
    if (!Array.isArray(value)) count += children.length;
    for (const child of children) pending.push(child);
  }
  return count;
}
