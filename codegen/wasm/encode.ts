/** Bytes of the WebAssembly binary format: LEB128 numbers, names, vectors, instructions. */
import { assertNever } from "../../src/support/errors.ts";
import { opcodeOf } from "./instructions.ts";
import type { Instruction } from "./instructions.ts";

export class ByteSink {
  private bytes = new Uint8Array(256);
  private length = 0;

  byte(...values: readonly number[]): this {
    if (this.length + values.length > this.bytes.length) this.grow(values.length);
    for (const value of values) this.bytes[this.length++] = value;
    return this;
  }

  /** LEB128 of a number from 0 to 2^32 - 1. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** LEB128 of an i32. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  word(value: number): this {
    return this.byte(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  }

  float(value: number): this {
    return this.word(floatBits(value));
  }

  /** Bytes with their number before them. */
  block(content: Uint8Array): this {
    this.unsigned(content.length);
    if (this.length + content.length > this.bytes.length) this.grow(content.length);
    this.bytes.set(content, this.length);
    this.length += content.length;
    return this;
  }

  name(text: string): this {
    return this.block(new TextEncoder().encode(text));
  }

  instruction([name, ...immediates]: Instruction): this {
    const { prefix, code, immediate } = opcodeOf(name);
    if (prefix === undefined) this.byte(code);
    else this.byte(prefix).unsigned(code);
    const [first = 0, second = 0, third = 0] = immediates;
    switch (immediate) {
      case "none":
        return this;
      case "block":
        return this.byte(0x40);
      case "index":
        return this.unsigned(first);
      case "i32":
      case "i64":
        return this.signed(first);
      case "f32":
        return this.float(first);
      case "v128":
        for (const word of immediates) this.word(word);
        return this;
      case "lane":
        return this.byte(first);
      case "memory":
        return this.unsigned(first).unsigned(second);
      case "memory-lane":
        return this.unsigned(first).unsigned(second).byte(third);
      case "shuffle":
        return this.byte(...immediates);
      default:
        return assertNever(immediate, "kind of immediate");
    }
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  private grow(by: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + by));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

/** The bits of a number as f32. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
