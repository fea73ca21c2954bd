/**
 * scan: one invocation takes one place along the lane axes and walks through the positions. Its part of each carried
 * value lies in private memory, twice: a step is computed from the one and then replaces it. The schedule pass has
 * checked that no step mixes lanes, and says in `axes` which axes they are of each carried value and result.
 */
import type { Op, Value } from "../../../src/ir/ir.ts";
import type { Buffer, KValue } from "../../../src/kernel/ir.ts";
import { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import { numberAttr, numbersAttr, tileAttr } from "../attributes.ts";
import { flatten, unflatten } from "../flat-index.ts";
import { rounded, scalarOf } from "../kernel-scalars.ts";
import { LinearIndex } from "../linear-index.ts";
import type { Index } from "../pull.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { StepFolds } from "./step-folds.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** Which elements of a value an invocation has to do with: one place along the lane axes, all along the others. */
interface Share {
  readonly lanes: readonly number[];
  /** The sizes of the axes that are no lanes. */
  readonly dims: readonly Dim[];
}

/** A carried value: its elements before and after a step, as an invocation keeps them. */
interface Carried {
  readonly arg: Value;
  readonly next: Value;
  readonly share: Share;
  readonly before: Buffer;
  readonly after: Buffer;
}

export function scan(emission: Emission): LaunchShape {
  const { body, spec, info, memory, builder, emitter, puller } = emission;
  const op = defined(body.ops.find(({ name }) => name === "scan"), "a scan schedule without a scan"); // prettier-ignore
  const block = defined(op.regions[0], "a scan has a block");
  const [axis, carries] = [numberAttr(op.attrs, "axis"), numberAttr(op.attrs, "carries")];
  const shares = sharesOf(block.yields, numbersAttr(spec.attrs, "axes"));
  const shareOf = (i: number): Share => defined(shares[i], "a share of each yield");
  const folds = new StepFolds(block, carries, emission.ops);
  const laneDims = shareOf(0).lanes.map((at) => defined(block.yields[0]?.type.dims[at], "a lane is an axis"));
  const length = defined(operandOf(op, carries).type.dims[axis], "the xs have the axis");
  const carried = block.args.slice(0, carries).map((arg, i) => carriedOf(emission, arg, defined(block.yields[i], "a yield"), shareOf(i))); // prettier-ignore
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.elementwise);
  const work = deal(emission, Dim.product(laneDims), lanes, "invocation");
  guarded(emitter, work.isInside, () => {
    const lane = unflatten(work.index, laneDims);
    const ids = new Map<Carried, number>(carried.map((one) => [one, emitter.newLeafId()]));
    const keep = (one: Carried, make: (member: Index, at: KValue) => void): void => eachOwn(emission, one.share, lane, make, ids.get(one)); // prettier-ignore
    carried.forEach((one, i) => keep(one, (member, at) => put(emission, one.before, at, puller.at(operandOf(op, i), member), one.arg))); // prettier-ignore
    // Where it starts is read before anything is written, and by who writes there; what it walks along may be read again.
    const { sharing } = memory;
    memory.sharing = { kind: "lanes", column: emitter.newLeafId() };
    emitter.loop({ to: builder.dim(length), name: "t" }, (t) => {
      const position = emitter.leaf(t, length);
      block.args.forEach((arg, i) => {
        const one = carried[i];
        if (one !== undefined) puller.define(arg, (index) => loadOwn(emission, one.before, one, index));
        else puller.define(arg, (index) => puller.at(operandOf(op, i), index.toSpliced(axis, 0, position)));
      });
      const kept = new Set<Value>();
      const prepare = (value: Value, { dims }: Share): void => {
        if (!Dim.product(dims).equals(1)) folds.prepare(value, kept, shareOf(0).lanes, lane, puller);
      };
      for (const one of carried) {
        prepare(one.next, one.share);
        keep(one, (member, at) => put(emission, one.after, at, puller.at(one.next, member), one.arg));
        // A value that is carried on unchanged, or twice, keeps its definition.
        if (block.args.includes(one.next)) continue;
        kept.add(one.next);
        puller.define(one.next, (index) => loadOwn(emission, one.after, one, index)); // prettier-ignore
      }
      block.yields.slice(carries).forEach((value, i) => {
        prepare(value, shareOf(carries + i));
        eachOwn(emission, shareOf(carries + i), lane, (member) =>
          store(emission, op, carries + i, member.toSpliced(axis, 0, position), puller.at(value, member)),
        );
      });
      for (const one of carried) {
        puller.forget(one.next);
        keep(one, (_, at) => builder.store(one.before, at, emitter.define(builder.load(one.after, at))));
      }
      return [];
    });
    memory.sharing = sharing;
    carried.forEach((one, i) =>
      keep(one, (member, at) => store(emission, op, i, member, get(emission, one.before, at, one.arg))),
    );
  });
  return { workgroup: [lanes, 1, 1], grid: [work.x, work.y, ONE] };
}

/** `axes` lists as many lane axes for each value. */
function sharesOf(values: readonly Value[], axes: readonly number[]): readonly Share[] {
  const count = axes.length / values.length;
  return values.map(({ type }, i) => {
    const lanes = axes.slice(i * count, (i + 1) * count);
    return { lanes, dims: type.dims.filter((_, axis) => !lanes.includes(axis)) };
  });
}

function carriedOf({ builder }: Emission, arg: Value, next: Value, share: Share): Carried {
  const size = defined(Dim.product(share.dims).asNumber(), "what an invocation keeps has a size");
  const scalar = scalarOf(arg.type.dtype);
  const local = (name: string): Buffer => builder.local(name, "private", scalar === "bool" ? "u32" : scalar, size);
  return { arg, next, share, before: local(`${arg.name}_before`), after: local(`${arg.name}_after`) };
}

/** Keeps an element as memory would: a bool is a word, a short float is rounded. */
function put({ builder, emitter }: Emission, buffer: Buffer, at: KValue, element: KValue, { type }: Value): void {
  const { dtype } = type;
  const word = dtype === "bool" ? emitter.select(element, builder.u32(1), builder.u32(0)) : rounded(emitter, element, dtype); // prettier-ignore
  builder.store(buffer, at, word);
}

function get({ builder, emitter }: Emission, buffer: Buffer, at: KValue, { type }: Value): KValue {
  const kept = emitter.define(builder.load(buffer, at));
  return type.dtype === "bool" ? emitter.binary("ne", kept, builder.u32(0)) : kept;
}

/** Runs `make` for each element of an invocation's share: with its index, and its number in the share. */
function eachOwn(
  { emitter, builder }: Emission,
  { lanes, dims }: Share,
  lane: Index,
  make: (member: Index, at: KValue) => void,
  id?: number,
): void {
  const size = Dim.product(dims);
  const member = (own: Index): Index => {
    const rest = [...own];
    const axes = Array.from({ length: lanes.length + dims.length }, (_, axis) => lanes.indexOf(axis));
    return axes.map((at) => defined(at < 0 ? rest.shift() : lane[at], "an index for each axis"));
  };
  if (size.equals(1)) {
    make(member(dims.map(() => LinearIndex.of(0))), emitter.i32(0));
    return;
  }
  emitter.loop({ to: size.asNumber() ?? builder.dim(size), name: "n" }, (n) => {
    make(member(unflatten(emitter.leaf(n, size, id), dims)), n);
    return [];
  });
}

function loadOwn(emission: Emission, buffer: Buffer, { share, arg }: Carried, member: Index): KValue {
  const own = member.filter((_, axis) => !share.lanes.includes(axis));
  return get(emission, buffer, emission.emitter.index(flatten(own, share.dims)), arg);
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
