/**
 * The storage buffers of one kernel: loads of the group's arguments and stores of its results, one element or four
 * neighbours at a time. A buffer has vectors of four only where every access to it is an aligned vector; an attempt to
 * build that meets another access says so in `scalarSlots`, and the kernel is built again with that buffer scalar.
 *
 * It also keeps which elements are read by whom, which is how `inPlace` is known rather than declared.
 */
import type { KernelBuilder } from "../../src/kernel/builder.ts";
import type { Buffer, KValue } from "../../src/kernel/ir.ts";
import type { WeightLayout } from "../../src/plan/ir.ts";
import { Dim } from "../../src/support/dim.ts";
import { defined } from "../../src/support/errors.ts";
import type { Emitter } from "./emitter.ts";
import type { ArgumentSource, GroupSpec, Slot } from "./group-spec.ts";
import { elementOf, rounded, scalarOf } from "./kernel-scalars.ts";
import { LANES, LinearIndex } from "./linear-index.ts";

/** Which invocations compute the same rows: one each, or several that differ in the value of one leaf. */
export type Sharing = { readonly kind: "single" } | { readonly kind: "lanes"; readonly column: number };

interface Access {
  readonly index: LinearIndex;
  /** Whether only the invocation that writes this element, if one does, makes this access. */
  readonly isOwn: boolean;
}

export class GroupMemory {
  /** Slots that are accessed other than in aligned vectors. */
  readonly scalarSlots = new Set<number>();
  sharing: Sharing = { kind: "single" };

  private readonly buffers: readonly Buffer[];
  private readonly loads: readonly Access[][];
  private readonly stores: readonly LinearIndex[][];

  constructor(
    private readonly spec: GroupSpec,
    private readonly emitter: Emitter,
    private readonly builder: KernelBuilder,
    knownScalar: ReadonlySet<number>,
  ) {
    this.buffers = spec.slots.map((slot, which) => {
      const vectors = knownScalar.has(which) ? undefined : slot.length.div(LANES);
      const element = elementOf(slot.dtype);
      return vectors === undefined
        ? builder.buffer(slot.name, slot.access, element, slot.length, 1, slot.isFinite)
        : builder.buffer(slot.name, slot.access, element, vectors, LANES, slot.isFinite);
    });
    this.loads = spec.slots.map(() => []);
    this.stores = spec.slots.map(() => []);
  }

  /** The order of a block argument's elements, where it is not row-major. */
  layoutOf(argument: number): WeightLayout | undefined {
    const source = this.spec.args[argument];
    return source?.kind === "slot" ? this.slot(source.slot).layout : undefined;
  }

  /** Element `index` of a block argument, counted in its layout; a vector of four where the index has a lane that matters. */
  load(argument: number, index: LinearIndex): KValue {
    const source = defined(this.spec.args[argument], "a block argument without a source");
    if (source.kind === "launch") return this.launchScalar(argument);
    const slot = this.slot(source.slot);
    const isOwn = this.sharing.kind === "single" || mentions(index, this.sharing.column);
    this.loads[source.slot]?.push({ index, isOwn });
    const loaded = this.loadElements(source, index);
    return slot.dtype === "bool" ? this.emitter.binary("ne", loaded, this.constant(0, loaded)) : loaded;
  }

  /** Writes a result. Only one invocation may come here for each element. */
  store(result: number, index: LinearIndex, value: KValue): void {
    const which = defined(this.spec.outputs[result], "a result without a slot");
    const [slot, buffer] = [this.slot(which), this.buffer(which)];
    this.stores[which]?.push(index);
    const word = slot.dtype === "bool" ? this.asWord(value) : this.asStored(value, result, slot);
    if (!index.hasLane()) {
      if (buffer.lanes !== 1) this.scalarSlots.add(which);
      else this.builder.store(buffer, this.emitter.index(index), word);
      return;
    }
    const vector = buffer.lanes === LANES ? alignedVector(index) : undefined;
    const words = this.emitter.widen(word, LANES);
    if (vector !== undefined) this.builder.store(buffer, this.emitter.index(vector), words);
    else if (buffer.lanes === LANES) this.scalarSlots.add(which);
    else
      for (let lane = 0; lane < LANES; lane++)
        this.builder.store(buffer, this.emitter.index(index.atLane(lane)), this.emitter.extract(words, lane));
  }

  /** What a result holds at the moment: for schedules that work in place in what they make. No lane. */
  reload(result: number, index: LinearIndex): KValue {
    const which = defined(this.spec.outputs[result], "a result without a slot");
    const buffer = this.buffer(which);
    if (buffer.lanes !== 1) this.scalarSlots.add(which);
    const loaded = this.emitter.define(this.builder.load(buffer, this.emitter.index(index)));
    return buffer.lanes === 1 ? loaded : this.emitter.extract(loaded, 0);
  }

  /** `[output, input]` slots that may be one buffer: every element of the input is read by the invocation that writes
   * the same element of the output, and by no other. */
  inPlace(): readonly (readonly [number, number])[] {
    const pairs: [number, number][] = [];
    for (const output of new Set(this.spec.outputs))
      this.spec.slots.forEach((slot, input) => {
        if (input === output || this.spec.outputs.includes(input) || !canShare(this.slot(output), slot)) return;
        if (this.isReadWhereWritten(input, output)) pairs.push([output, input]);
      });
    return pairs;
  }

  /** Whether results that share a slot with an argument do so safely. */
  updatesAreSafe(): boolean {
    return [...new Set(this.spec.outputs)].every((slot) => this.isReadWhereWritten(slot, slot));
  }

  private isReadWhereWritten(input: number, output: number): boolean {
    const written = this.stores[output] ?? [];
    return (this.loads[input] ?? []).every(
      ({ index, isOwn }) => isOwn && written.every((store) => store.equals(index)),
    );
  }

  private loadElements(source: ArgumentSource & { readonly kind: "slot" }, index: LinearIndex): KValue {
    const buffer = this.buffer(source.slot);
    if (!index.hasLane()) return this.loadElement(source.slot, index);
    const vector = buffer.lanes === LANES ? alignedVector(index) : undefined;
    if (vector !== undefined) return this.emitter.load(buffer, this.emitter.index(vector));
    return this.emitter.vector(
      Array.from({ length: LANES }, (_, lane) => this.loadElement(source.slot, index.atLane(lane))),
    );
  }

  private loadElement(which: number, index: LinearIndex): KValue {
    const buffer = this.buffer(which);
    if (buffer.lanes === 1) return this.emitter.load(buffer, this.emitter.index(index));
    const lane = index.remainder(Dim.of(LANES)).asDim()?.asNumber();
    if (lane === undefined) this.scalarSlots.add(which);
    const vector = this.emitter.load(buffer, this.emitter.index(index.quotient(Dim.of(LANES))));
    return this.emitter.extract(vector, lane ?? 0);
  }

  private launchScalar(argument: number): KValue {
    const arg = defined(this.spec.block.args[argument], "a launch scalar without an argument");
    const scalar = scalarOf(arg.type.dtype);
    if (scalar !== "bool") return this.builder.scalar(`launch_${argument}`, "launch", { scalar, lanes: 1 });
    const word = this.builder.scalar(`launch_${argument}`, "launch", { scalar: "u32", lanes: 1 });
    return this.emitter.binary("ne", word, this.constant(0, word));
  }

  /** A half that lies as f32 is rounded here, where a store of a half rounds by itself. */
  private asStored(value: KValue, result: number, slot: Slot): KValue {
    const { dtype } = defined(this.spec.block.yields[result], "a result that is not yielded").type;
    return slot.dtype === dtype ? value : rounded(this.emitter, value, dtype);
  }

  private asWord(value: KValue): KValue {
    return this.emitter.select(value, this.builder.u32(1), this.builder.u32(0));
  }

  private constant(value: number, like: KValue): KValue {
    return this.emitter.constant(value, like.type);
  }

  private slot(which: number): Slot {
    return defined(this.spec.slots[which], `no slot ${which}`);
  }

  private buffer(which: number): Buffer {
    return defined(this.buffers[which], `no buffer ${which}`);
  }
}

/** The vector that an index with lane walks along, where it is one aligned vector. */
function alignedVector(index: LinearIndex): LinearIndex | undefined {
  return index.laneStride()?.equals(1) === true ? index.atLane(0).dividedBy(LANES) : undefined;
}

function canShare(a: Slot, b: Slot): boolean {
  return a.dtype === b.dtype && a.length.equals(b.length) && b.kind === "temporary";
}

function mentions(index: LinearIndex, leaf: number): boolean {
  return index.entries().some(({ atom }) => {
    if (atom.kind === "leaf") return atom.id === leaf;
    return atom.kind !== "lane" && mentions(atom.of, leaf);
  });
}
