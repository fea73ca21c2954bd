/** Folds over the elements of one row, shared by the invocations of a workgroup or done by one: what `sample` is made of. */
import type { KValue } from "../../../src/kernel/ir.ts";
import type { Dim } from "../../../src/support/dim.ts";
import { defined } from "../../../src/support/errors.ts";
import type { LinearIndex } from "../linear-index.ts";
import type { Emission } from "./schedule.ts";

export class RowFold {
  constructor(
    private readonly emission: Emission,
    private readonly lanes: number,
    readonly size: Dim,
    private readonly element: (position: LinearIndex) => KValue,
  ) {}

  /** Folds over other elements by the same invocations. */
  over(size: Dim, element: (position: LinearIndex) => KValue): RowFold {
    return new RowFold(this.emission, this.lanes, size, element);
  }

  /** The sum of a function of the elements, started at `zero`. */
  sum(zero: KValue, term: (x: KValue) => KValue): KValue {
    const { emitter } = this.emission;
    const [part] = this.each([zero], (x, _position, [total]) => [
      emitter.binary("add", defined(total, "a sum"), term(x)),
    ]);
    return this.together("add", defined(part, "a sum"));
  }

  /** The first position where a key of element and position, a u32, is largest, and that key; key 0 never wins. */
  firstLargest(keyOf: (x: KValue, position: LinearIndex) => KValue): readonly [position: KValue, largest: KValue] {
    const { builder, emitter } = this.emission;
    const start = [builder.u32(0), emitter.i32(0)];
    const [part, where] = this.each(start, (x, position, [max, best]) => {
      const [here, largest] = [keyOf(x, position), defined(max, "a maximum")];
      const isLarger = emitter.binary("gt", here, largest);
      return [
        emitter.select(isLarger, here, largest),
        emitter.select(isLarger, emitter.index(position), defined(best, "a position")),
      ];
    });
    const largest = this.together("max", defined(part, "a maximum"));
    const isHere = emitter.binary("eq", defined(part, "a maximum"), largest);
    const candidate = emitter.select(isHere, defined(where, "a position"), emitter.i32(2 ** 31 - 1));
    return [this.together("min", candidate), largest];
  }

  private each(
    carried: readonly KValue[],
    make: (x: KValue, position: LinearIndex, carried: readonly KValue[]) => readonly KValue[],
  ): readonly KValue[] {
    const { emitter, builder } = this.emission;
    const from = this.lanes === 1 ? 0 : builder.builtin("local_x");
    return emitter.loop({ from, to: builder.dim(this.size), step: this.lanes, carried, name: "token" }, (i, values) => {
      const position = emitter.leaf(i, this.size);
      return make(this.element(position), position, values);
    });
  }

  private together(op: "add" | "max" | "min", part: KValue): KValue {
    const { emitter, builder } = this.emission;
    return this.lanes === 1 ? part : emitter.define(builder.workgroupReduce(op, part));
  }
}
