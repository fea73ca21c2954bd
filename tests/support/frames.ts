/** Frames of little-endian words between a test and a process: a length in bytes, then the content. */

export class FrameWriter {
  readonly #parts: Uint8Array[] = [];

  /** 32 bits of an integer, signed or not. */
  word(value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value | 0, true);
    this.#parts.push(bytes);
  }

  float(value: number): void {
    this.#parts.push(new Uint8Array(new Float32Array([value]).buffer));
  }

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  /** A length and UTF-8. */
  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.word(bytes.byteLength);
    this.bytes(bytes);
  }

  frame(): Uint8Array {
    const content = Buffer.concat(this.#parts);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(content.byteLength);
    return Buffer.concat([length, content]);
  }
}

export class FrameReader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 4;

  /** `data` starts with the frame's length, which is skipped. */
  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  word(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** A copy, so that typed arrays of any element may look at it. */
  bytes(count: number): Uint8Array {
    this.#at += count;
    return new Uint8Array(this.#data.subarray(this.#at - count, this.#at));
  }

  text(): string {
    return new TextDecoder().decode(this.bytes(this.word()));
  }

  extents(): readonly [number, number, number] {
    return [this.word(), this.word(), this.word()];
  }

  /** Floats of 64 bits. */
  f64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }
}
