/**
 * What a random program must give, and how close an executor in f32 must come. The tolerance is that of DECISIONS
 * without its cap and relative to the largest value inside the program: a random program may cancel everything it
 * computed, and what is left is rounding of what was there before.
 */
import { evaluate, isTensor } from "../../src/interp/index.ts";
import type { Func, OpTable, Tensor } from "../../src/ir/index.ts";
import { isFloat } from "../../src/ir/index.ts";
import type { RandomProgram } from "./programs.ts";

export interface Reference {
  /** The result's name. */
  readonly name: string;
  readonly exact: Tensor;
  readonly rounded: Tensor;
  /** Absolute, for each element; 0 for integers. */
  readonly tolerance: number;
}

/** The results of a program's function in order; `func` may be another one that means the same. */
export function referenceOf(program: RandomProgram, ops: OpTable, func?: Func): readonly Reference[] {
  const [main] = program.module.funcs;
  const asked = func ?? main;
  if (asked === undefined) throw new Error("the program has no function");
  let scale = 0;
  const run = (mode: "exact" | "rounded"): readonly Tensor[] => {
    const params = (path: string): Tensor => {
      const found = program.params.get(path);
      if (found === undefined) throw new Error(`the program has no parameter ${path}`);
      return found;
    };
    const onValue = (_: unknown, datum: Tensor | readonly Tensor[]): void => {
      for (const { data } of isTensor(datum) ? [datum] : datum) scale = Math.max(scale, largestOf(data));
    };
    const results = evaluate(asked, program.args, { ops, params, symbols: program.symbols, mode, onValue });
    return Object.values(results).flatMap((datum) => datum);
  };
  const [exact, rounded] = [run("exact"), run("rounded")];
  return exact.map((tensor, i) => {
    const other = rounded[i] ?? tensor;
    const distance = largestOf(tensor.data.map((x, at) => (other.data[at] ?? NaN) - x));
    const tolerance = isFloat(tensor.dtype) ? 16 * distance + 2 ** -22 * scale : 0;
    return { name: asked.results[i]?.name ?? "", exact: tensor, rounded: other, tolerance };
  });
}

/** The largest magnitude; NaN where an element is NaN. */
function largestOf(data: Float64Array): number {
  return data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
}
