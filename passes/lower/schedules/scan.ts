/**
 * scan: one invocation takes one place along the lane axes and walks through the positions. Its part of each carried
 * value lies in private memory, twice: a step is computed from the one and then replaces it. The schedule pass has
 * checked that no step mixes lanes, and says in `axes` how many axes they are.
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { Buffer, KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { InternalError, defined } from "../../../src/support/errors.ts";
import { numberAttr, tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { LinearIndex } from "../linear-index.ts";
import type { Index } from "../pull.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** A carried value: its elements before and after a step, and the sizes of what an invocation keeps of it. */
interface Carried {
  readonly arg: Value;
  readonly next: Value;
  readonly dims: readonly Dim[];
  readonly size: number;
  readonly before: Buffer;
  readonly after: Buffer;
}

export function scan(emission: Emission): LaunchShape {
  const { body, spec, info, memory, builder, emitter, puller } = emission;
  const op = defined(body.ops.find(({ name }) => name === "scan"), "a scan schedule without a scan"); // prettier-ignore
  const block = defined(op.regions[0], "a scan has a block");
  const [axis, carries, axes] = [numberAttr(op.attrs, "axis"), numberAttr(op.attrs, "carries"), numberAttr(spec.attrs, "axes")]; // prettier-ignore
  const laneDims = defined(block.yields[0], "a scan yields something").type.dims.slice(0, axes);
  const length = defined(operandOf(op, carries).type.dims[axis], "the xs have the axis");
  const carried = block.args.slice(0, carries).map((arg, i) => carriedOf(emission, arg, defined(block.yields[i], "a yield"), axes)); // prettier-ignore
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.elementwise);
  const work = deal(emission, Dim.product(laneDims), lanes, "invocation");
  // What is read at one position may be written at another: nothing of this kernel runs in place.
  memory.sharing = { kind: "lanes", column: emitter.newLeafId() };
  guarded(emitter, work.isInside, () => {
    const lane = unflatten(work.index, laneDims);
    const keep = ({ dims, size }: Carried, make: (own: Index, at: KValue) => void): void => eachOwn(emission, dims, size, make); // prettier-ignore
    carried.forEach((one, i) => keep(one, (own, at) => builder.store(one.before, at, puller.at(operandOf(op, i), [...lane, ...own])))); // prettier-ignore
    emitter.loop({ to: builder.dim(length), name: "t" }, (t) => {
      const position = emitter.leaf(t, length);
      block.args.forEach((arg, i) => {
        const one = carried[i];
        if (one !== undefined)
          puller.define(arg, (index) => loadOwn(emission, one.before, one.dims, index.slice(axes)));
        else puller.define(arg, (index) => puller.at(operandOf(op, i), index.toSpliced(axis, 0, position)));
      });
      for (const one of carried) {
        keep(one, (own, at) => builder.store(one.after, at, puller.at(one.next, [...lane, ...own])));
        // A value that is carried on unchanged, or twice, keeps its definition.
        if (!block.args.includes(one.next)) puller.define(one.next, (index) => loadOwn(emission, one.after, one.dims, index.slice(axes))); // prettier-ignore
      }
      block.yields.slice(carries).forEach((value, i) => {
        const own = value.type.dims.slice(axes);
        eachOwn(emission, own, sizeOf(own), (index) => {
          const member = [...lane, ...index];
          store(emission, op, carries + i, member.toSpliced(axis, 0, position), puller.at(value, member));
        });
      });
      for (const one of carried) {
        puller.forget(one.next);
        keep(one, (_, at) => builder.store(one.before, at, emitter.define(builder.load(one.after, at))));
      }
      return [];
    });
    carried.forEach((one, i) =>
      keep(one, (own, at) => store(emission, op, i, [...lane, ...own], emitter.define(builder.load(one.before, at)))),
    );
  });
  return { workgroup: [lanes, 1, 1], grid: [work.x, work.y, ONE] };
}

function carriedOf({ builder }: Emission, arg: Value, next: Value, axes: number): Carried {
  const { dtype } = arg.type;
  if (dtype !== "f32" && dtype !== "i32" && dtype !== "u32") throw new InternalError(`a scan carries ${dtype}`);
  const dims = arg.type.dims.slice(axes);
  const size = sizeOf(dims);
  const local = (name: string): Buffer => builder.local(name, "private", dtype, size);
  return { arg, next, dims, size, before: local(`${arg.name}_before`), after: local(`${arg.name}_after`) };
}

function sizeOf(dims: readonly Dim[]): number {
  return defined(Dim.product(dims).asNumber(), "what an invocation keeps has a size");
}

/** Runs `make` for each element that an invocation keeps. */
function eachOwn(
  { emitter }: Emission,
  dims: readonly Dim[],
  size: number,
  make: (own: Index, at: KValue) => void,
): void {
  if (size === 1) {
    make(
      dims.map(() => LinearIndex.of(0)),
      emitter.i32(0),
    );
    return;
  }
  emitter.loop({ to: size, name: "n" }, (n) => {
    make(unflatten(emitter.leaf(n, Dim.of(size)), dims), n);
    return [];
  });
}

function loadOwn({ emitter, builder }: Emission, buffer: Buffer, dims: readonly Dim[], own: Index): KValue {
  return emitter.define(builder.load(buffer, emitter.index(flatten(own, dims))));
}

/** Stores an element of result `which` of the scan, where the group yields it. */
function store({ body, memory }: Emission, op: Op, which: number, index: Index, value: KValue): void {
  const made = defined(op.results[which], "a result of the scan");
  body.yields.forEach((yielded, i) => {
    if (yielded === made) memory.store(i, flatten(index, made.type.dims), value);
  });
}

function operandOf(op: Op, which: number): Value {
  return defined(op.operands[which], `a scan without operand ${which}`);
}
