/**
 * Memory of the kernel interpreter: every element remembers its last writer and its readers, so that an access by
 * another invocation between two barriers, or by another workgroup of the dispatch, is found whatever the order.
 */
import type { Datum } from "./intrinsics.ts";
import { fromBf16, fromF16, toBf16, toF16 } from "./half.ts";
import type { Buffer, Kernel } from "./ir.ts";

export type Bytes = Float32Array | Int32Array | Uint32Array | Uint16Array;

/** What a kernel did wrong: which kernel, buffer, element and invocation of the workgroup. */
export class KernelFault extends Error {
  override readonly name = "KernelFault";
  constructor(
    readonly kernel: string,
    what: string,
    readonly buffer?: string,
    readonly invocation?: number,
    readonly index?: number,
  ) {
    const place = buffer === undefined ? "" : ` at %${buffer}[${index}]`;
    super(`kernel ${kernel}: ${what}${place}${invocation === undefined ? "" : `, invocation ${invocation}`}`);
  }
}

/** `-1` where there is none. Epochs are numbered through the whole dispatch. */
interface Shadow {
  readonly poisoned: Uint8Array;
  readonly writer: Int32Array;
  readonly writerGroup: Int32Array;
  readonly writerEpoch: Int32Array;
  readonly reader: Int32Array;
  readonly readerGroup: Int32Array;
  readonly readerEpoch: Int32Array;
  /** 1 where more than one invocation read in `readerEpoch`, 2 where more than one workgroup ever read. */
  readonly many: Uint8Array;
}

interface Block {
  readonly data: Bytes;
  readonly shadow: Shadow;
  readonly length: number;
}

/** What an invocation sees of memory. */
export interface View {
  load(buffer: Buffer, index: number): Datum;
  store(buffer: Buffer, index: number, value: Datum): void;
}

export class Memory {
  private readonly storage = new Map<string, Block>();
  private shared = new Map<string, Block>();
  private epoch = 0;

  constructor(
    private readonly kernel: Kernel,
    buffers: ReadonlyMap<string, Bytes>,
    scalars: Readonly<Record<string, number>>,
    poisoned?: readonly string[],
  ) {
    const shadows = new Map<Bytes, Shadow>();
    for (const buffer of kernel.buffers) {
      const data = buffers.get(buffer.name);
      const length = Math.ceil(buffer.length.evaluate(scalars) / (buffer.per ?? 1)) * buffer.lanes;
      if (data === undefined) throw new KernelFault(kernel.name, `no array for buffer ${buffer.name}`);
      if (data.length < length)
        throw new KernelFault(kernel.name, `buffer ${buffer.name} has ${data.length} elements, not ${length}`);
      const unset = poisoned?.includes(buffer.name) ?? buffer.access === "write";
      const shadow = shadows.get(data) ?? newShadow(data.length, unset);
      shadows.set(data, shadow);
      this.storage.set(buffer.name, { data, shadow, length });
    }
  }

  enterWorkgroup(): void {
    this.epoch++;
    this.shared = this.fresh("workgroup");
  }

  nextEpoch(): void {
    this.epoch++;
  }

  /** The view of invocation `local` of workgroup `group`. */
  forInvocation(group: number, local: number): View {
    const own = this.fresh("private");
    const blockOf = (buffer: Buffer): Block => {
      const blocks = buffer.space === "storage" ? this.storage : buffer.space === "workgroup" ? this.shared : own;
      const block = blocks.get(buffer.name);
      if (block === undefined) throw new KernelFault(this.kernel.name, `no buffer ${buffer.name}`);
      return block;
    };
    const fault = (what: string, buffer: Buffer, index: number): KernelFault =>
      new KernelFault(this.kernel.name, what, buffer.name, local, index);
    const bounded = (buffer: Buffer, block: Block, index: number): number => {
      const start = index * buffer.lanes;
      if (!(index >= 0) || start + buffer.lanes > block.length) throw fault("out of bounds", buffer, index);
      return start;
    };
    return {
      load: (buffer, index) => {
        const block = blockOf(buffer);
        const start = bounded(buffer, block, index);
        const lanes: number[] = [];
        for (let at = start; at < start + buffer.lanes; at++) {
          if (block.shadow.poisoned[at] === 1) throw fault("read before it is written", buffer, index);
          if (buffer.space !== "private" && this.readRaces(block.shadow, at, group, local))
            throw fault("a race: written by another invocation and read", buffer, index);
          lanes.push(decode(buffer, block.data[at] ?? 0));
        }
        return buffer.lanes === 1 ? (lanes[0] ?? 0) : lanes;
      },
      store: (buffer, index, value) => {
        const block = blockOf(buffer);
        const start = bounded(buffer, block, index);
        for (let lane = 0; lane < buffer.lanes; lane++) {
          if (buffer.space !== "private" && this.writeRaces(block.shadow, start + lane, group, local))
            throw fault("a race: accessed by another invocation and written", buffer, index);
          block.shadow.poisoned[start + lane] = 0;
          block.data[start + lane] = encode(buffer, typeof value === "number" ? value : (value[lane] ?? 0));
        }
      },
    };
  }

  private fresh(space: Buffer["space"]): Map<string, Block> {
    const blocks = new Map<string, Block>();
    for (const buffer of this.kernel.locals) {
      if (buffer.space !== space) continue;
      const length = buffer.length.evaluate({}) * buffer.lanes;
      const data = newArray(buffer, length);
      blocks.set(buffer.name, { data, shadow: newShadow(length, true), length });
    }
    return blocks;
  }

  /** Whether another invocation wrote this in the same epoch, or another workgroup did at any time. */
  private writtenByOther(shadow: Shadow, at: number, group: number, local: number): boolean {
    if (shadow.writer[at] === -1) return false;
    if (shadow.writerGroup[at] !== group) return true;
    return shadow.writer[at] !== local && shadow.writerEpoch[at] === this.epoch;
  }

  private readRaces(shadow: Shadow, at: number, group: number, local: number): boolean {
    if (this.writtenByOther(shadow, at, group, local)) return true;
    const fresh = shadow.readerEpoch[at] !== this.epoch;
    let many = fresh ? (shadow.many[at] ?? 0) & 2 : (shadow.many[at] ?? 0);
    if (!fresh && shadow.reader[at] !== local) many |= 1;
    if (shadow.readerGroup[at] !== -1 && shadow.readerGroup[at] !== group) many |= 2;
    shadow.many[at] = many;
    shadow.reader[at] = local;
    shadow.readerGroup[at] = group;
    shadow.readerEpoch[at] = this.epoch;
    return false;
  }

  private writeRaces(shadow: Shadow, at: number, group: number, local: number): boolean {
    if (this.writtenByOther(shadow, at, group, local)) return true;
    if (shadow.readerGroup[at] !== -1) {
      const many = shadow.many[at] ?? 0;
      if (shadow.readerGroup[at] !== group || (many & 2) !== 0) return true;
      if (shadow.readerEpoch[at] === this.epoch && (shadow.reader[at] !== local || (many & 1) !== 0)) return true;
    }
    shadow.writer[at] = local;
    shadow.writerGroup[at] = group;
    shadow.writerEpoch[at] = this.epoch;
    return false;
  }
}

function newShadow(length: number, poisoned: boolean): Shadow {
  const none = (): Int32Array => new Int32Array(length).fill(-1);
  return {
    poisoned: new Uint8Array(length).fill(poisoned ? 1 : 0),
    writer: none(),
    writerGroup: none(),
    writerEpoch: none(),
    reader: none(),
    readerGroup: none(),
    readerEpoch: none(),
    many: new Uint8Array(length),
  };
}

function newArray(buffer: Buffer, length: number): Bytes {
  if (buffer.element === "f32") return new Float32Array(length);
  if (buffer.element === "i32") return new Int32Array(length);
  return buffer.element === "u32" ? new Uint32Array(length) : new Uint16Array(length);
}

function decode(buffer: Buffer, stored: number): number {
  return buffer.element === "f16" ? fromF16(stored) : buffer.element === "bf16" ? fromBf16(stored) : stored;
}

function encode(buffer: Buffer, value: number): number {
  return buffer.element === "f16" ? toF16(value) : buffer.element === "bf16" ? toBf16(value) : value;
}
