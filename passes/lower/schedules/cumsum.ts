/**
 * cumsum: running sums along an axis, and what is computed from each. With lanes, a workgroup takes one row and each of
 * its invocations one stretch of neighbours: it sums its stretch, adds up the sums of the stretches before it, and then
 * runs through its stretch again. With one lane, an invocation takes a whole row, once. What is summed is pulled.
 */
import { result } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import { defined } from "../../../src/support/errors.ts";
import { boolAttr, tileAttr } from "../attributes.ts";
import { flatten } from "../flat-index.ts";
import type { LinearIndex } from "../linear-index.ts";
import { elementOf, scalarOf } from "../kernel-scalars.ts";
import { rowsOf } from "../row-index.ts";
import type { Rows } from "../row-index.ts";
import type { Emission, LaunchShape } from "./schedule.ts";
import { ONE, deal, guarded } from "./schedule.ts";

/** The steps of one invocation along its row. */
interface Stretch {
  readonly from: KValue | 0;
  readonly to: KValue;
}

export function cumsum(emission: Emission): LaunchShape {
  const { body, builder, emitter, memory, puller, spec, info } = emission;
  const op = defined(body.ops.find(({ name }) => name === "cumsum"), "no cumsum in the group"); // prettier-ignore
  const rows = rowsOf(op);
  const lanes = tileAttr(spec.attrs, "lanes", info.tiles.rowLanes);
  const size = lanes === 1 ? info.tiles.elementwise : lanes;
  const work = deal(emission, rows.count, size, lanes === 1 ? "invocation" : "workgroup");
  const column = emitter.newLeafId();
  memory.sharing = lanes === 1 ? { kind: "single" } : { kind: "lanes", column };
  const isReverse = boolAttr(op.attrs, "reverse");
  const last = (): KValue => builder.sub(builder.dim(rows.size), 1);
  const placeOf = (step: KValue): LinearIndex =>
    emitter.leaf(isReverse ? emitter.binary("sub", last(), step) : step, rows.size, column);
  guarded(emitter, work.isInside, () => {
    const zero = emitter.constant(0, { scalar: scalarOf(rows.operand.type.dtype), lanes: 1 });
    const summed = (place: LinearIndex, sum: KValue): KValue =>
      emitter.binary("add", sum, puller.at(rows.operand, rows.index(work.index, place)));
    const stretch = stretchOf(emission, rows, lanes);
    const start =
      lanes === 1
        ? zero
        : sumBefore(emission, lanes, zero, () =>
            only(
              emitter.loop({ ...stretch, carried: [zero] }, (step, sums) => [summed(placeOf(step), only(sums))]),
            ),
          ); // prettier-ignore
    emitter.loop({ ...stretch, carried: [start], name: "c" }, (step, sums) => {
      const place = placeOf(step);
      const [before, index] = [only(sums), rows.index(work.index, place)];
      const after = summed(place, before);
      puller.seed(result(op), index, boolAttr(op.attrs, "exclusive") ? before : after);
      const elements = body.yields.map((value) => puller.at(value, index));
      elements.forEach((element, which) => {
        const { dims } = defined(body.yields[which], "a result").type;
        memory.store(which, flatten(index, dims), element);
      });
      return [after];
    });
  });
  return { workgroup: [size, 1, 1], grid: [work.x, work.y, ONE] };
}

/** Equal stretches, the last ones shorter or empty. */
function stretchOf({ builder, emitter }: Emission, rows: Rows, lanes: number): Stretch {
  const to = builder.dim(rows.size);
  if (lanes === 1) return { from: 0, to };
  const length = emitter.binary("div", emitter.binary("add", to, emitter.i32(lanes - 1)), emitter.i32(lanes));
  const from = emitter.binary("mul", builder.builtin("local_x"), length);
  return { from, to: emitter.binary("min", emitter.binary("add", from, length), to) };
}

/** The sum of what the invocations before this one have; all must reach it. */
function sumBefore({ body, builder, emitter }: Emission, lanes: number, zero: KValue, own: () => KValue): KValue {
  const dtype = defined(body.yields[0], "a group has a result").type.dtype;
  const parts = builder.local("parts", "workgroup", elementOf(dtype), lanes);
  builder.store(parts, builder.builtin("local_x"), own());
  builder.barrier();
  return only(
    emitter.loop({ to: builder.builtin("local_x"), carried: [zero], name: "lane" }, (lane, sums) => [
      emitter.binary("add", only(sums), emitter.define(builder.load(parts, lane))),
    ]),
  );
}

function only(values: readonly KValue[]): KValue {
  return defined(values[0], "one carried value");
}
