/**
 * What an attention kernel writes: `attention` the mix of values divided by the sum of their weights, `attention_part` the
 * mix as it is, and beside it the largest score and the sum, one number each a query and chunk.
 */
import type { Op } from "../../../src/ir/ir.ts";
import type { KValue } from "../../../src/kernel/ir.ts";
import type { LinearIndex } from "../linear-index.ts";
import type { Emission } from "./schedule.ts";

export class AttentionResults {
  /** Whether there is more than the mix. */
  readonly hasNumbers: boolean;
  private readonly divisor: KValue | undefined;

  constructor(
    private readonly emission: Emission,
    private readonly op: Op,
    private readonly max: KValue,
    private readonly sum: KValue,
  ) {
    const { emitter } = emission;
    this.hasNumbers = op.name === "attention_part";
    // Where no key was visible the result is 0.
    const divisor = (): KValue => emitter.select(emitter.binary("gt", sum, emitter.f32(0)), sum, emitter.f32(1));
    this.divisor = this.hasNumbers ? undefined : divisor();
  }

  /** Element or vector `at` of the mix. */
  storeMixed(at: LinearIndex, mixed: KValue): void {
    const { emitter } = this.emission;
    this.store(0, at, this.divisor === undefined ? mixed : emitter.binary("div", mixed, this.divisor));
  }

  /** What there is once for query and chunk number `at`. */
  storeNumbers(at: LinearIndex): void {
    if (!this.hasNumbers) return;
    this.store(1, at, this.max);
    this.store(2, at, this.sum);
  }

  private store(result: number, at: LinearIndex, value: KValue): void {
    const { body, memory } = this.emission;
    body.yields.forEach((made, which) => {
      if (made === this.op.results[result]) memory.store(which, at, value);
    });
  }
}
