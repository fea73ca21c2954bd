/**
 * Compile-time tensors as text: `f32[2](0.5, -0.0)` up to 16 elements, above that `#hash` with the data in a table of
 * constants after the functions. The hash is FNV-1a (64 bits, Fowler, Noll and Vo) over the element type, the sizes
 * and the elements as little-endian f64, so the same tensor has the same name in every run.
 */
import { InternalError } from "../support/errors.ts";
import { floatText } from "../support/text/literals.ts";
import type { TextReader } from "../support/text/reader.ts";
import type { TextWriter } from "../support/text/writer.ts";
import type { Literal } from "./ir.ts";
import { DTYPES, isFloat } from "./type.ts";
import type { DType } from "./type.ts";

/** Literals of at most this many elements stand where they are used. */
export const INLINE_ELEMENTS = 16;
const ELEMENTS_A_LINE = 8;

/** The large literals met while printing, by hash. */
export class ConstantTable {
  private readonly byHash = new Map<string, Literal>();

  /** The text of a literal where it is used; a large one is entered into the table. */
  textOf(literal: Literal): string {
    if (literal.data.length <= INLINE_ELEMENTS) return `${headText(literal)}(${elementTexts(literal).join(", ")})`;
    const hash = literalHash(literal);
    const known = this.byHash.get(hash);
    if (known !== undefined && !sameLiteral(known, literal))
      throw new InternalError(`two different constants have the hash ${hash}`);
    this.byHash.set(hash, literal);
    return `#${hash}`;
  }

  /** Writes `constant #hash = f32[64, 2](...)` for each, in order of first use. */
  write(writer: TextWriter): void {
    for (const [hash, literal] of this.byHash) {
      writer.line().line(`constant #${hash} = ${headText(literal)}(`);
      const texts = elementTexts(literal);
      writer.indented(() => {
        for (let i = 0; i < texts.length; i += ELEMENTS_A_LINE) {
          const end = i + ELEMENTS_A_LINE < texts.length ? "," : "";
          writer.line(texts.slice(i, i + ELEMENTS_A_LINE).join(", ") + end);
        }
      });
      writer.line(")");
    }
  }
}

/** Reads `f32[2](0.5, 1.0)`; the number of elements must be the product of the sizes. */
export function readLiteral(reader: TextReader): Literal {
  const dtype = readDType(reader);
  reader.expect("[");
  const dims = reader.list("]", () => reader.integer());
  const open = reader.expect("(");
  const data = reader.list(")", () => reader.number());
  const count = dims.reduce((all, size) => all * size, 1);
  if (data.length !== count) reader.fail(`${data.length} elements for ${count} places`, open);
  return { kind: "literal", dtype, dims, data: data.length > INLINE_ELEMENTS ? Float64Array.from(data) : data };
}

export function readDType(reader: TextReader): DType {
  const token = reader.peek();
  const word = reader.word();
  const found = DTYPES.find((dtype) => dtype === word);
  return found ?? reader.fail("expected an element type", token);
}

/** Element by element, with -0 different from 0 and NaN equal to itself. */
export function sameLiteral(a: Literal, b: Literal): boolean {
  if (a.dtype !== b.dtype || a.dims.length !== b.dims.length || a.data.length !== b.data.length) return false;
  if (a.dims.some((size, i) => size !== b.dims[i])) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}

function headText(literal: Literal): string {
  return `${literal.dtype}[${literal.dims.join(", ")}]`;
}

function elementTexts(literal: Literal): readonly string[] {
  return Array.from(literal.data, isFloat(literal.dtype) ? floatText : String);
}

/** FNV-1a in four limbs of 16 bits; the prime is 2^40 + 0x1b3. */
function literalHash(literal: Literal): string {
  const head = new TextEncoder().encode(headText(literal));
  const elements = new Uint8Array(literal.data.length * 8);
  const view = new DataView(elements.buffer);
  literal.data.forEach((x: number, i: number) => view.setFloat64(i * 8, x, true));
  let [h0, h1, h2, h3] = [0x2325, 0x8422, 0x9ce4, 0xcbf2];
  for (const bytes of [head, elements])
    for (const byte of bytes) {
      h0 ^= byte;
      const p0 = h0 * 0x1b3;
      const p1 = h1 * 0x1b3 + (p0 >>> 16);
      const p2 = h2 * 0x1b3 + ((h0 << 8) & 0xffffff) + (p1 >>> 16);
      const p3 = h3 * 0x1b3 + (h1 << 8) + Math.floor(p2 / 0x10000);
      [h0, h1, h2, h3] = [p0 & 0xffff, p1 & 0xffff, p2 & 0xffff, p3 & 0xffff];
    }
  return [h3, h2, h1, h0].map((limb) => limb.toString(16).padStart(4, "0")).join("");
}
